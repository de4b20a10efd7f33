/** An application's worker threads are traced and deliver; Node's loader thread starts no second agent. */
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';

for (const { node, version } of nodeBinaries()) {
  for (const [way, code] of [
    ['natural', 0],
    ['exit', 5],
  ] as const) {
    t.test(`Node ${version}: a worker thread that ends (${way}) delivers its spans`, async (t) => {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const app = runApp({
        node,
        file: 'threads/app.cjs',
        args: [way],
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_BSP_SCHEDULE_DELAY: 'soon' },
      });
      t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
      t.equal(app.stdout(), `worker ${code}\n`);
      t.equal(app.stderr().match(/TA1001/g)?.length, 1, 'the main thread alone says what the agent does');
      t.equal(app.stderr().match(/OTEL_BSP_SCHEDULE_DELAY="soon"/g)?.length, 1, 'and what is wrong with the settings');
      t.strictSame(
        collector
          .spans()
          .map((span) => span.kind)
          .sort(),
        ['CLIENT', 'SERVER'],
      );
    });
  }
}

for (const { node, version } of nodeBinaries()) {
  t.test(
    `Node ${version}: the SDK is loaded with a thread's first span, and keeps the clocks and the chance from before`,
    async (t) => {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const app = runApp({
        node,
        file: 'threads/lazy.cjs',
        env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_BSP_SCHEDULE_DELAY: '50' },
      });
      await app.waitForLine(/^false,true,true,true$/);
      // By its timer, not because the thread ends.
      const spans = await collector.waitForSpans(2);
      const [inner, outer] = [...spans].sort((a, b) => a.name.localeCompare(b.name));
      t.equal(inner?.parentSpanId, outer?.spanId);
      t.not(inner?.spanId, outer?.spanId);
      t.strictSame(outer?.attributes, { a: 1 });
      app.kill();
      await app.exited;
      t.notMatch(app.stderr(), /clock of the test|TA1005/);
    },
  );
}
