/** OTEL_NODE_KEEP_ERRORS: what of an unsampled trace goes on, when, and what is said of the rest. */
import { type Context, context, ROOT_CONTEXT, type Span, SpanStatusCode, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AlwaysOffSampler, AlwaysOnSampler, type ReadableSpan, type Sampler } from '@opentelemetry/sdk-trace';
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { ErrorKeeper, type KeptSpanProcessor } from '../../src/sdk/error-keeper.js';
import { createSampler } from '../../src/sdk/sampler.js';
import { createTestProvider } from '../helpers/tracer-provider.js';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

function setUp(inner: Sampler = new AlwaysOffSampler()) {
  const log = { sent: [] as string[], held: [] as string[], discarded: [] as string[], lost: 0 };
  const processor: KeptSpanProcessor = {
    onStart: () => undefined,
    onEnd: (span: ReadableSpan) => void log.sent.push(span.name),
    onHeld: (span) => void log.held.push(span.name),
    onDiscarded: (span) => void log.discarded.push(span.name),
    onLost: (count) => {
      log.lost += count;
    },
    forceFlush: async () => undefined,
    shutdown: async () => undefined,
  };
  const keeper = new ErrorKeeper([processor]);
  const provider = createTestProvider({ sampler: keeper.wrap(inner), spanProcessors: [keeper] });
  const tracer = provider.getTracer('test');
  const start = (name: string, parent?: Span, base: Context = ROOT_CONTEXT): Span =>
    tracer.startSpan(name, {}, parent === undefined ? base : trace.setSpan(base, parent));
  return { log, keeper, start };
}

function fail(span: Span): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}

const REMOTE = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', isRemote: true };

t.test('a root that ends with an error takes all below it along, another one nothing', async (t) => {
  const { log, keeper, start } = setUp();
  for (const isFailing of [false, true]) {
    const root = start(`root ${isFailing}`);
    const child = start(`child ${isFailing}`, root);
    const grandchild = start(`grandchild ${isFailing}`, child);
    for (const span of [grandchild, child]) span.end();
    t.equal(keeper.heldSpans, 2);
    t.equal(root.spanContext().traceFlags, 0, 'what is called is told that nothing is sampled');
    t.ok(root.isRecording());
    if (isFailing) fail(root);
    else root.end();
    t.equal(keeper.heldSpans, 0);
  }
  t.strictSame(log.sent, ['grandchild true', 'child true', 'root true']);
  t.strictSame(log.discarded, ['grandchild false', 'child false', 'root false']);
});

t.test('an error below alone is no reason', async (t) => {
  const { log, start } = setUp();
  const root = start('root');
  fail(start('child', root));
  root.end();
  t.strictSame(log.sent, []);
});

t.test('what ends after its root has the fate of it; what starts after a forgotten one is not recorded', async (t) => {
  const { log, start } = setUp();
  const kept = start('kept');
  const late = start('late', kept);
  fail(kept);
  late.end();
  const later = start('later', kept);
  t.ok(later.isRecording());
  later.end();
  t.strictSame(log.sent, ['kept', 'late', 'later']);
  const forgotten = start('forgotten');
  const lateToo = start('late, too', forgotten);
  forgotten.end();
  lateToo.end();
  t.notOk(start('never', forgotten).isRecording());
  t.strictSame(log.discarded, ['forgotten', 'late, too']);
});

t.test('sampled spans pass at once, and below them everything', async (t) => {
  const { log, start } = setUp(new AlwaysOnSampler());
  const root = start('root');
  start('child', root).end();
  t.strictSame(log.sent, ['child']);
  root.end();
  t.strictSame(log, { sent: ['child', 'root'], held: [], discarded: [], lost: 0 });
});

t.test('below a caller that does not sample, the first span in this process is the root', async (t) => {
  const { log, start } = setUp();
  const root = start('server', undefined, trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, traceFlags: 0 }));
  start('query', root).end();
  fail(root);
  t.strictSame(log.sent, ['query', 'server']);
  t.equal(root.spanContext().traceId, REMOTE.traceId);
});

t.test('what a rule drops is dropped, whatever happens in it', async (t) => {
  const rules = 'name=health -> drop; name=rare -> 0.000001; name=limited -> rate 0/s';
  const { config } = loadConfig({ OTEL_NODE_ENV_FILE: 'none', OTEL_NODE_SAMPLING_RULES: rules });
  const { log, start } = setUp(createSampler(config.sampler, config.sampling.rules));
  const dropped = start('health');
  t.notOk(dropped.isRecording());
  t.notOk(start('below', dropped).isRecording());
  for (const name of ['rare', 'limited']) fail(start(name));
  t.strictSame(log.sent, ['rare', 'limited']);
});

t.test('memory: 500 spans of a root, 5,000 of all; what has no room is counted if its trace is kept', async (t) => {
  const { log, keeper, start } = setUp();
  const many = (root: Span, count: number): void => {
    for (let index = 0; index < count; index++) start('child', root).end();
  };
  const first = start('first');
  many(first, 501);
  t.equal(keeper.heldSpans, 500);
  const others = Array.from({ length: 9 }, (_, index) => start(`other ${index}`));
  for (const other of others) many(other, 500);
  t.equal(keeper.heldSpans, 5000);
  const last = start('last');
  many(last, 10);
  t.equal(keeper.heldSpans, 4510, 'at the cost of the one that has waited longest');
  t.equal(log.lost, 0);
  fail(last);
  t.strictSame([log.sent.length, log.lost], [11, 0]);
  fail(first);
  t.strictSame([log.sent.length, log.lost], [12, 501]);
  for (const other of others) other.end();
  t.strictSame([log.sent.length, log.lost, keeper.heldSpans], [12, 501, 0]);
  t.equal(log.held.length, 501 + 4500 + 10 + 11);
});
