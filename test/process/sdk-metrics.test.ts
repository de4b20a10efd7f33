/** OTEL_NODE_EXPERIMENTAL_SDK_METRICS: the agent's own counters arrive as OTLP metrics, and agree with the spans. */
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { type MetricsRequest, startMetricsReceiver } from '../helpers/metrics-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const ON = { OTEL_NODE_EXPERIMENTAL_SDK_METRICS: 'true', OTEL_SERVICE_NAME: 'measured', OTEL_LOG_LEVEL: 'warn' };

async function run(t: Test, options: Partial<RunOptions>) {
  const app = runApp({ file: 'preload/hello.cjs', ...options });
  t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
  return app.stderr();
}

/** Values by metric and the attributes that tell points of one metric apart. */
function valuesOf({ points }: MetricsRequest): Record<string, number> {
  const telling = ['otel.span.parent.origin', 'otel.span.sampling_result', 'error.type'];
  return Object.fromEntries(
    points.map(({ metric, attributes, value }) => {
      const parts = telling.map((name) => attributes[name]).filter((part) => part !== undefined);
      return [[metric, ...parts].join(' '), value];
    }),
  );
}

const AFTER_ONE_REQUEST = {
  'otel.sdk.span.started none RECORD_AND_SAMPLE': 1,
  'otel.sdk.span.started remote RECORD_AND_SAMPLE': 1,
  'otel.sdk.span.live RECORD_AND_SAMPLE': 0,
  'otel.sdk.processor.span.processed': 2,
  'otel.sdk.processor.span.queue.capacity': 20_000,
  'otel.sdk.exporter.span.exported': 2,
  'otel.sdk.exporter.span.inflight': 0,
  'otel.sdk.exporter.operation.duration': 1,
};

const PROTOCOLS = [
  { protocol: 'http/protobuf', type: 'otlp_http_span_exporter', path: '/base/v1/metrics' },
  { protocol: 'http/json', type: 'otlp_http_json_span_exporter', path: '/base/v1/metrics' },
  {
    protocol: 'grpc',
    type: 'otlp_grpc_span_exporter',
    path: '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export',
  },
];

for (const { protocol, type, path } of PROTOCOLS) {
  for (const { node, version } of protocol === 'http/protobuf' ? nodeBinaries() : nodeBinaries().slice(-1)) {
    t.test(`${protocol} on Node ${version}: the last numbers arrive when the process ends`, async (t) => {
      const receiver = await startMetricsReceiver();
      t.teardown(() => receiver.close());
      const endpoint = protocol === 'grpc' ? receiver.grpcUrl : `${receiver.httpUrl}/base`;
      const env = {
        ...ON,
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=blue',
      };
      t.equal(await run(t, { node, env }), '');
      const last = receiver.requests.at(-1);
      if (last === undefined) throw new Error('no metrics arrived');
      t.match(valuesOf(last), AFTER_ONE_REQUEST);
      t.match(last, { path, headers: { 'x-tenant': 'blue' }, resource: { 'service.name': 'measured' } });
      const exported = last.points.find(({ metric }) => metric === 'otel.sdk.exporter.span.exported');
      t.match(exported?.attributes, {
        'otel.component.type': type,
        'otel.component.name': `${type}/0`,
        'server.address': '127.0.0.1',
        'server.port': Number(new URL(endpoint).port),
      });
    });
  }
}

t.test('while the process runs they are sent again and again, and grow', async (t) => {
  const receiver = await startMetricsReceiver();
  t.teardown(() => receiver.close());
  const env = { ...ON, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl, OTEL_METRIC_EXPORT_INTERVAL: '50' };
  const app = runApp({ file: 'metrics/serve.cjs', env });
  const port = Number((await app.waitForLine(/^port (\d+)$/))[1]);
  const started = ({ points }: MetricsRequest) =>
    points.find(({ metric }) => metric === 'otel.sdk.span.started')?.value ?? 0;
  for (let count = 1; count <= 3; count++) {
    t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
    const request = await receiver.waitFor((request) => started(request) === count);
    t.ok(request.points.some(({ metric }) => metric === 'otel.sdk.processor.span.queue.size'));
  }
  app.kill('SIGTERM');
  t.match(await app.exited, { signal: 'SIGTERM' });
  const last = receiver.requests.at(-1);
  t.equal(last && valuesOf(last)['otel.sdk.exporter.span.exported'], 3);
});

t.test('a back end for traces alone: one line, and no second attempt', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const env = { ...ON, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_METRIC_EXPORT_INTERVAL: '50' };
  const app = runApp({ file: 'metrics/serve.cjs', env });
  const port = Number((await app.waitForLine(/^port (\d+)$/))[1]);
  const [line] = await app.waitForLine(/^trace-agent warn TA3035: .*$/);
  t.match(line, /the agent's own metrics are switched off: HTTP 404/);
  const { requests } = collector.counts();
  t.equal((await fetch(`http://127.0.0.1:${port}/`)).status, 200);
  app.kill('SIGTERM');
  t.match(await app.exited, { signal: 'SIGTERM' });
  t.equal(collector.spans().length, 1, 'spans arrive as ever');
  t.equal(collector.counts().requests, requests + 1, 'nothing but the spans was sent since');
  t.equal(app.stderr().match(/TA3035/g)?.length, 1);
});

t.test('OTEL_METRICS_EXPORTER=none, and no variable at all: nothing is sent', async (t) => {
  const receiver = await startMetricsReceiver();
  t.teardown(() => receiver.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.httpUrl, OTEL_SERVICE_NAME: 'measured', OTEL_LOG_LEVEL: 'warn' };
  for (const more of [{}, { ...ON, OTEL_METRICS_EXPORTER: 'none' }])
    t.equal(await run(t, { env: { ...env, ...more } }), '');
  t.strictSame(receiver.requests, []);
});

t.test('a collector that refuses holds the process no longer than the spans would', async (t) => {
  const env = { ...ON, OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_LOG_LEVEL: 'none' };
  const app = runApp({ file: 'preload/hello.cjs', env });
  const { code, millis } = await app.exited;
  t.equal(code, 0);
  t.ok(millis < 5000, `${millis} ms`);
});
