/**
 * From the application to the collector: protocols, compression, headers, variables of the signal, other exporters. The
 * application makes one request to itself:
 *
 *   CLIENT GET
 *     SERVER GET
 */
import { createServer, type IncomingHttpHeaders } from 'node:http2';
import { gunzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { type Collector, type CollectorOptions, startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

type Env = Record<string, string | undefined>;

const PROTOCOLS = ['http/protobuf', 'http/json', 'grpc'] as const;
/** The gRPC receiver keeps those of its own protocol to itself. */
const PROTOCOL_HEADERS = {
  'http/protobuf': { 'content-type': 'application/x-protobuf', 'content-encoding': 'gzip' },
  'http/json': { 'content-type': 'application/json', 'content-encoding': 'gzip' },
  grpc: {},
};
const TRACE = 'app CLIENT GET\n  app SERVER GET';

function urlOf(collector: Collector, protocol: (typeof PROTOCOLS)[number]): string {
  return protocol === 'grpc' ? collector.grpcUrl : collector.httpUrl;
}

async function collectorFor(t: Test, options?: CollectorOptions): Promise<Collector> {
  const collector = await startCollector(options);
  t.teardown(() => collector.close());
  return collector;
}

/** Runs the application, which must behave as it does without the agent; returns what it wrote. */
async function hello(t: Test, node: string, env: Env): Promise<{ stdout: string; stderr: string }> {
  const file = 'preload/hello.cjs';
  const app = runApp({ node, file, env: { OTEL_SERVICE_NAME: 'app', OTEL_LOG_LEVEL: 'warn', ...env } });
  const { code, signal } = await app.exited;
  t.strictSame({ code, signal }, { code: 0, signal: null });
  return { stdout: app.stdout(), stderr: app.stderr() };
}

/** A gRPC server below the level of gRPC libraries, which hide how a message was sent. Accepts everything. */
async function rawGrpcServer(
  t: Test,
): Promise<{ url: string; requests: { headers: IncomingHttpHeaders; body: Buffer }[] }> {
  const requests: { headers: IncomingHttpHeaders; body: Buffer }[] = [];
  const server = createServer().on('stream', (stream, headers) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.on('end', () => {
      requests.push({ headers, body: Buffer.concat(parts) });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      // An empty message in the frame of gRPC: flag, length.
      stream.end(Buffer.alloc(5));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, requests };
}

const SILENT = { stdout: 'hello\n', stderr: '' };

for (const { node, version } of nodeBinaries()) {
  for (const protocol of PROTOCOLS) {
    t.test(`Node ${version}, ${protocol}: spans, compression and headers arrive`, async (t) => {
      const collector = await collectorFor(t);
      const output = await hello(t, node, {
        OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
        OTEL_EXPORTER_OTLP_ENDPOINT: urlOf(collector, protocol),
        OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
        OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=Bearer%20a%3Db, x-team=general',
        OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'X-Team=traces',
      });
      t.strictSame(output, SILENT);
      t.equal(sketch(collector.spans()), TRACE);
      for (const request of collector.requests()) {
        t.match(request, { protocol, outcome: 'accepted', method: 'POST' });
        t.match(request.headers, {
          ...PROTOCOL_HEADERS[protocol],
          authorization: 'Bearer a=b',
          'x-team': 'traces',
          'user-agent': /^Trace-Agent\/\d+\.\d+\.\d+ /,
        });
        // Not traced: neither with spans of its own nor with the context of the request that happened to be active.
        for (const name of ['traceparent', 'tracestate', 'baggage']) t.notOk(name in request.headers, `no ${name}`);
        if (protocol !== 'grpc') t.ok(request.byteSize < request.decodedByteSize, 'smaller on the wire');
      }
      const resources = new Set(collector.spans().map(({ resource }) => resource));
      for (const resource of resources) {
        t.match(resource, { 'service.name': 'app', 'telemetry.sdk.language': 'nodejs', 'process.pid': Number });
      }
    });
  }

  t.test(`Node ${version}, grpc: what goes over the wire`, async (t) => {
    const { url, requests } = await rawGrpcServer(t);
    const env = { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: url };
    t.strictSame(await hello(t, node, { ...env, OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip' }), SILENT);
    t.strictSame(await hello(t, node, env), SILENT);
    const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
    const [compressed, plain] = requests;
    t.match(compressed?.headers, { ':path': path, 'content-type': /^application\/grpc/, 'grpc-encoding': 'gzip' });
    t.match(plain?.headers, { ':path': path, te: 'trailers' });
    t.notOk('grpc-encoding' in (plain?.headers ?? {}));
    const frames = [compressed, plain].map((request) => request?.body ?? Buffer.alloc(5));
    t.strictSame(
      frames.map((frame) => [frame[0], frame.readUInt32BE(1)]),
      frames.map((frame, index) => [index === 0 ? 1 : 0, frame.length - 5]),
    );
    t.match(gunzipSync(frames[0]?.subarray(5) ?? '').toString('latin1'), /service\.name/);
    t.equal(requests.length, 2);
  });

  t.test(`Node ${version}: variables of the signal win over the general ones`, async (t) => {
    const [general, traces] = [await collectorFor(t), await collectorFor(t, { tracesPaths: ['/custom/path'] })];
    const output = await hello(t, node, {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_ENDPOINT: general.grpcUrl,
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${traces.httpUrl}/custom/path`,
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_TRACES_COMPRESSION: 'none',
    });
    t.strictSame(output, SILENT);
    t.equal(sketch(traces.spans()), TRACE);
    t.match(traces.requests(), [{ protocol: 'http/json', path: '/custom/path' }]);
    t.notOk('content-encoding' in (traces.requests()[0]?.headers ?? {}));
    t.equal(general.acceptedConnections(), 0);
  });

  t.test(`Node ${version}: the general endpoint is a base, with and without a slash at its end`, async (t) => {
    const collector = await collectorFor(t, { tracesPaths: ['/base/v1/traces'] });
    for (const base of ['/base', '/base/']) {
      collector.clear();
      t.strictSame(await hello(t, node, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl + base }), SILENT);
      t.equal(sketch(collector.spans()), TRACE, base);
    }
  });

  t.test(`Node ${version}: zipkin`, async (t) => {
    const collector = await collectorFor(t);
    const env = { OTEL_TRACES_EXPORTER: 'zipkin', OTEL_EXPORTER_ZIPKIN_ENDPOINT: collector.zipkinUrl };
    t.strictSame(await hello(t, node, env), SILENT);
    t.equal(sketch(collector.spans()), TRACE);
    t.match(collector.requests(), [{ protocol: 'zipkin' }]);
  });

  t.test(`Node ${version}: console prints to stdout and nothing is sent`, async (t) => {
    const collector = await collectorFor(t);
    const env = { OTEL_TRACES_EXPORTER: 'console', OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl };
    const { stdout, stderr } = await hello(t, node, env);
    t.match(stdout, /^hello$/m);
    t.equal(stdout.match(/^ {2}name: 'GET',$/gm)?.length, 2, 'both spans');
    t.match(stdout, /^ {4}'url\.path': '\/',$/m, 'attributes');
    t.notMatch(stdout, /^ {4}'[\w.]+': undefined/m, 'none that is not there');
    t.equal(stderr, '');
    t.equal(collector.acceptedConnections(), 0);
  });

  t.test(`Node ${version}: a list exports to all, none to nobody`, async (t) => {
    const [otlp, zipkin] = [await collectorFor(t), await collectorFor(t)];
    const endpoints = {
      OTEL_EXPORTER_OTLP_ENDPOINT: otlp.httpUrl,
      OTEL_EXPORTER_ZIPKIN_ENDPOINT: zipkin.zipkinUrl,
    };
    const { stdout } = await hello(t, node, { ...endpoints, OTEL_TRACES_EXPORTER: 'otlp, zipkin,console' });
    t.equal(stdout.match(/^ {2}name: 'GET',$/gm)?.length, 2, 'console');
    t.equal(sketch(otlp.spans()), TRACE, 'otlp');
    t.equal(sketch(zipkin.spans()), TRACE, 'zipkin');

    const connections = otlp.acceptedConnections() + zipkin.acceptedConnections();
    t.strictSame(await hello(t, node, { ...endpoints, OTEL_TRACES_EXPORTER: 'none' }), SILENT);
    t.equal(otlp.acceptedConnections() + zipkin.acceptedConnections(), connections);
  });
}
