/**
 * Node.js without synchronous hooks: every way in which an ES module can load the network's built-ins, in every order,
 * finds them patched by its first line, and nothing is loaded that the application does not load.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { nodeBinaries } from '../helpers/node-versions.js';
import { FIXTURES } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';

const WANTED = ['http', 'https', 'http2'];
const ORDERS = [
  ['http'],
  ['https'],
  ['http2'],
  ['net', 'http'],
  ['tls', 'https'],
  ['http', 'tls', 'https'],
  ['https', 'http'],
  ['http', 'https'],
  ['http2', 'https', 'http'],
  ['tls', 'http2'],
  ['net', 'tls', 'http2', 'http'],
  ['https', 'tls', 'http2'],
];

type Program = (names: readonly string[]) => string;

/** What each module that has been loaded says of itself, as the importing module sees it. */
const REPORT = `
const report = (loaded) => console.log(JSON.stringify(
  Object.entries(loaded).map(([name, { default: exports }]) => [name, exports.isPatched === true])));
`;

const PROGRAMS: Readonly<Record<string, Program>> = {
  'one module imports all': (names) => `
    ${names.map((name) => `import * as ${name} from 'node:${name}';`).join('\n')}
    ${REPORT} report({ ${names.join(', ')} });`,
  'each by a dynamic import, one after the other': (names) => `
    ${REPORT} const loaded = {};
    for (const name of ${JSON.stringify(names)}) loaded[name] = await import(name);
    report(loaded);`,
  'all by dynamic imports at once': (names) => `
    ${REPORT} const names = ${JSON.stringify(names)};
    const loaded = await Promise.all(names.map((name) => import('node:' + name)));
    report(Object.fromEntries(names.map((name, index) => [name, loaded[index]])));`,
  'each looked at right after its import': (names) => `
    ${REPORT} const states = {};
    for (const name of ${JSON.stringify(names)}) {
      const { default: exports } = await import(name);
      states[name] = { default: { isPatched: exports.isPatched } };
    }
    report(states);`,
  'the first by require, the others by import': (names) => `
    import { createRequire } from 'node:module';
    ${REPORT} const [first, ...others] = ${JSON.stringify(names)};
    const loaded = { [first]: { default: createRequire(import.meta.url)(first) } };
    for (const name of others) loaded[name] = await import(name);
    report(loaded);`,
};

const PRELOAD = join(FIXTURES, 'builtin-loads/preload.cjs');

for (const { node, version } of nodeBinaries()) {
  if (!/^(18|20)\./.test(version)) continue;
  t.test(`Node ${version}`, async (t) => {
    const folder = t.testdir();
    mkdirSync(folder, { recursive: true });
    const run = async (name: string, source: string): Promise<unknown> => {
      const file = join(folder, `${name}.mjs`);
      writeFileSync(file, source);
      const app = runApp({ node, preload: 'none', execArgv: ['--require', PRELOAD], file });
      const exit = await app.exited;
      if (exit.code !== 0) throw new Error(`${source}\n${app.stderr()}`);
      return JSON.parse(app.stdout());
    };
    for (const [title, program] of Object.entries(PROGRAMS)) {
      const reports = await Promise.all(
        ORDERS.map((names, index) => run(`${Object.keys(PROGRAMS).indexOf(title)}-${index}`, program(names))),
      );
      const expected = ORDERS.map((names) => names.map((name) => [name, WANTED.includes(name)]));
      t.strictSame(reports, expected, title);
    }
    const loaded = await run(
      'nothing',
      `console.log(JSON.stringify([globalThis.seen, process.moduleLoadList.filter((name) => /http|tls/.test(name))]));`,
    );
    t.strictSame(loaded, [[], []], 'a module that imports none of them loads none of them');
    const restored = await run(
      'restored',
      `import net from 'node:net'; import tls from 'node:tls'; import 'node:https'; import 'node:http2';
       const shapeOf = (module) => Object.getOwnPropertyDescriptor(module, 'Server');
       console.log(JSON.stringify([net, tls].map((module) => typeof shapeOf(module).value)));`,
    );
    t.strictSame(restored, ['function', 'function'], 'the getters are gone when all have been seen');
  });
}
