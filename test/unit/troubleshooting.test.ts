/** docs/troubleshooting.md names only codes, variables and options that exist, in the catalogue's words. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { findVariable } from '../../src/config/env-table.js';
import { CATALOGUE, type CatalogueEntry } from '../../src/diag/catalogue.js';
import { ROOT } from '../helpers/paths.js';

const page = readFileSync(join(ROOT, 'docs/troubleshooting.md'), 'utf8');
const codes = new Set(page.match(/\bTA\d{4}\b/g));

t.test('every code exists', async (t) => {
  t.ok(codes.size > 30, `${codes.size} codes`);
  for (const code of codes) t.ok(code in CATALOGUE, code);
});

t.test('every warning and error about libraries, export and traces that a user can act on is there', async (t) => {
  // These ask for a report, or come with another one.
  const elsewhere = ['TA3014', 'TA3015', 'TA3019', 'TA3020', 'TA3021', 'TA3022', 'TA3024'];
  const internal = ['TA3026', 'TA3027', 'TA3028', 'TA3029', 'TA3034'];
  for (const [code, { severity }] of Object.entries(CATALOGUE) as [string, CatalogueEntry][]) {
    if (!/^TA[234]/.test(code) || severity === 'debug' || severity === 'info') continue;
    if (elsewhere.includes(code) || internal.includes(code)) continue;
    t.ok(codes.has(code), code);
  }
});

t.test('every variable exists', async (t) => {
  for (const [name] of page.matchAll(/\bOTEL_[A-Z_]+\b/g)) t.ok(findVariable(name) !== undefined, name);
});

t.test('every option of the doctor exists', async (t) => {
  const main = readFileSync(join(ROOT, 'src/cli/main.ts'), 'utf8');
  const options = new Set([...page.matchAll(/(?<![\w-])--[a-z][a-z-]+/g)].map(([option]) => option));
  t.ok(options.size >= 5);
  for (const option of options) t.ok(main.includes(`'${option}`), option);
});
