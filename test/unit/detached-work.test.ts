/** Work that a request leaves behind: how long its spans belong to the request's trace, and what they are after that. */
import { context, propagation, ROOT_CONTEXT, type Span, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import t from 'tap';
import { ContextWithSpan } from '../../src/instrumentation/context.js';
import { createTestProvider } from '../helpers/tracer-provider.js';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const MINUTE = 60_000;

function setUp(limitMillis = MINUTE) {
  const exporter = new InMemorySpanExporter();
  const detached: string[] = [];
  const provider = createTestProvider(
    { spanProcessors: [new SimpleSpanProcessor(exporter)] },
    { limitMillis, onFirst: (name) => detached.push(name) },
  );
  const tracer = provider.getTracer('test');
  /** A span of the past. */
  const past = (name: string, endedAgoMillis: number, parent = ROOT_CONTEXT): Span => {
    const span = tracer.startSpan(name, { startTime: Date.now() - endedAgoMillis - 1000 }, parent);
    span.end(Date.now() - endedAgoMillis);
    return span;
  };
  return { provider, tracer, exporter, detached, past };
}

const within = (span: Span) => trace.setSpan(ROOT_CONTEXT, span);
const traceOf = (span: Span) => span.spanContext().traceId;

t.test('within the limit the trace goes on, after it each span is a root with a link', async (t) => {
  const { tracer, exporter, detached, past } = setUp();
  const recent = past('recent', MINUTE / 2);
  t.equal(traceOf(tracer.startSpan('tick', {}, within(recent))), traceOf(recent));
  const old = past('old', 2 * MINUTE);
  const first = tracer.startSpan('tick', { links: [{ context: recent.spanContext() }] }, within(old));
  const second = tracer.startSpan('tick', {}, within(old));
  t.equal(new Set([old, first, second].map(traceOf)).size, 3);
  for (const span of [first, second]) span.end();
  const [one, two] = exporter.getFinishedSpans().slice(-2);
  t.equal(one?.parentSpanContext, undefined);
  t.strictSame(
    one?.links.map((link) => link.context),
    [recent.spanContext(), old.spanContext()],
    'its own links stay',
  );
  t.strictSame(
    two?.links.map((link) => link.context),
    [old.spanContext()],
  );
  t.strictSame(detached, ['tick'], 'said once');
});

t.test('an open parent is never left, whatever its age', async (t) => {
  const { tracer } = setUp();
  const open = tracer.startSpan('stream', { startTime: Date.now() - 10 * MINUTE }, ROOT_CONTEXT);
  t.equal(traceOf(tracer.startSpan('event', {}, within(open))), traceOf(open));
});

t.test('a chain of spans that each leave the next one behind has one limit', async (t) => {
  const { tracer, past } = setUp();
  const request = past('request', 3 * MINUTE);
  // Started when the request was over for 30 s, and again each time 50 s after the one before had ended.
  const chainStart = past('request', 50_000);
  const one = tracer.startSpan('one', {}, within(chainStart));
  const inner = tracer.startSpan('inner', {}, within(one));
  for (const span of [inner, one]) span.end();
  t.equal(traceOf(inner), traceOf(chainStart), 'a child of a span that was left behind');
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  Date.now = () => now() + 20_000;
  const two = tracer.startSpan('two', {}, within(inner));
  t.not(traceOf(two), traceOf(chainStart), '70 s after the request, though 20 s after its parent');
  t.not(traceOf(tracer.startSpan('other', {}, within(request))), traceOf(request));
});

t.test('active spans, roots and remote parents', async (t) => {
  const { tracer, past } = setUp();
  const old = past('old', 2 * MINUTE);
  tracer.startActiveSpan('active', {}, within(old), (span) => {
    t.not(traceOf(span), traceOf(old));
    t.equal(trace.getActiveSpan(), span);
    t.equal(traceOf(tracer.startSpan('child')), traceOf(span), 'what it starts belongs to it');
  });
  const remote = trace.wrapSpanContext({
    traceId: '1'.repeat(32),
    spanId: '2'.repeat(16),
    traceFlags: 1,
    isRemote: true,
  });
  t.equal(traceOf(tracer.startSpan('remote', {}, within(remote))), '1'.repeat(32));
  t.not(traceOf(tracer.startSpan('root', { root: true }, within(past('recent', 10)))), traceOf(old));
});

t.test('the context of a request that is over remembers when', async (t) => {
  const { tracer } = setUp();
  const span = tracer.startSpan('request', {}, ROOT_CONTEXT);
  const released = new ContextWithSpan(ROOT_CONTEXT, span, { type: 'http', span, error: new Error('held') });
  span.end();
  released.release();
  const left = trace.getSpan(released);
  t.not(left, span, 'the span itself is let go');
  t.strictSame(left?.spanContext(), span.spanContext());
  t.equal(left?.isRecording(), false);
  t.equal(left?.setAttribute('a', 1).addEvent('x').setStatus({ code: 1 }), left, 'harmless');
  t.equal(traceOf(tracer.startSpan('tick', {}, released)), traceOf(span));
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  Date.now = () => now() + 2 * MINUTE;
  t.not(traceOf(tracer.startSpan('tick', {}, released)), traceOf(span));
});

t.test('baggage outlives the request', async (t) => {
  const { tracer } = setUp();
  const baggage = propagation.createBaggage({ tenant: { value: 'a' } });
  const parent = propagation.setBaggage(ROOT_CONTEXT, baggage);
  const released = new ContextWithSpan(parent, tracer.startSpan('request', {}, parent));
  released.release();
  t.equal(propagation.getBaggage(released)?.getEntry('tenant')?.value, 'a');
});

t.test('0 switches it off', async (t) => {
  const { tracer, past } = setUp(0);
  const old = past('old', 100 * MINUTE);
  t.equal(traceOf(tracer.startSpan('tick', {}, within(old))), traceOf(old));
});

t.test("the random flag of the caller's trace id goes on, in sampled traces and others", async (t) => {
  const start = (traceFlags: number, limitMillis = MINUTE, keepsRandom = true, root = false) => {
    const provider = createTestProvider({ keepsRandom }, { limitMillis, onFirst: () => {} });
    const caller = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags };
    const server = provider.getTracer('test').startSpan('server', { root }, trace.setSpanContext(ROOT_CONTEXT, caller));
    return provider.getTracer('test').startSpan('client', {}, within(server)).spanContext().traceFlags;
  };
  t.same(
    [0, 1, 2, 3].map((flags) => start(flags)),
    [0, 1, 2, 3],
  );
  t.same(
    [1, 3].map((flags) => start(flags, 0)),
    [1, 3],
    'without a limit for detached work',
  );
  t.equal(start(3, MINUTE, false), 1, 'where the propagator would misunderstand it');
  t.equal(start(3, MINUTE, true, true), 1, 'not in a trace of its own');
});
