/** What the README derives from the code is current, and its commands exist. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { TABLE } from '../../src/instrumentation/table.js';
import { AGENT_VERSION, OTLP_VERSION, SDK_VERSION } from '../../src/version.js';
import { ROOT } from '../helpers/paths.js';
import type { LibraryCase } from '../libraries/library-case.js';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface LibraryTable {
  insertLibraryTable(readme: string): string;
  libraryCases(): LibraryCase[];
  spansOf(traces: string): Map<string, string[]>;
}

function loadLibraryTable(): Promise<LibraryTable> {
  const script = pathToFileURL(join(ROOT, 'scripts/library-table.mjs')).href;
  // A real import(): TypeScript would turn it into a require, which cannot load the script on every Node.
  const load = new Function('url', 'return import(url)') as (url: string) => Promise<LibraryTable>;
  return load(script);
}

t.test('the tables of libraries are current (npm run docs)', async (t) => {
  const { insertLibraryTable } = await loadLibraryTable();
  const readme = read('README.md');
  t.match(readme, '| `express` |');
  t.equal(insertLibraryTable(readme), readme);
});

t.test('every row of the table of what CI runs is run by a test', async (t) => {
  const { libraryCases } = await loadLibraryTable();
  const cases = libraryCases();
  t.ok(cases.length > 10);
  const names = new Set(TABLE.map(({ name }) => name));
  for (const { library, instrumentation, tried, others, scenario } of cases) {
    for (const name of [instrumentation].flat()) t.ok(names.has(name), `${library}: ${name} is an instrumentation`);
    t.ok(tried.length > 0, `${library}: versions`);
    t.match(scenario.traces, /\w/, `${library}: traces`);
    const source = others === undefined ? '' : read(`test/${others.test}.test.ts`);
    for (const folder of others?.folders ?? [])
      t.ok(source.includes(folder), `${library}: ${folder} in ${others?.test}`);
  }
  for (const file of readdirSync(join(ROOT, 'test/libraries'))) {
    if (file === 'library-case.ts') continue;
    const user = readdirSync(join(ROOT, 'test/process')).find((test) =>
      read(`test/process/${test}`).includes(`../libraries/${file.replace(/ts$/, 'js')}`),
    );
    t.ok(user, `a test runs ${file}`);
  }
});

t.test('the spans of a row are those of the library', async (t) => {
  const { spansOf } = await loadLibraryTable();
  const spans = (traces: string) => [...spansOf(traces)].map(([kind, names]) => [kind, ...names]);
  t.strictSame(
    spans(`
      app CLIENT GET          # drives it
        app SERVER GET /items
          app CLIENT SELECT items ERROR
          app CLIENT SELECT items
    `),
    [['CLIENT', 'SELECT items']],
  );
  t.strictSame(spans('app CLIENT GET\n  app SERVER GET /items'), [['SERVER', 'GET /items']]);
  t.strictSame(spans('app CLIENT GET\n  app SERVER GET'), [
    ['CLIENT', 'GET'],
    ['SERVER', 'GET'],
  ]);
});

t.test('every npm script that the documents name exists', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  for (const file of ['README.md', 'CONTRIBUTING.md']) {
    for (const [, name = ''] of read(file).matchAll(/npm run ([\w:-]+)/g)) t.ok(scripts[name], `${file}: ${name}`);
  }
});

t.test('every file that the documents link to exists', async (t) => {
  for (const file of ['README.md', 'ARCHITECTURE.md', 'SAFETY.md', 'CONTRIBUTING.md']) {
    for (const [, target = ''] of read(file).matchAll(/\]\((?!http)([^)#]+)/g))
      t.ok(read(target), `${file}: ${target}`);
  }
});

t.test('the versions in the resource are those of package.json', async (t) => {
  const manifest = JSON.parse(read('package.json')) as { version: string; devDependencies: Record<string, string> };
  t.equal(AGENT_VERSION, manifest.version);
  t.equal(SDK_VERSION, manifest.devDependencies['@opentelemetry/sdk-trace-base']);
  t.equal(OTLP_VERSION, manifest.devDependencies['@opentelemetry/sdk-node']);
});
