/** What an instrumentation gets instead of a span that is left out. */
import { context, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import t from 'tap';
import type { Log } from '../../src/diag/log.js';
import { guardSpans } from '../../src/instrumentation/guarded-tracer.js';
import { Faults } from '../../src/instrumentation/patch.js';
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

t.test('layers in layers, as official instrumentations see them: one stand-in for one span', async (t) => {
  const { exporter, filtered, plain } = setUp();
  const messages: string[] = [];
  const log = { warn: (_code: string, text: string) => messages.push(text) } as unknown as Log;
  const faults = new Faults('layers', log);
  const guarded = guardSpans({ getTracer: () => filtered }, faults).getTracer('guarded');
  const others = guardSpans({ getTracer: () => plain }, faults).getTracer('others');
  for (const server of [plain.startSpan('server'), others.startSpan('server of another official one')]) {
    const error = new Error('seen by three layers');
    context.with(trace.setSpan(context.active(), server), () => {
      guarded.startActiveSpan('outer', (outer) => {
        guarded.startActiveSpan('middle', (middle) => {
          guarded.startActiveSpan('inner', (inner) => {
            t.strictSame(inner.spanContext(), server.spanContext());
            t.ok(inner.isRecording());
            for (const layer of [inner, middle, outer]) layer.recordException(error);
            for (const layer of [inner, middle, outer]) layer.end();
          });
        });
      });
      plain.startSpan('query').end();
    });
    server.end();
    const [query, finished] = exporter.getFinishedSpans();
    t.equal(query?.parentSpanContext?.spanId, server.spanContext().spanId, 'what is below is below the one span');
    t.equal(finished?.events.length, 1, 'one error, one event');
    exporter.reset();
  }
  t.strictSame(messages, []);
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

t.test('of calls that something below makes the span of, nothing is kept', async (t) => {
  const { exporter, filtered, plain } = setUp({
    dropsCalls: ({ attributes }) => attributes?.['db.system.name'] === 'a',
  });
  const server = plain.startSpan('server', { kind: SpanKind.SERVER });
  context.with(trace.setSpan(context.active(), server), () => {
    const dropped = filtered.startSpan('query', { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'a' } });
    dropped.setAttribute('key', 'secret').addEvent('event').recordException(new Error('secret'));
    t.strictSame(dropped.spanContext(), server.spanContext(), 'what is below belongs to what is above');
    dropped.end();
    filtered.startSpan('query', { kind: SpanKind.CLIENT, attributes: { 'db.system.name': 'b' } }).end();
  });
  server.end();
  const [kept, finished] = exporter.getFinishedSpans();
  t.match(kept, { attributes: { 'db.system.name': 'b' } });
  t.match(finished, { name: 'server', attributes: {}, status: { code: 0 }, events: [] });
});

t.test('errors are recorded by their type alone, and what is not wanted is left out', async (t) => {
  const { exporter, filtered } = setUp({ hidesMessages: true, omits: ['key'] });
  const failing = filtered.startSpan('failing');
  failing.recordException(Object.assign(new Error('secret'), { code: 'ER_DUP_ENTRY' }));
  failing.setStatus({ code: 2, message: 'secret' });
  failing.setAttributes({ key: 'secret', kept: 1 });
  t.equal(failing.setAttribute('key', 'secret'), failing);
  failing.end();
  const saying = filtered.startSpan('saying');
  saying.setStatus({ code: 2, message: "ER_NO_SUCH_TABLE: Table 'secret' does not exist" });
  saying.end();
  const numbered = filtered.startSpan('numbered');
  numbered.recordException(Object.assign(new Error('secret'), { code: 'ORA-00942' }));
  numbered.end();
  const [first, second, third] = exporter.getFinishedSpans();
  t.strictSame(third?.attributes, { 'error.type': 'ORA-00942' });
  t.strictSame(first?.attributes, { 'error.type': 'ER_DUP_ENTRY', kept: 1 });
  t.strictSame([first?.status, first?.events], [{ code: 2 }, []]);
  t.strictSame([second?.status, second?.attributes], [{ code: 2 }, { 'error.type': 'ER_NO_SUCH_TABLE' }]);
});

t.test('errors that an instrumentation records say their type', async (t) => {
  const { exporter, filtered } = setUp({ namesErrors: true });
  const span = filtered.startSpan('failing');
  span.recordException(Object.assign(new Error('no such key'), { name: 'NoSuchKey' }));
  span.end();
  const [finished] = exporter.getFinishedSpans();
  t.strictSame(finished?.attributes, { 'error.type': 'NoSuchKey' });
  t.equal(finished?.events.length, 1);
});
