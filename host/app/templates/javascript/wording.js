// {{name}}: what the shop says, from a template for each situation.
//
// VERSION, SCHEMA and DEFAULTS are put here by build.mjs.

import { get } from 'shopkeeper:common/settings@1.0.0';
import { write } from 'shopkeeper:common/log@1.0.0';

// The host sends 500 characters at most; the rest is for what the slots hold.
const LONGEST = 300;
const SLOT = /\{([^{}]*)\}/g;
const CONTROL = /[\x00-\x09\x0b-\x1f\x7f-\x9f]/;

// Every situation, and the slots that can stand in its text.
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

function word(templates, key, slots) {
  if (!Object.hasOwn(templates, key)) throw { tag: 'unsupported', val: key };
  return { text: fill(templates[key], new Map(slots)), label: '' };
}

/**
 * Replaces each `{slot}`; one the situation does not carry becomes nothing.
 *
 * In one pass, by a function: what a slot holds is never read as a template again, nor its `$&` as a pattern.
 */
function fill(template, slots) {
  return template.replace(SLOT, (_, name) => slots.get(name) ?? '');
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
  const found = Object.keys(given)
    .filter((key) => key !== 'templates')
    .map((key) => problem(at('', key), '不认识的设置项'));
  if (!Object.hasOwn(given, 'templates')) return [...found, problem('', '缺少 templates')];
  if (!isObject(given.templates)) return [...found, problem('/templates', '这里要写成对象,例如 {…}')];
  for (const [key, template] of Object.entries(given.templates)) {
    const wrong = checkTemplate(key, template);
    if (wrong) found.push(problem(at('/templates', key), wrong));
  }
  return found;
}

function checkTemplate(key, template) {
  if (!Object.hasOwn(SITUATIONS, key)) return '没有这个场合';
  if (typeof template !== 'string') return '这里要填文字';
  // Spread, it counts characters; `length` would count some emoji twice.
  if (template.trim() === '' || [...template].length > LONGEST) return `要有 1 到 ${LONGEST} 个字`;
  if (CONTROL.test(template)) return '除了换行,不能有控制字符';
  const unknown = [...template.matchAll(SLOT)].find(([, name]) => !SITUATIONS[key].includes(name));
  return unknown && `这个场合没有 ${unknown[0]}`;
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
      summary: '按模板回复,每种场合一句。Words each situation from a template.',
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
  word({ key, slots }) {
    write('debug', `wording ${key}`);
    return word(JSON.parse(get()).templates, key, slots);
  },
};
