/**
 * One application in every way a module can be loaded: the same two spans, named by the route.
 *
 *   GET (CLIENT) ─► GET /users/:id (SERVER)
 */
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { isAtLeast, nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';

const FILES = [
  'require.cjs',
  'import.mjs',
  'dynamic-import.cjs',
  'dynamic-import-esm.cjs',
  'top-level-await.mjs',
  'create-require.mjs',
  'require-esm.cjs',
];

for (const binary of nodeBinaries()) {
  const { node, version } = binary;
  t.test(`Node ${version}: every module system gives the same trace`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    for (const [index, file] of FILES.entries()) {
      if (file === 'require-esm.cjs' && !isAtLeast(binary, 22, 12)) continue;
      collector.clear();
      const preload = (['require', 'import', 'NODE_OPTIONS'] as const)[index % 3] ?? 'require';
      const app = runApp({
        node,
        preload,
        file: `modules/${file}`,
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'modules' },
      });
      t.match(await app.exited, { code: 0, signal: null }, file, { stderr: app.stderr() });
      t.equal(app.stdout(), 'user 7\n', file);
      t.notMatch(app.stderr(), /warning|deprecat/i, `${file}: no warning`);
      t.strictSame(
        collector
          .spans()
          .map((span) => `${span.name} ${span.kind} ${span.attributes['http.route'] ?? '-'}`)
          .sort(),
        ['GET /users/:id SERVER /users/:id', 'GET CLIENT -'],
        `${file} (${preload})`,
      );
    }
  });

  t.test(`Node ${version}: modules that are not in the table are neither wrapped nor rewritten`, async (t) => {
    const file = 'modules/untouched.cjs';
    const bare = runApp({ node, file, preload: 'none' });
    await bare.exited;
    const traced = runApp({ node, file, env: { OTEL_TRACES_EXPORTER: 'none', OTEL_LOG_LEVEL: 'none' } });
    t.match(await traced.exited, { code: 0 });
    t.equal(traced.stdout(), bare.stdout());
    t.equal(JSON.parse(traced.stdout()).query, false);
    t.equal(traced.stderr(), bare.stderr());
  });
}
