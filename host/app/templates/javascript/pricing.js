// {{name}}: each picture costs what its complexity costs, and pictures add up.
//
// VERSION, SCHEMA and DEFAULTS are put here by build.mjs.

import { get } from 'shopkeeper:common/settings@1.0.0';
import { write } from 'shopkeeper:common/log@1.0.0';

// One million yuan, in fen: sums of 64 such are still exact as JavaScript numbers.
const MOST = 100_000_000;
// The host takes no longer bill.
const MOST_LINES = 64;
// A complexity becomes a label on the bill.
const COMPLEXITY = /^[A-Za-z0-9_\u3400-\u9fff-]{1,40}$/;

/** The bill, a line a picture. Amounts are in fen. */
function price(prices, complexities) {
  if (complexities.length === 0) throw { tag: 'invalid-input', val: 'pictures' };
  if (complexities.length > MOST_LINES) throw { tag: 'needs-person', val: `一次超过 ${MOST_LINES} 张,需要人工报价` };
  let low = 0;
  let high = 0;
  const lines = complexities.map((complexity, index) => {
    if (!Object.hasOwn(prices, complexity)) {
      throw { tag: 'needs-person', val: `价目里没有这种复杂度(${complexity}),需要人工报价` };
    }
    const row = prices[complexity];
    low += row.low;
    high += row.high;
    return { label: `第${index + 1}张(${complexity})`, low: fen(row.low), high: fen(row.high) };
  });
  return { low: fen(low), high: fen(high), hint: hint(low, high), lines, attributes: [] };
}

function fen(minor) {
  return { minor: BigInt(minor), currency: 'CNY' };
}

/** Such as 15-20元, or 12.5元 for a fixed price. */
function hint(low, high) {
  return low === high ? `${low / 100}元` : `${low / 100}-${high / 100}元`;
}

/** Everything that is wrong with the settings. A form keeps to the schema, but settings also come by other ways. */
function check(text) {
  let given;
  try {
    given = JSON.parse(text);
  } catch (why) {
    return [problem('', `不是有效的 JSON:${why.message}`)];
  }
  if (!isObject(given)) return [problem('', '这里要写成对象,例如 {…}')];
  const found = unknown('', given, ['prices']);
  if (!Object.hasOwn(given, 'prices')) return [...found, problem('', '缺少 prices')];
  const count = isObject(given.prices) ? Object.keys(given.prices).length : 0;
  if (count < 1 || count > 50) return [...found, problem('/prices', '这里要写成对象,1 到 50 种复杂度')];
  for (const [complexity, row] of Object.entries(given.prices)) {
    found.push(...checkRow(at('/prices', complexity), complexity, row));
  }
  return found;
}

function checkRow(place, complexity, row) {
  const found = [];
  if (!COMPLEXITY.test(complexity)) {
    found.push(problem(place, '复杂度要写成 1 到 40 个字,只用汉字、英文字母、数字、_ 和 -'));
  }
  if (!isObject(row)) return [...found, problem(place, '这里要写成 {"low": …, "high": …}')];
  found.push(...unknown(place, row, ['low', 'high']));
  const isAmount = (value) => Number.isInteger(value) && value >= 0 && value <= MOST;
  const wrong = ['low', 'high'].filter((key) => !isAmount(row[key]));
  found.push(...wrong.map((key) => problem(at(place, key), `要填 0 到 ${MOST} 之间的整数(分)`)));
  if (wrong.length === 0 && row.low > row.high) found.push(problem(at(place, 'high'), '最高价不能低于最低价'));
  return found;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unknown(place, object, known) {
  const keys = Object.keys(object).filter((key) => !known.includes(key));
  return keys.map((key) => problem(at(place, key), '不认识的设置项'));
}

/** The pointer to `key` in what `place` points to. */
function at(place, key) {
  return `${place}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function problem(pointer, message) {
  return { pointer, message };
}

export const lifecycle = {
  describe() {
    return {
      name: '{{name}}',
      version: VERSION,
      summary: '按复杂度报价,几张相加。A base price for each picture by its complexity.',
      settingsSchema: SCHEMA,
      defaultSettings: DEFAULTS,
    };
  },

  checkSettings(settings) {
    const found = check(settings);
    if (found.length > 0) throw found;
  },
};

export const pricing = {
  price({ pictures }) {
    write('debug', `${pictures.length} pictures to price`);
    return price(JSON.parse(get()).prices, pictures.map((picture) => picture.complexity));
  },
};
