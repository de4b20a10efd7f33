/**
 * The receiver against the official exporters: real bytes over all four protocols, TLS, faults, accounting.
 */

import { Metadata } from '@grpc/grpc-js';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { ZipkinExporter } from '@opentelemetry/exporter-zipkin';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BasicTracerProvider, BatchSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base';
import t, { type Test } from 'tap';
import { type Collector, type CollectorOptions, startCollector } from '../../src/viewer/otlp-receiver.js';

async function collect(test: Test, options?: CollectorOptions): Promise<Collector> {
  const collector = await startCollector(options);
  test.teardown(() => collector.close());
  return collector;
}

/** Produces spans with `produce` and sends them by `exporter`; a failed export rejects, as BatchSpanProcessor would not. */
async function send(exporter: SpanExporter, produce: (tracer: Tracer) => void): Promise<void> {
  let failure: Error | undefined;
  const watched: SpanExporter = {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        failure = result.error;
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'shop', 'host.arch': 'amd64' }),
    spanProcessors: [new BatchSpanProcessor(watched)],
  });
  produce(provider.getTracer('test-scope', '1.2.3'));
  await provider.forceFlush().catch((error: Error) => {
    failure ??= error;
  });
  await provider.shutdown();
  if (failure) throw failure;
}

function oneSpan(tracer: Tracer): void {
  tracer.startSpan('one').end();
}

/** A server span with a client child: every field that OTLP carries has a value. */
function richTrace(tracer: Tracer): void {
  const parent = tracer.startSpan('GET /carts', {
    kind: SpanKind.SERVER,
    startTime: [1_700_000_000, 123_456_789],
    attributes: { text: 'ä', yes: true, whole: 42, negative: -7, half: 1.5, list: ['a', 'b'], numbers: [1, 2.5] },
    links: [
      {
        context: { traceId: '0102030405060708090a0b0c0d0e0f10', spanId: '1112131415161718', traceFlags: 1 },
        attributes: { why: 'batch' },
      },
    ],
  });
  parent.addEvent('exception', { 'exception.type': 'TypeError' }, [1_700_000_000, 200_000_000]);
  const child = tracer.startSpan(
    'query',
    { kind: SpanKind.CLIENT, startTime: [1_700_000_000, 150_000_000] },
    trace.setSpan(ROOT_CONTEXT, parent),
  );
  child.setStatus({ code: SpanStatusCode.ERROR, message: 'no table' });
  child.end([1_700_000_000, 160_000_000]);
  parent.end([1_700_000_001, 123_456_789]);
}

const OTLP_EXPORTERS: Record<string, (collector: Collector) => SpanExporter> = {
  'http/protobuf': (collector) => new ProtoExporter({ url: `${collector.httpUrl}/v1/traces` }),
  'http/json': (collector) => new JsonExporter({ url: `${collector.httpUrl}/v1/traces` }),
  grpc: (collector) => new GrpcExporter({ url: collector.grpcUrl }),
};

for (const [protocol, createExporter] of Object.entries(OTLP_EXPORTERS)) {
  t.test(`${protocol}: every field of a span arrives`, async (test) => {
    const collector = await collect(test);
    await send(createExporter(collector), richTrace);

    const [child, parent] = await collector.waitForSpans(2);
    if (!parent || !child) throw new Error('two spans were awaited');
    test.match(parent, {
      traceId: /^[0-9a-f]{32}$/,
      spanId: /^[0-9a-f]{16}$/,
      parentSpanId: '',
      traceState: '',
      name: 'GET /carts',
      kind: 'SERVER',
      startTimeUnixNano: 1_700_000_000_123_456_789n,
      endTimeUnixNano: 1_700_000_001_123_456_789n,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
      status: { code: 'UNSET', message: '' },
      scope: { name: 'test-scope', version: '1.2.3' },
    });
    test.strictSame(parent.attributes, {
      text: 'ä',
      yes: true,
      whole: 42,
      negative: -7,
      half: 1.5,
      list: ['a', 'b'],
      numbers: [1, 2.5],
    });
    test.equal(parent.flags & 1, 1, 'the sampled flag arrives');
    test.strictSame(parent.resource, { 'service.name': 'shop', 'host.arch': 'amd64' });
    test.strictSame(parent.events, [
      {
        name: 'exception',
        timeUnixNano: 1_700_000_000_200_000_000n,
        attributes: { 'exception.type': 'TypeError' },
        droppedAttributesCount: 0,
      },
    ]);
    test.match(parent.links, [
      {
        traceId: '0102030405060708090a0b0c0d0e0f10',
        spanId: '1112131415161718',
        attributes: { why: 'batch' },
      },
    ]);
    test.equal(child.parentSpanId, parent.spanId);
    test.equal(child.traceId, parent.traceId);
    test.equal(child.kind, 'CLIENT');
    test.strictSame(child.status, { code: 'ERROR', message: 'no table' });

    const [request] = collector.requests();
    test.match(request, { protocol, method: 'POST', spanCount: 2, acceptedSpanCount: 2, outcome: 'accepted' });
    test.match(request?.headers['user-agent'], /OTel-OTLP-Exporter-JavaScript/);
    test.ok(request && request.byteSize > 200, 'the byte size is recorded');
  });
}

t.test('zipkin: spans arrive with kind, parent, times and status', async (test) => {
  const collector = await collect(test);
  await send(new ZipkinExporter({ url: collector.zipkinUrl }), richTrace);

  const spans = await collector.waitForSpans(2);
  const parent = spans.find((span) => span.name === 'GET /carts');
  const child = spans.find((span) => span.name === 'query');
  test.match(parent, {
    kind: 'SERVER',
    parentSpanId: '',
    startTimeUnixNano: 1_700_000_000_123_457_000n,
    endTimeUnixNano: 1_700_000_001_123_457_000n,
    attributes: { whole: '42' },
    resource: { 'service.name': 'shop' },
    events: [{ name: 'exception' }],
  });
  test.equal(child?.parentSpanId, parent?.spanId);
  test.equal(child?.status.code, 'ERROR');
  test.match(collector.requests(), [{ protocol: 'zipkin', path: '/api/v2/spans', answeredCode: 202 }]);
});

t.test('http: gzip is undone, both sizes are recorded, one connection serves two requests', async (test) => {
  const collector = await collect(test);
  const compression = CompressionAlgorithm.GZIP;
  const exporter = new ProtoExporter({ url: `${collector.httpUrl}/v1/traces`, compression });
  const provider = new BasicTracerProvider({ spanProcessors: [new BatchSpanProcessor(exporter)] });
  test.teardown(() => provider.shutdown());
  for (const batch of [1, 2]) {
    for (let i = 0; i < 100; i++) provider.getTracer('gzip').startSpan('same name every time').end();
    await provider.forceFlush();
    await collector.waitForSpans(batch * 100);
  }

  const requests = collector.requests();
  test.equal(requests.length, 2, 'two batches');
  test.equal(requests[0]?.headers['content-encoding'], 'gzip');
  test.ok(requests.every((request) => request.byteSize * 2 < request.decodedByteSize));
  test.equal(requests[0]?.remotePort, requests[1]?.remotePort);
  test.equal(collector.acceptedConnections(), 1);
});

t.test('grpc: gzip and metadata arrive', async (test) => {
  const collector = await collect(test);
  const metadata = new Metadata();
  metadata.set('x-tenant', 'blue');
  await send(new GrpcExporter({ url: collector.grpcUrl, metadata, compression: CompressionAlgorithm.GZIP }), oneSpan);
  const [request] = collector.requests();
  test.match(request, {
    protocol: 'grpc',
    path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    headers: { 'x-tenant': 'blue' },
    answeredCode: 0,
  });
});
