/** What the README derives from the code is current, and its commands exist. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { AGENT_VERSION, OTLP_VERSION, SDK_VERSION } from '../../src/version.js';
import { ROOT } from '../helpers/paths.js';

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');

interface LibraryTable {
  insertLibraryTable(readme: string): string;
}

t.test('the table of libraries is current (npm run docs)', async (t) => {
  const script = pathToFileURL(join(ROOT, 'scripts/library-table.mjs')).href;
  // A real import(): TypeScript would turn it into a require, which cannot load the script on every Node.
  const load = new Function('url', 'return import(url)') as (url: string) => Promise<LibraryTable>;
  const { insertLibraryTable } = await load(script);
  const readme = read('README.md');
  t.match(readme, '| `express` |');
  t.equal(insertLibraryTable(readme), readme);
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
