/** docs/configuration.md is what the table renders to. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { knownNames } from '../../src/config/env-table.js';
import { INSTRUMENTATION_NAMES } from '../../src/config/instrumentation-names.js';
import * as official from '../../src/config/instrumentation-options.js';
import * as table from '../../src/config/sections.js';

const root = resolve(__dirname, '../../..');

t.test('docs/configuration.md is current (else: npm run docs)', async (t) => {
  const generator = await import(pathToFileURL(resolve(root, 'scripts/generate-configuration-docs.mjs')).href);
  const rendered: string = generator.renderConfigurationDocs(table, INSTRUMENTATION_NAMES, official);
  t.equal(readFileSync(resolve(root, 'docs/configuration.md'), 'utf8'), rendered);
  for (const name of knownNames()) t.ok(rendered.includes(`\`${name}\``), name);
});
