/**
 * One application in every way a module can be loaded: the same trace in every cell, without a warning.
 *
 *   GET (CLIENT) ─► GET /users/:id (SERVER)
 */
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { isAtLeast, nodeBinaries, nodeLines } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

const FORMS: readonly { readonly file: string; readonly is: string }[] = [
  { file: 'require.cjs', is: 'CommonJS' },
  { file: 'import.mjs', is: 'ES module' },
  { file: 'type-module/app.js', is: 'ES module by package.json' },
  { file: 'import-commonjs.mjs', is: 'ES module that imports CommonJS' },
  { file: 'create-require.mjs', is: 'ES module that requires' },
  { file: 'top-level-await.mjs', is: 'top-level await' },
  { file: 'dynamic-import.cjs', is: 'CommonJS that imports packages' },
  { file: 'dynamic-import-esm.cjs', is: 'CommonJS that imports an ES module' },
  { file: 'require-esm.cjs', is: 'CommonJS that requires an ES module' },
];

const PRELOADS = ['require', 'import', 'NODE_OPTIONS'] as const;

const TRACE = `
modules CLIENT GET
  modules SERVER GET /users/:id`.trim();

const LINES = new Set(nodeLines().map(({ version }) => version));

/**
 * CI runs every cell on each line of Node.js; elsewhere, and on releases that are tried for their hooks besides, each form
 * gets one preload, and another one on the next Node.js.
 */
function preloadsFor(version: string, position: number): readonly (typeof PRELOADS)[number][] {
  return process.env.CI && LINES.has(version) ? PRELOADS : [PRELOADS[position % PRELOADS.length] ?? 'require'];
}

async function run(options: RunOptions) {
  const app = runApp(options);
  const exit = await app.exited;
  return { ...exit, stdout: app.stdout(), stderr: app.stderr() };
}

for (const [column, binary] of nodeBinaries().entries()) {
  const { node, version } = binary;
  t.test(`Node ${version}: every module system gives the same trace`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_SERVICE_NAME: 'modules',
      OTEL_LOG_LEVEL: 'warn',
    };
    for (const [row, { file, is }] of FORMS.entries()) {
      const bare = await run({ node, preload: 'none', file: `modules/${file}` });
      // ERR_REQUIRE_ESM: before 20.19 and 22.12 Node.js has no `require` of ES modules.
      if (file === 'require-esm.cjs' && bare.code !== 0) {
        t.notOk(isAtLeast(binary, 22, 12), 'only old releases cannot');
        continue;
      }
      for (const preload of preloadsFor(version, column + row)) {
        collector.clear();
        const traced = await run({ node, preload, file: `modules/${file}`, env });
        t.match(traced, { code: 0, signal: null, stdout: 'user 7\n' }, `${is} (${preload})`);
        const withoutPid = (text: string) => text.replaceAll(/\(node:\d+\)/g, '(node)');
        t.equal(
          withoutPid(traced.stderr),
          withoutPid(bare.stderr),
          `${is} (${preload}): no warning of ours or of Node.js`,
        );
        t.equal(sketch(collector.spans()), TRACE, `${is} (${preload})`);
      }
    }
  });
}
