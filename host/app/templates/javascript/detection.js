// {{name}}: a message's intent and operations, by the keywords in it.
//
// VERSION, SCHEMA and DEFAULTS are put here by build.mjs.

import { get } from 'shopkeeper:common/settings@1.0.0';
import { write } from 'shopkeeper:common/log@1.0.0';

// In the order in which they are looked for: 不满意 must be found before 满意.
const LISTS = { hand_off: 'hand-off', revise: 'revise', confirm: 'confirm' };
// The longest keyword, in characters.
const LONGEST = 40;
const OPERATION = /^[a-z0-9_-]{1,40}$/;

function readIntent(settings, text) {
  for (const [rule, tag] of Object.entries(LISTS)) {
    for (const word of settings[rule]) {
      const span = find(text, word);
      if (span === null) continue;
      // A word that is all there is says more than one within a sentence.
      const confidence = text.trim() === word ? 95 : 70;
      return { intent: { tag }, confidence, evidence: [{ rule, span }], attributes: [] };
    }
  }
  return { intent: { tag: 'none' }, confidence: 0, evidence: [], attributes: [] };
}

function findOperations(table, text) {
  const found = Object.entries(table)
    .map(([word, name]) => ({ name, span: find(text, word) }))
    .filter(({ span }) => span !== null)
    .sort((a, b) => a.span.start - b.span.start || a.span.end - b.span.end);
  const operations = new Map();
  for (const { name, span } of found) {
    if (!operations.has(name)) operations.set(name, { name, evidence: { rule: 'operations', span } });
  }
  return [...operations.values()];
}

/** Where `word` first stands in `text`. */
function find(text, word) {
  const before = text.indexOf(word);
  if (before < 0) return null;
  const start = length(text.slice(0, before));
  return { start, end: start + length(word) };
}

/** In Unicode scalar values, as the host counts; `length` would count some emoji and rare characters twice. */
function length(text) {
  return [...text].length;
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
  const known = [...Object.keys(LISTS), 'operations'];
  const found = Object.keys(given)
    .filter((key) => !known.includes(key))
    .map((key) => problem(at('', key), '不认识的设置项'));
  for (const name of known) {
    if (!Object.hasOwn(given, name)) found.push(problem('', `缺少 ${name}`));
    else if (name === 'operations') found.push(...checkOperations(given[name]));
    else found.push(...checkWords(`/${name}`, given[name]));
  }
  return found;
}

function checkWords(place, words) {
  if (!Array.isArray(words) || words.length > 200) return [problem(place, '这里要写成列表,最多 200 个词')];
  return words.flatMap((word, index) =>
    isKeyword(word) ? [] : [problem(`${place}/${index}`, '关键词要写成 1 到 40 个字')],
  );
}

function checkOperations(table) {
  // The host takes no more than 64 operations.
  if (!isObject(table) || Object.keys(table).length > 60) {
    return [problem('/operations', '这里要写成对象,最多 60 个词')];
  }
  const found = [];
  for (const [word, name] of Object.entries(table)) {
    const place = at('/operations', word);
    if (!isKeyword(word)) found.push(problem(place, '关键词要写成 1 到 40 个字'));
    if (typeof name !== 'string' || !OPERATION.test(name)) {
      found.push(problem(place, '操作代号只能用小写字母、数字、_ 和 -,例如 enhance'));
    }
  }
  return found;
}

function isKeyword(word) {
  return typeof word === 'string' && word.trim() !== '' && length(word) <= LONGEST;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
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
      summary: '按关键词识别意图和操作。Reads intent and operations by keywords.',
      settingsSchema: SCHEMA,
      defaultSettings: DEFAULTS,
    };
  },

  checkSettings(settings) {
    const found = check(settings);
    if (found.length > 0) throw found;
  },
};

export const detection = {
  readIntent({ text }) {
    const reading = readIntent(JSON.parse(get()), text);
    write('debug', `read as ${reading.intent.tag}`);
    return reading;
  },

  findOperations(text) {
    return findOperations(JSON.parse(get()).operations, text);
  },
};
