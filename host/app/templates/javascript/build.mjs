// Makes the component plugin.wasm of plugin.js: `node build.mjs`, or `node build.mjs ROLE`.

import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { componentize } from '@bytecodealliance/componentize-js';

const read = (name) => readFile(new URL(name, import.meta.url), 'utf8');

const role = process.argv[2] ?? (await read('plugin.toml')).match(/^role\s*=\s*"(\w+)"/m)?.[1];
const { version } = JSON.parse(await read('package.json'));

// A plugin has no files, so what it needs of these is put before its own code, on its first line: line numbers stay.
const given = {
  VERSION: version,
  SCHEMA: await read('settings.schema.json'),
  DEFAULTS: await read('settings.default.json'),
};
const constants = Object.entries(given).map(([name, value]) => `const ${name} = ${JSON.stringify(value)};`);
const source = constants.join(' ') + (await read('plugin.js'));

const { component } = await componentize(source, {
  sourceName: 'plugin.js',
  witPath: fileURLToPath(new URL('wit', import.meta.url)),
  worldName: `${role}-plugin`,
  // With these the component would import what the host does not give.
  disableFeatures: ['random', 'stdio', 'clocks', 'http', 'fetch-event'],
});
await writeFile(new URL('plugin.wasm', import.meta.url), component);
