/** What an instrumentation gets instead of a span that is left out. */
import { context, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import t from 'tap';
import { filterSpans, type SpanFilter } from '../../src/instrumentation/span-filter.js';

function setUp(filter: SpanFilter = { dropsInternal: true, dropsNames: ['connect'] }) {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const filtered = filterSpans(provider, filter).getTracer('filtered');
  return { exporter, filtered, plain: provider.getTracer('plain') };
}

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

t.test('internal and named spans are left out, others and explicit roots are made', async (t) => {
  const { exporter, filtered } = setUp();
  filtered.startSpan('middleware').end();
  filtered.startSpan('connect', { kind: SpanKind.CLIENT }).end();
  filtered.startSpan('query', { kind: SpanKind.CLIENT }).end();
  filtered.startSpan('job', { root: true }).end();
  t.strictSame(
    exporter.getFinishedSpans().map((span) => span.name),
    ['query', 'job'],
  );
});

t.test('the stand-in is the active span to the application, and not to the instrumentation', async (t) => {
  const { exporter, filtered, plain } = setUp();
  const server = plain.startSpan('server', { kind: SpanKind.SERVER });
  const error = new Error('seen by three layers');
  context.with(trace.setSpan(context.active(), server), () => {
    filtered.startActiveSpan('layer', (layer) => {
      layer.updateName('spoiled').setStatus({ code: 2 });
      t.strictSame(layer.spanContext(), server.spanContext());
      trace.getActiveSpan()?.setAttribute('user.id', 7);
      layer.recordException(error);
      layer.recordException(error);
      layer.end();
      filtered.startSpan('query', { kind: SpanKind.CLIENT }).end();
    });
    t.ok(server.isRecording(), 'still open');
  });
  server.end();
  const [query, finished] = exporter.getFinishedSpans();
  t.equal(query?.parentSpanContext?.spanId, server.spanContext().spanId);
  t.match(finished, { name: 'server', status: { code: 0 }, attributes: { 'user.id': 7 } });
  t.equal(finished?.events.length, 1, 'one error, one event');
});

t.test('without an active span the stand-in records nothing', async (t) => {
  const { exporter, filtered } = setUp();
  const span = filtered.startSpan('layer');
  span.recordException(new Error('nobody listens'));
  span.end();
  t.notOk(span.isRecording());
  t.equal(exporter.getFinishedSpans().length, 0);
});

t.test('a recorded query is masked, at the start of the span and later; other attributes are not', async (t) => {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  const tracer = filterSpans(provider, { maskQuery: (text) => text.replace('7', '?') }).getTracer('sql');
  const attributes = { 'db.query.text': 'SELECT 7', 'db.namespace': '7' };
  tracer.startSpan('early', { kind: SpanKind.CLIENT, attributes }).end();
  const late = tracer.startSpan('late', { kind: SpanKind.CLIENT });
  t.equal(late.setAttribute('db.query.text', 'SELECT 7'), late);
  late.setAttribute('db.namespace', '7').end();
  for (const span of exporter.getFinishedSpans()) {
    t.strictSame(span.attributes, { 'db.query.text': 'SELECT ?', 'db.namespace': '7' }, span.name);
  }
  t.equal(attributes['db.query.text'], 'SELECT 7', 'the object given is not changed');
});

t.test('spans that say nothing by themselves are left out where they would be roots', async (t) => {
  const { exporter, filtered: tracer } = setUp({ dropsRoots: ['parse'] });
  tracer.startSpan('parse').end();
  tracer.startSpan('execute').end();
  tracer.startActiveSpan('request', (span) => {
    tracer.startSpan('parse').end();
    span.end();
  });
  t.strictSame(
    exporter.getFinishedSpans().map(({ name }) => name),
    ['execute', 'parse', 'request'],
  );
});
