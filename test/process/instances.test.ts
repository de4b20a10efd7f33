/** Every process and every thread is an instance of the service of its own: cluster, fork, worker threads. */
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';

const ROLES = [
  'cluster worker 1',
  'cluster worker 2',
  'forked',
  'primary',
  'thread 1',
  'thread 2',
  'thread of thread 1',
];
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: service.instance.id is unique for each process and thread`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const app = runApp({
      node,
      file: 'processes/instances.cjs',
      preload: 'NODE_OPTIONS',
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
        OTEL_NODE_CHILD_PROCESS_CONTEXT: 'true',
        OTEL_NODE_SHUTDOWN_TIMEOUT: '10000',
      },
    });
    t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
    const spans = collector.spans().sort((a, b) => a.name.localeCompare(b.name));
    t.strictSame(
      spans.map(({ name }) => name),
      ROLES,
    );
    const instances = spans.map(({ resource }) => String(resource['service.instance.id']));
    for (const instance of instances) t.match(instance, UUID);
    t.equal(new Set(instances).size, ROLES.length);
    const processes = new Set(spans.map(({ resource }) => resource['process.pid']));
    t.equal(processes.size, 4, 'threads belong to their process');
    const primary = spans.find(({ name }) => name === 'primary');
    for (const { name, traceId, parentSpanId, attributes } of spans) {
      if (!name.startsWith('cluster worker')) continue;
      t.not(traceId, primary?.traceId, `${name} serves everybody, not the trace that it was started in`);
      t.strictSame([parentSpanId, attributes.carried], ['', 'undefined']);
    }
    t.equal(spans.find(({ name }) => name === 'forked')?.parentSpanId, primary?.spanId);
  });
}
