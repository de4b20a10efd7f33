/** Trace context that one thread hands to another as plain data, and how long spans belong to it there. */
import {
  baggageEntryMetadataFromString,
  createTraceState,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { AlwaysOnSampler, ParentBasedSampler } from '@opentelemetry/sdk-trace';
import t from 'tap';
import { isSuppressed, suppress } from '../../src/instrumentation/context.js';
import { describeContext, restoreContext } from '../../src/instrumentation/handed-context.js';
import { ContextRing } from '../../src/processes/context-ring.js';
import { createTestProvider } from '../helpers/tracer-provider.js';

const MINUTE = 60_000;
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN_CONTEXT: SpanContext = { traceId: TRACE, spanId: 'b7ad6b7169203331', traceFlags: 1 };

const withSpan = (more: Partial<SpanContext> = {}) =>
  trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext({ ...SPAN_CONTEXT, ...more }));
/** As a message has it on the other side. */
const overThere = (context = ROOT_CONTEXT) => restoreContext(structuredClone(describeContext(context)));

t.test('a span, its trace state, baggage with what is said about it', async (t) => {
  const metadata = baggageEntryMetadataFromString('ttl=3');
  const baggage = propagation.createBaggage({ user: { value: 'ä 1', metadata }, plain: { value: '' } });
  const context = propagation.setBaggage(withSpan({ traceState: createTraceState('a=1,b=2') }), baggage);
  const { context: restored } = overThere(context);
  const spanContext = trace.getSpanContext(restored);
  t.match(spanContext, { ...SPAN_CONTEXT, isRemote: true });
  t.equal(spanContext?.traceState?.serialize(), 'a=1,b=2');
  t.equal(trace.getSpan(restored)?.isRecording(), false);
  const entries = propagation.getBaggage(restored)?.getAllEntries() ?? [];
  t.strictSame(
    entries.map(([key, { value, metadata }]) => [key, value, metadata?.toString()]),
    [
      ['user', 'ä 1', 'ttl=3'],
      ['plain', '', undefined],
    ],
  );
});

t.test('without a span, with baggage alone, without any, suppressed', async (t) => {
  t.equal(describeContext(ROOT_CONTEXT), null);
  t.equal(describeContext(trace.setSpan(ROOT_CONTEXT, trace.wrapSpanContext({ ...SPAN_CONTEXT, spanId: '' }))), null);
  t.equal(overThere().context, ROOT_CONTEXT);
  const baggage = propagation.createBaggage({ a: { value: 'b' } });
  const { context, span } = overThere(propagation.setBaggage(ROOT_CONTEXT, baggage));
  t.equal(propagation.getBaggage(context)?.getEntry('a')?.value, 'b');
  t.equal(span, undefined);
  t.ok(isSuppressed(overThere(suppress(withSpan())).context));
});

t.test('spans belong to the trace while the work runs, and for a while after it', async (t) => {
  const sampler = new ParentBasedSampler({ root: new AlwaysOnSampler() });
  const provider = createTestProvider({ sampler }, { limitMillis: MINUTE, onFirst: () => undefined });
  const tracer = provider.getTracer('test');
  const { context, span } = overThere(withSpan());
  const start = () => tracer.startSpan('work', {}, context).spanContext();
  const endAgo = (millis: number): void => {
    if (span !== undefined) span.endedAtMillis = Date.now() - millis;
  };
  t.equal(start().traceId, TRACE);
  endAgo(MINUTE / 2);
  t.equal(start().traceId, TRACE);
  endAgo(2 * MINUTE);
  t.not(start().traceId, TRACE);
  const unsampled = overThere(withSpan({ traceFlags: 0 }));
  t.equal(tracer.startSpan('work', {}, unsampled.context).spanContext().traceFlags, 0);
});

t.test('what was over when it was handed over stays so', async (t) => {
  const tracer = createTestProvider({}, { limitMillis: 1000, onFirst: () => undefined }).getTracer('test');
  const old = tracer.startSpan('old', { startTime: Date.now() - 9000 });
  old.end(Date.now() - 8000);
  const { context } = overThere(trace.setSpan(ROOT_CONTEXT, old));
  t.not(tracer.startSpan('work', {}, context).spanContext().traceId, old.spanContext().traceId);
});

t.test('contexts beside messages: once, for their message, and only the newest when there are too many', async (t) => {
  const ring = new ContextRing();
  const other = new ContextRing(ring.memory);
  t.ok(ring.put(1, 7, 'seven ä'));
  t.equal(other.take(1, 8), undefined);
  t.equal(other.take(2, 7), undefined);
  t.equal(other.take(1, 7), 'seven ä');
  t.equal(other.take(1, 7), undefined);
  for (let number = 1; number <= 1000; number++) t.ok(ring.put(3, number, `of ${number}`) || number < 0);
  const taken = Array.from({ length: 1000 }, (_, index) => other.take(3, index + 1));
  t.strictSame(
    taken,
    taken.map((_, index) => (index < 1000 - 256 ? undefined : `of ${index + 1}`)),
  );
  t.ok(ring.put(1, 1, 'x'.repeat(1008)));
  t.notOk(ring.put(1, 2, 'x'.repeat(1009)), 'no room');
});
