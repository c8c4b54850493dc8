// playful-wording: several ways to say everything, with emoji and a greeting that fits the time of day.
//
// VERSION, SCHEMA and DEFAULTS are put here by build.mjs.

import { get } from 'shopkeeper:common/settings@1.0.0';
import { write } from 'shopkeeper:common/log@1.0.0';

// The host sends no longer phrase.
const LONGEST_PHRASE = 500;
// A variant is shorter, so that there is room for what its slots hold.
const LONGEST_VARIANT = 300;
const MINUTES_A_DAY = 24 * 60;

// Every situation, and the slots that can stand in its text; {greeting} can stand in all of them.
const SITUATIONS = {
  'image-ready': ['operations'],
  'image-ready-agent-hint': ['operations'],
  'processing-delayed': [],
  'ask-revision-detail': [],
  'revision-accepted': ['count'],
  'ask-address': [],
  'confirm-address': ['address'],
  'work-mailed': ['address'],
  'mail-failed': ['address'],
  'handed-off': [],
  'mail-subject': ['name', 'count', 'operations'],
  'mail-body': ['name', 'count', 'operations'],
};
const GREETING = 'greeting';

const SLOT = /\{([^{}]*)\}/g;
const TIME = /^([01][0-9]|2[0-3]):([0-5][0-9])$/;
// What the host sends to nobody: control characters but line breaks, and those that hide text or turn its direction.
const HIDDEN =
  /[\0-\t\v-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;
// Nor does it send links and addresses that are not in a slot.
const LINK = /:\/\/|@|[A-Za-z0-9]\.[A-Za-z]/;

// --- What is said.

function word(settings, { key, slots, now, bucket }) {
  if (!Object.hasOwn(settings.variants, key)) throw { tag: 'unsupported', val: key };
  const variants = settings.variants[key];
  // The bucket stays the same for one customer, who so always hears the same voice.
  const chosen = bucket % variants.length;
  const values = new Map([...slots, [GREETING, greeting(settings.greetings, now)]]);
  const text = fill(variants[chosen], values);
  // What the slots hold decides how long it gets, and with nothing in them there may be nothing to say.
  if (text.trim() === '' || length(text) > LONGEST_PHRASE) {
    throw { tag: 'other', val: `variant ${chosen + 1} of ${key} is empty or too long with these slots` };
  }
  return { text, label: variants.length > 1 ? String(chosen + 1) : '' };
}

/**
 * Replaces each `{slot}`; one the situation does not carry becomes nothing.
 *
 * In one pass and by a function, so that what a slot holds stays as it is: neither its `{address}` is filled again, nor
 * does its `$&` mean anything.
 */
function fill(template, values) {
  return template.replace(SLOT, (_, name) => values.get(name) ?? '');
}

/** The last greeting that has begun by now; before the first one, still the last one of the evening before. */
function greeting(greetings, now) {
  const minutes = Math.floor(Number(now.unixMilliseconds) / 60_000) + now.utcOffsetMinutes;
  // JavaScript's remainder is negative before 1970.
  const today = ((minutes % MINUTES_A_DAY) + MINUTES_A_DAY) % MINUTES_A_DAY;
  const begun = greetings.filter(({ from }) => minuteOfDay(from) <= today);
  return (begun.at(-1) ?? greetings.at(-1)).text;
}

/** Minutes since midnight of `08:30`; null where it is no time. */
function minuteOfDay(text) {
  const [, hours, minutes] = TIME.exec(text) ?? [];
  return hours === undefined ? null : Number(hours) * 60 + Number(minutes);
}

/** In characters as the host counts them: `length` would count most emoji twice. */
function length(text) {
  return [...text].length;
}

// --- What is wrong with settings. The schema draws the form; what it can't say is said here too.

function check(text) {
  let settings;
  try {
    settings = JSON.parse(text);
  } catch (why) {
    return [problem('', `不是有效的 JSON:${why.message}`)];
  }
  if (!isObject(settings)) return [problem('', '这里要写成对象,例如 {…}')];
  const found = unknown('', settings, ['greetings', 'variants']);
  for (const [key, check] of [['greetings', checkGreetings], ['variants', checkVariants]]) {
    found.push(...(Object.hasOwn(settings, key) ? check(settings[key]) : [problem('', `缺少 ${key}`)]));
  }
  return found;
}

function checkGreetings(greetings) {
  if (!isList(greetings, 1, 12)) return [problem('/greetings', '这里要写成列表,1 到 12 项')];
  let last = -1;
  return greetings.flatMap((row, index) => {
    const place = `/greetings/${index}`;
    if (!isObject(row)) return [problem(place, '这里要写成对象,例如 {…}')];
    const found = unknown(place, row, ['from', 'text']);
    const from = typeof row.from === 'string' ? minuteOfDay(row.from) : null;
    if (from === null) found.push(problem(`${place}/from`, '时间要写成 08:30 这样'));
    else if (from <= last) found.push(problem(`${place}/from`, '时间要从早到晚排'));
    else last = from;
    const wrong = wrongText(row.text, 20);
    if (wrong) found.push(problem(`${place}/text`, wrong));
    return found;
  });
}

function checkVariants(variants) {
  if (!isObject(variants)) return [problem('/variants', '这里要写成对象,例如 {…}')];
  return Object.entries(variants).flatMap(([key, texts]) => {
    const place = at('/variants', key);
    if (!Object.hasOwn(SITUATIONS, key)) return [problem(place, '没有这个场合')];
    if (!isList(texts, 1, 20)) return [problem(place, '这里要写成列表,1 到 20 种说法')];
    return texts.flatMap((text, index) => {
      const wrong = wrongText(text, LONGEST_VARIANT) ?? wrongSlot(text, key) ?? wrongSubject(text, key);
      return wrong ? [problem(`${place}/${index}`, wrong)] : [];
    });
  });
}

function wrongText(text, longest) {
  if (typeof text !== 'string') return '这里要填文字,用引号括起来';
  if (text.trim() === '') return '不能留空';
  if (length(text) > longest) return `太长了,最多 ${longest} 个字`;
  if (HIDDEN.test(text)) return '除了换行,不能有控制字符或看不见的字符';
  if (LINK.test(text)) return '不能直接写网址或邮箱:只有随消息带来的地址(例如 {address})可以发给客户';
  return null;
}

function wrongSlot(text, key) {
  const known = [...SITUATIONS[key], GREETING];
  const slot = [...text.matchAll(SLOT)].find(([, name]) => !known.includes(name));
  return slot ? `这个场合没有 ${slot[0]},可用的有:${known.map((name) => `{${name}}`).join('、')}` : null;
}

function wrongSubject(text, key) {
  return key === 'mail-subject' && text.includes('\n') ? '邮件标题只能有一行' : null;
}

function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value, least, most) {
  return Array.isArray(value) && value.length >= least && value.length <= most;
}

function unknown(place, object, known) {
  const keys = Object.keys(object).filter((key) => !known.includes(key));
  return keys.map((key) => problem(at(place, key), `不认识的设置项,可用的有:${known.join('、')}`));
}

/** The pointer to `key` in what `place` points to. */
function at(place, key) {
  return `${place}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

function problem(pointer, message) {
  return { pointer, message };
}

// --- The component.

export const lifecycle = {
  describe() {
    return {
      name: 'playful-wording',
      version: VERSION,
      summary: '俏皮的回复:多种说法、表情和分时段问候。Playful replies: variants, emoji, greetings by the time of day.',
      settingsSchema: SCHEMA,
      defaultSettings: DEFAULTS,
    };
  },

  checkSettings(settings) {
    const found = check(settings);
    if (found.length > 0) throw found;
  },
};

export const wording = {
  word(situation) {
    const phrase = word(JSON.parse(get()), situation);
    write('debug', `${situation.key}: variant ${phrase.label || '1'}`);
    return phrase;
  },
};
