/**
 * The real OpenTelemetry Collector, Jaeger and Prometheus: an instrumented application sends, and what they answer later
 * is looked at through their own APIs.
 *
 *     front ─► back            Jaeger's query API: the trace, who calls whom
 *       └───────┴─ OTLP ─► Collector ─┬─ OTLP ─► Jaeger
 *                                     └─ span metrics ◄─ Prometheus
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parseAllDocuments } from 'yaml';
import {
  collectorProblem,
  eventually,
  GATEWAY,
  getJson,
  prometheusOrSkip,
  type RunningCollector,
  startGateway,
  startJaeger,
} from '../helpers/backends.js';
import { createCertificates } from '../helpers/certificates.js';
import { frontAndBack, traceOnce } from '../helpers/chain.js';
import { installedOrSkip } from '../helpers/installed.js';
import { ROOT } from '../helpers/paths.js';

interface JaegerSpan {
  readonly spanID: string;
  readonly operationName: string;
  readonly processID: string;
  readonly references: readonly { readonly refType: string; readonly spanID: string }[];
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
}

interface JaegerTrace {
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

/** `service kind` of each span below its parent, as Jaeger has it. */
function drawTrace({ spans, processes }: JaegerTrace): string {
  const kindOf = ({ tags }: JaegerSpan) => tags.find(({ key }) => key === 'span.kind')?.value;
  const below = (parent: string | undefined, depth: number): string[] =>
    spans
      .filter(({ references }) => references.find(({ refType }) => refType === 'CHILD_OF')?.spanID === parent)
      .flatMap((span) => [
        `${'  '.repeat(depth)}${processes[span.processID]?.serviceName} ${kindOf(span)} ${span.operationName}`,
        ...below(span.spanID, depth + 1),
      ]);
  return below(undefined, 0).join('\n');
}

async function jaegerTrace(url: string, traceId: string, count: number): Promise<JaegerTrace> {
  const read = async () => (await getJson<{ data: JaegerTrace[] }>(`${url}/api/traces/${traceId}`))?.data[0];
  return (await eventually(read, (trace) => (trace?.spans.length ?? 0) >= count)) as JaegerTrace;
}

/** Every Collector configuration in a folder: files of their own, and those inside of ConfigMaps. */
function shippedConfigs(folder: string): [name: string, config: string][] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => /\.ya?ml$/.test(file));
  return files.flatMap((file) => {
    const text = readFileSync(join(folder, file), 'utf8');
    const documents = parseAllDocuments(text).map((document) => document.toJS() as Record<string, unknown> | null);
    const data = documents.flatMap((document) => Object.entries((document?.data ?? {}) as Record<string, string>));
    const inside = data.filter(([, value]) => /^receivers:/m.test(value));
    return documents.some((document) => document && 'receivers' in document)
      ? [[file, text] as [string, string]]
      : inside.map(([key, value]): [string, string] => [`${file} ${key}`, value]);
  });
}

/** Those in the pages: code blocks that have receivers. */
function documentedConfigs(): [name: string, config: string][] {
  const folder = join(ROOT, 'docs');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) => {
      const blocks = [...readFileSync(join(folder, file), 'utf8').matchAll(/^```yaml\n(.*?)^```/gms)];
      const configs = blocks.map(([, block = '']) => block).filter((block) => /^receivers:/m.test(block));
      return configs.map((config, index): [string, string] => [`${file} ${index + 1}`, config]);
    });
}

t.test('the Collector accepts every configuration of it that is shipped', async (t) => {
  if (!(await installedOrSkip(t, 'go'))) return;
  const configs = [...shippedConfigs(join(ROOT, 'examples')), ...documentedConfigs()];
  t.match(
    configs.map(([name]) => name),
    ['collector/gateway.yaml', 'kubernetes/10-collector.yaml config.yaml'],
  );
  const env = { TRACES_BACKEND: 'tempo.observability:4317', NODE_NAME: 'node-1' };
  for (const [name, config] of configs) t.equal(collectorProblem(config, env), undefined, name);
  // It would say so otherwise.
  const wrong = readFileSync(GATEWAY, 'utf8').replace('check_interval', 'chek_interval');
  t.match(collectorProblem(wrong, env), 'chek_interval');
});

t.test('through the Collector to Jaeger and Prometheus', async (t) => {
  if (!(await installedOrSkip(t, 'go', 'jaeger'))) return;
  const { files } = await createCertificates();
  const jaeger = await startJaeger(t);
  const gateway = await startGateway(t, jaeger.grpcTarget, { cert_file: files.serverCert, key_file: files.serverKey });
  const prometheus = await prometheusOrSkip(t, gateway.metricsTarget);

  await t.test('Jaeger has the trace and the graph', async (t) => {
    const traceId = await traceOnce(t, gateway, frontAndBack());
    t.equal(
      drawTrace(await jaegerTrace(jaeger.url, traceId, 3)),
      ['front server GET', '  front client GET', '    back server GET'].join('\n'),
    );
    const services = await getJson<{ data: string[] }>(`${jaeger.url}/api/services`);
    t.match(services?.data.sort(), ['back', 'front']);
    const dependencies = `${jaeger.url}/api/dependencies?endTs=${Date.now()}&lookback=3600000`;
    const graph = (await getJson<{ data: { parent: string; child: string }[] }>(dependencies))?.data ?? [];
    // Its storage in memory draws a service's own calls as well.
    const between = graph.filter(({ parent, child }) => parent !== child);
    t.same(between, [{ parent: 'front', child: 'back', callCount: 1 }]);

    if (prometheus === undefined) return;
    const calls = 'traces_span_metrics_calls_total{service_name="back",span_kind="SPAN_KIND_SERVER"}';
    t.match(await query(prometheus, calls), [
      {
        metric: { span_name: 'GET', http_request_method: 'GET', http_response_status_code: '200' },
        value: [Number, '1'],
      },
    ]);
    const durations =
      'traces_span_metrics_duration_milliseconds_count{service_name="front",span_kind="SPAN_KIND_CLIENT"}';
    t.match(await query(prometheus, durations), [{ value: [Number, '1'] }]);
  });

  for (const [index, { name, env }] of transports(gateway, files.ca).entries()) {
    await t.test(`${name} arrives in Jaeger`, async (t) => {
      const links = frontAndBack({ ...env, OTEL_EXPORTER_OTLP_CERTIFICATE: files.ca }, `-${index}`);
      const traceId = await traceOnce(t, gateway, links, 'g');
      t.equal(
        drawTrace(await jaegerTrace(jaeger.url, traceId, 3)),
        [
          `front-${index} server GET`,
          `  front-${index} client chain.Chain/Pass`,
          `    back-${index} server chain.Chain/Pass`,
        ].join('\n'),
      );
    });
  }
});

function transports(gateway: RunningCollector, ca: string) {
  const to = (protocol: string, endpoint: string, compression = 'none') => ({
    name: `${protocol}${endpoint.startsWith('https') ? ', TLS' : ''}${compression === 'gzip' ? ', gzip' : ''}`,
    env: {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
      OTEL_EXPORTER_OTLP_COMPRESSION: compression,
      OTEL_EXPORTER_OTLP_CERTIFICATE: ca,
    },
  });
  return [
    to('http/protobuf', gateway.httpUrl, 'gzip'),
    to('http/json', gateway.httpUrl),
    to('http/json', gateway.tlsHttpUrl, 'gzip'),
    to('http/protobuf', gateway.tlsHttpUrl),
    to('grpc', gateway.grpcUrl),
    to('grpc', gateway.grpcUrl, 'gzip'),
    to('grpc', gateway.tlsGrpcUrl, 'gzip'),
  ];
}

/** Asks Prometheus until it has something. */
function query(prometheus: string, expression: string): Promise<unknown[]> {
  const url = `${prometheus}/api/v1/query?query=${encodeURIComponent(expression)}`;
  const read = async () => (await getJson<{ data: { result: unknown[] } }>(url))?.data.result ?? [];
  return eventually(read, (found) => found.length > 0);
}
