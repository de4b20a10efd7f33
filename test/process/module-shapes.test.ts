/**
 * What the module system gives an application is as without the agent: modules nobody asked for, the shapes that
 * wrapping loaders get wrong, and imports that fail.
 */
import t from 'tap';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

async function run(options: RunOptions) {
  const app = runApp(options);
  const exit = await app.exited;
  return { ...exit, stdout: app.stdout(), stderr: app.stderr() };
}

for (const { node, version, major } of nodeBinaries()) {
  t.test(`Node ${version}: modules that are not in the table are neither wrapped nor rewritten`, async (t) => {
    const file = 'modules/untouched.cjs';
    const bare = await run({ node, file, preload: 'none' });
    const traced = await run({ node, file, env: { OTEL_TRACES_EXPORTER: 'none', OTEL_LOG_LEVEL: 'none' } });
    t.match(traced, { code: 0 });
    t.equal(traced.stdout, bare.stdout);
    t.equal(JSON.parse(traced.stdout).query, false);
    t.equal(traced.stderr, bare.stderr);
  });

  for (const file of ['modules/shapes/app.mjs', 'modules/shapes/app.cjs']) {
    t.test(`Node ${version}: export *, cycles, live bindings and on-demand modules stay, ${file}`, async (t) => {
      const bare = await run({ node, file, preload: 'none' });
      t.match(bare, { code: 0 });
      for (const preload of ['require', 'import', 'NODE_OPTIONS'] as const) {
        const env = { OTEL_TRACES_EXPORTER: 'none', OTEL_LOG_LEVEL: 'warn' };
        const traced = await run({ node, file, preload, env });
        t.strictSame([traced.code, traced.stdout, traced.stderr], [bare.code, bare.stdout, bare.stderr], preload);
      }
    });
  }

  t.test(`Node ${version}: 10,000 failing dynamic imports leave the heap flat`, async (t) => {
    const growth = async (options: Partial<RunOptions>): Promise<number> => {
      const file = 'modules/failing-imports.mjs';
      const result = await run({ node, file, args: ['10000'], execArgv: ['--expose-gc'], ...options });
      t.strictSame([result.code, result.stderr], [0, '']);
      const { failures, kib } = JSON.parse(result.stdout);
      t.equal(failures, 18_000);
      return kib;
    };
    // With a package that has an ES module build, Node.js without synchronous hooks needs a loader thread, and keeps a
    // message port for each failed import, whoever started it.
    const quiet = { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'openai', OTEL_LOG_LEVEL: 'warn' };
    const traced = await growth({ env: { OTEL_TRACES_EXPORTER: 'none', ...quiet } });
    // Node.js 18 itself keeps something of each.
    const bare = major === 18 ? await growth({ preload: 'none' }) : 0;
    t.ok(traced < bare + 1024, `${traced} KiB after 18,000 failures, bare ${bare}`);
  });
}
