/**
 * Our spans and tracers against the official ones: the same calls, sensible and not, leave the same span. Seeds are fixed.
 */
import { deepStrictEqual } from 'node:assert';
import { inspect } from 'node:util';
import {
  type Attributes,
  type AttributeValue,
  type Context,
  context,
  DiagLogLevel,
  diag,
  INVALID_SPAN_CONTEXT,
  type Link,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  SpanStatusCode,
  type TimeInput,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  TracerProvider as OfficialProvider,
  ParentBasedSampler,
  type ReadableSpan,
  type Sampler,
  SamplingDecision,
  type SpanLimits,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';
import t from 'tap';
import { createIdGenerator } from '../../src/sdk/id-generator.js';
import { LazyTracerProvider } from '../../src/sdk/lazy-provider.js';
import { createSpanCounts } from '../../src/sdk/span-counts.js';
import { createRandom, pick, type Random } from '../helpers/random-spans.js';
import { createTestProvider } from '../helpers/tracer-provider.js';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const resource = resourceFromAttributes({ 'service.name': 'compared' });

/** Of the day, as `performance.now()` says it while the clocks stand (see withClocks), and now. */
const TIMES: readonly (TimeInput | undefined)[] = [
  undefined,
  1000.02,
  1000.52,
  980.02,
  0.02,
  1_700_000_000_000,
  1_700_000_000_123.456,
  new Date(1_700_000_001_999),
  [1_700_000_002, 999_999_999],
  [1_700_000_000, 0],
];
const VALUES: readonly unknown[] = [
  'text',
  '',
  'x'.repeat(50),
  'ä漢😀'.repeat(9),
  0,
  -1.5,
  Number.NaN,
  true,
  false,
  null,
  undefined,
  {},
  () => 1,
  Symbol('none'),
  10n,
  [],
  ['a', 'x'.repeat(50)],
  [1, null, 2],
  ['a', 1],
  [{}],
  [undefined],
];
const KEYS = ['a', 'b', 'c', 'd', 'e', 'http.route', '', 'toString', 'constructor', '0', '12'];
const STATUSES: readonly unknown[] = [
  { code: SpanStatusCode.UNSET },
  { code: SpanStatusCode.OK },
  { code: SpanStatusCode.OK, message: 'of no use' },
  { code: SpanStatusCode.ERROR },
  { code: SpanStatusCode.ERROR, message: 'broken' },
  { code: SpanStatusCode.ERROR, message: new Error('broken') },
];
const EXCEPTIONS: readonly unknown[] = [
  'a text',
  '',
  new TypeError('typed'),
  Object.assign(new Error('coded'), { code: 42 }),
  { name: 'Named' },
  { message: 'said' },
  {},
  null,
];
const REMOTE = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
  isRemote: true,
};
const PARENTS: readonly Context[] = [
  ROOT_CONTEXT,
  trace.setSpanContext(ROOT_CONTEXT, REMOTE),
  trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, traceFlags: 0 }),
  trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, spanId: 'nonsense' }),
  suppressTracing(trace.setSpanContext(ROOT_CONTEXT, REMOTE)),
];
const LIMITS: readonly SpanLimits[] = [
  {},
  { attributeCountLimit: 3 },
  { attributeValueLengthLimit: 10 },
  { attributeCountLimit: 2, attributeValueLengthLimit: 10, eventCountLimit: 2, linkCountLimit: 2 },
  { attributePerEventCountLimit: 1, attributePerLinkCountLimit: 1 },
  { eventCountLimit: 0, linkCountLimit: 0 },
];

function randomAttributes(random: Random): Attributes {
  const entries = Array.from({ length: Math.floor(random() * 6) }, () => [pick(random, KEYS), pick(random, VALUES)]);
  return Object.fromEntries(entries) as Attributes;
}

function plainAttributes(random: Random): Attributes {
  const plain = VALUES.slice(0, 9) as AttributeValue[];
  return Object.fromEntries(
    Array.from({ length: Math.floor(random() * 6) }, () => [pick(random, KEYS.slice(0, 6)), pick(random, plain)]),
  );
}

const randomLink = (random: Random): Link => {
  const link: Link = { context: REMOTE };
  if (random() < 0.7) link.attributes = randomAttributes(random);
  return link;
};

type Operation = (span: Span) => unknown;

function randomOperation(random: Random): Operation {
  const [key, value] = [pick(random, KEYS), pick(random, VALUES) as AttributeValue];
  const attributes = randomAttributes(random);
  const time = pick(random, TIMES) as TimeInput;
  const [status, exception] = [pick(random, STATUSES), pick(random, EXCEPTIONS)];
  const links = [randomLink(random), randomLink(random)];
  const operations: Operation[] = [
    (span) => span.setAttribute(key, value),
    (span) => span.setAttribute(key, value),
    (span) => span.setAttributes(attributes),
    (span) => span.addEvent(key, attributes, time),
    (span) => span.addEvent(key, time),
    (span) => span.addEvent(key, time, time),
    (span) => span.addLink(links[0] as Link),
    (span) => span.addLinks(links),
    (span) => span.setStatus(status as never),
    (span) => span.recordException(exception as never, time),
    (span) => span.updateName(key),
  ];
  return pick(random, operations);
}

interface Clocks {
  day: number;
  monotonic: number;
}

/** Runs with clocks that only move when they are told to. */
function withClocks<Result>(clocks: Clocks, run: () => Result): Result {
  const { now } = Date;
  Date.now = () => clocks.day;
  Object.defineProperty(performance, 'now', { configurable: true, value: () => clocks.monotonic });
  try {
    return run();
  } finally {
    Date.now = now;
    Reflect.deleteProperty(performance, 'now');
  }
}

const millisOf = ([seconds, nanos]: readonly [number, number]): number => seconds * 1000 + nanos / 1e6;
/** The official span adds milliseconds since the epoch as one number, which is exact to a quarter of a microsecond. */
const roughly = ([seconds, nanos]: readonly [number, number]): string =>
  `${seconds} ${Math.round(nanos / 10_000)} ${nanos > -1e9 && nanos < 1e9}`;

function readable(span: Span): object {
  if (!('attributes' in span)) return { spanContext: span.spanContext(), isRecording: span.isRecording() };
  const read = span as Span & ReadableSpan;
  const { name, kind, parentSpanContext, status, ended } = read;
  const { droppedAttributesCount, droppedEventsCount, droppedLinksCount, instrumentationScope } = read;
  return {
    ...{ name, kind, parentSpanContext, status, ended },
    times: [read.startTime, read.endTime, read.duration].map(roughly),
    links: [...read.links],
    events: read.events.map((event) => ({ ...event, time: roughly(event.time) })),
    ...{ droppedAttributesCount, droppedEventsCount, droppedLinksCount, instrumentationScope },
    resource: read.resource.attributes,
    // Their order is that of the bytes that are sent.
    attributes: Object.entries(read.attributes),
    spanContext: span.spanContext(),
    isRecording: span.isRecording(),
  };
}

/** The same ids for both. */
const ids = (seed: number) => createIdGenerator(createRandom(seed));

interface Compared {
  readonly official: TracerProvider;
  readonly ours: TracerProvider;
}

function createBoth(seed: number, limits: SpanLimits, sampler: Sampler, processor: SpanProcessor): Compared {
  const options = { sampler, resource, spanProcessors: [processor] };
  // Without rules, as most processes run, attributes come to the span as the application gives them.
  const decidesByAttributes = sampler === ADDING || seed % 2 === 0;
  return {
    official: new OfficialProvider({ ...options, spanLimits: limits, idGenerator: ids(seed) }),
    ours: createTestProvider({ ...options, limits, decidesByAttributes, idGenerator: ids(seed) }),
  };
}

const ADDING: Sampler = {
  shouldSample: (_context, _traceId, _name, _kind, attributes) => ({
    decision: attributes.a === 'text' ? SamplingDecision.RECORD : SamplingDecision.RECORD_AND_SAMPLED,
    attributes: { 'sampler.saw': Object.keys(attributes).length, b: 'of the sampler' },
  }),
  toString: () => 'adding',
};
const SAMPLERS: readonly Sampler[] = [
  new AlwaysOnSampler(),
  new AlwaysOffSampler(),
  new ParentBasedSampler({ root: new AlwaysOnSampler() }),
  ADDING,
];

function startOptions(random: Random): SpanOptions | undefined {
  if (random() < 0.1) return undefined;
  const options: SpanOptions = {};
  if (random() < 0.6) options.startTime = pick(random, TIMES) as TimeInput;
  if (random() < 0.8) options.kind = pick(random, [SpanKind.SERVER, SpanKind.CLIENT, SpanKind.INTERNAL]);
  if (random() < 0.9) options.attributes = random() < 0.5 ? plainAttributes(random) : randomAttributes(random);
  if (random() < 0.3) options.links = [randomLink(random), randomLink(random), randomLink(random)];
  if (random() < 0.2) options.root = pick(random, [true, false, 1 as never]);
  if (random() < 0.05) options.links = null as never;
  if (random() < 0.05) options.attributes = pick(random, ['ab', null, 7, () => 1]) as never;
  return options;
}

/** After the real start of the process: the official span makes no normal times of negative differences from that. */
const DAY = Math.ceil(performance.timeOrigin / 1000) * 1000 + 10_000_500;
const MOVES: readonly Clocks[] = [
  { day: 0, monotonic: 0 },
  { day: 1, monotonic: 0.5 },
  { day: 13, monotonic: 12.5 },
  { day: -3_600_000, monotonic: 3 },
];

function compareOnce(seed: number): { official: unknown; ours: unknown } {
  const random = createRandom(seed);
  const told: { official: string[]; ours: string[] } = { official: [], ours: [] };
  const sampler = pick(random, SAMPLERS);
  const limits = pick(random, LIMITS);
  const options = startOptions(random);
  const parent = pick(random, PARENTS);
  const operations = Array.from({ length: Math.floor(random() * 12) }, () => randomOperation(random));
  const moves = operations.map(() => pick(random, MOVES));
  const endTime = pick(random, TIMES) as TimeInput;
  const late = randomOperation(random);
  const run = (which: 'official' | 'ours'): unknown => {
    const clocks = { day: DAY, monotonic: 990.02 };
    const processor: SpanProcessor = {
      onStart: (span) => void told[which].push(`start ${JSON.stringify(span.attributes)} ${span.isRecording()}`),
      onEnd: (span) => void told[which].push(`end ${span.name} ${span.ended} ${span.events.length}`),
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    };
    const provider = createBoth(seed, limits, sampler, processor)[which];
    const tracer = provider.getTracer('compared', '1.0', { schemaUrl: 'schema' });
    return withClocks(clocks, () => {
      const span = tracer.startSpan('span', options, parent);
      const before = readable(span);
      for (const [index, operation] of operations.entries()) {
        clocks.day += moves[index]?.day ?? 0;
        clocks.monotonic += moves[index]?.monotonic ?? 0;
        operation(span);
      }
      span.end(endTime);
      late(span);
      span.end();
      return { before, after: readable(span), told: told[which] };
    });
  };
  return { official: run('official'), ours: run('ours') };
}

t.test('the same calls leave the same span', async (t) => {
  let recorded = 0;
  for (let seed = 1; seed <= 4000; seed++) {
    const { official, ours } = compareOnce(seed);
    if (JSON.stringify(official).includes('"ended":true')) recorded++;
    try {
      deepStrictEqual(ours, official);
    } catch (error) {
      t.fail(`seed ${seed}: ${String(error)}`);
      break;
    }
  }
  t.ok(recorded > 1500, `${recorded} spans were recorded`);
});

const processorOf = (onEnd: (span: ReadableSpan) => void): SpanProcessor => ({
  onStart: () => undefined,
  onEnd,
  forceFlush: async () => undefined,
  shutdown: async () => undefined,
});

t.test('without given times, spans start by the clock of the day and last by the one that never jumps', async (t) => {
  const tracer = createTestProvider().getTracer('test');
  const [earliest, from] = [Date.now(), performance.now()];
  const span = tracer.startSpan('timed') as Span & ReadableSpan;
  const started = performance.now();
  const latest = Date.now();
  t.ok(millisOf(span.startTime) >= earliest && millisOf(span.startTime) <= latest);
  t.strictSame(
    [span.endTime, span.duration],
    [
      [0, 0],
      [-1, -1],
    ],
    'not over',
  );
  const { now } = Date;
  Date.now = () => now() - 3_600_000;
  t.teardown(() => {
    Date.now = now;
  });
  for (let since = performance.now(); performance.now() - since < 3; );
  span.addEvent('in between');
  const ending = performance.now();
  span.end();
  const ended = performance.now();
  const millis = millisOf(span.duration);
  t.ok(millis >= ending - started - 0.001 && millis <= ended - from + 0.001, `${millis} ms`);
  const [startSeconds, startNanos] = span.startTime;
  const [endSeconds, endNanos] = span.endTime;
  t.equal((endSeconds - startSeconds) * 1e9 + endNanos - startNanos, span.duration[0] * 1e9 + span.duration[1]);
  const [event] = span.events;
  t.ok(event !== undefined && millisOf(event.time) >= millisOf(span.startTime) + 3 - 0.001);
  t.ok(event !== undefined && millisOf(event.time) <= millisOf(span.endTime));
});

t.test('times as performance.now() says them are those of the day', async (t) => {
  const tracer = createTestProvider().getTracer('test');
  for (const ago of [0, 20]) {
    const given = performance.now() - ago;
    const earliest = Date.now() - (performance.now() - given) - 1;
    const span = tracer.startSpan('given', { startTime: given }) as Span & ReadableSpan;
    const latest = Date.now() - (performance.now() - given) + 1;
    const start = millisOf(span.startTime);
    t.ok(start >= earliest - 1 && start <= latest + 1, `${earliest} <= ${start} <= ${latest}`);
    span.end();
    t.ok(millisOf(span.endTime) <= Date.now(), 'a span whose start is given ends by the same clock');
  }
});

t.test('what cannot be set is told to the diagnostic log, and nothing throws', async (t) => {
  const told: string[] = [];
  const write = (text: string): void => void told.push(text);
  diag.setLogger(
    { error: write, warn: write, info: write, debug: write, verbose: write },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  t.teardown(() => diag.disable());
  const tracer = createTestProvider({ decidesByAttributes: false }).getTracer('test');
  const span = tracer.startSpan('odd', { attributes: { good: 1, bad: {} as never } });
  span.setAttribute('', 'x').setAttribute('symbol', Symbol('x') as never);
  span.recordException({} as never);
  span.end(1);
  span.setAttribute('late', 1).updateName('late');
  t.strictSame((span as Span & ReadableSpan).attributes, { good: 1 });
  t.equal(told.length, 7);
  const { spanId } = span.spanContext();
  for (const word of ['"bad"', '""', '"symbol"', 'exception', 'before it started', 'has ended'])
    t.ok(
      told.some((text) => text.includes(word) && text.includes(spanId)),
      word,
    );
});

t.test('every processor is told, and asked to deliver', async (t) => {
  const told: string[] = [];
  const processor = (name: string): SpanProcessor => ({
    onStart: (span) => void told.push(`${name} start ${span.name}`),
    onEnd: (span) => void told.push(`${name} end ${span.name}`),
    forceFlush: async () => void told.push(`${name} flush`),
    shutdown: async () => void told.push(`${name} shutdown`),
  });
  const provider = createTestProvider({ spanProcessors: [processor('1'), processor('2')] });
  provider.getTracer('test').startSpan('a').end();
  await provider.forceFlush();
  await provider.shutdown();
  const each = (what: string) => [`1 ${what}`, `2 ${what}`];
  t.strictSame(told, [...each('start a'), ...each('end a'), ...each('flush'), ...each('shutdown')]);
});

t.test('one tracer for each name, version and schema', async (t) => {
  const provider = createTestProvider();
  const given: [string, string?, { schemaUrl: string }?][] = [['a'], ['a', '1'], ['a', '1', { schemaUrl: 's' }], ['b']];
  const tracers = given.map((parameters) => provider.getTracer(...parameters));
  t.equal(new Set(tracers).size, given.length);
  t.ok(given.every((parameters, index) => provider.getTracer(...parameters) === tracers[index]));
});

t.test('what the sampler said is counted, for spans that started and for those that are open', async (t) => {
  const counts = createSpanCounts();
  const ended: string[] = [];
  const provider = createTestProvider({
    sampler: new ParentBasedSampler({ root: new AlwaysOnSampler() }),
    counter: counts.counter,
    spanProcessors: [processorOf((span) => ended.push(span.name))],
  });
  const tracer = provider.getTracer('test');
  const root = tracer.startSpan('root', {}, ROOT_CONTEXT);
  const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, root));
  for (const traceFlags of [0, 1]) {
    tracer.startSpan('of a caller', {}, trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, traceFlags })).end();
  }
  child.end();
  t.strictSame(counts.live(), { RECORD_AND_SAMPLE: 1 });
  t.strictSame(counts.list(), [
    { parentOrigin: 'none', result: 'RECORD_AND_SAMPLE', count: 1 },
    { parentOrigin: 'local', result: 'RECORD_AND_SAMPLE', count: 1 },
    { parentOrigin: 'remote', result: 'DROP', count: 1 },
    { parentOrigin: 'remote', result: 'RECORD_AND_SAMPLE', count: 1 },
  ]);
  t.strictSame(ended, ['of a caller', 'child']);
});

t.test('a sampler that does not decide by attributes gets none, and the span has them all the same', async (t) => {
  const seen: Attributes[] = [];
  const sampler: Sampler = {
    shouldSample(...parameters) {
      seen.push(parameters[4]);
      return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    },
    toString: () => 'seeing',
  };
  for (const decidesByAttributes of [false, true]) {
    const tracer = createTestProvider({ sampler, decidesByAttributes }).getTracer('test');
    const span = tracer.startSpan('a', { attributes: { a: 1, none: null as never } });
    t.strictSame((span as Span & ReadableSpan).attributes, { a: 1 });
  }
  t.strictSame(seen, [{}, { a: 1, none: null }]);
});

t.test('input that the types forbid does what it does to the official span', async (t) => {
  const each = (run: (tracer: Tracer) => unknown): void => {
    const outcome = (provider: TracerProvider): unknown => {
      try {
        return ['returned', run(provider.getTracer('test'))];
      } catch (error) {
        return ['threw', (error as Error).constructor.name];
      }
    };
    const { official, ours } = createBoth(
      1,
      {},
      new AlwaysOnSampler(),
      processorOf(() => undefined),
    );
    t.strictSame(outcome(ours), outcome(official), run.toString());
  };
  const started = (span: Span) => (span as Span & ReadableSpan).attributes;
  each((tracer) => tracer.startActiveSpan('a', {}, undefined as never, (span) => Object.keys(started(span))));
  each((tracer) => tracer.startActiveSpan('a', {}, null as never, () => 'run'));
  each((tracer) => (tracer.startActiveSpan as (name: string) => unknown)('a'));
  each((tracer) => (tracer.startActiveSpan as (...all: unknown[]) => unknown)('a', {}, ROOT_CONTEXT, () => 'run', 5));
  each((tracer) => {
    const span = tracer.startSpan('a');
    span.end();
    return [span.setStatus(undefined as never) === span, span.addLink(null as never) === span];
  });
  each((tracer) => tracer.startSpan('a').setStatus(undefined as never) && true);
  each((tracer) => tracer.startSpan('a').addLink(null as never) && true);
  each((tracer) => {
    const span = new Proxy(tracer.startSpan('a'), {});
    span.setAttribute('a', 1).addEvent('b').setStatus({ code: SpanStatusCode.ERROR });
    const child = tracer.startSpan('child', {}, trace.setSpan(ROOT_CONTEXT, span));
    span.end();
    return [started(span), child.spanContext().traceId === span.spanContext().traceId, span.isRecording()];
  });
  each((tracer) => {
    const span: Span = Object.create(tracer.startSpan('a'));
    span.updateName('b').setAttributes({ c: 1 });
    return [started(span), new Proxy(tracer, {}).startSpan('d').isRecording()];
  });
  each((tracer) => {
    const span = tracer.startSpan('a') as Span & ReadableSpan;
    span.events.push({ name: 'pushed', time: [1, 2] });
    (span.status as { message?: string }).message = 'written';
    return [span.events.length, span.links, span.status, Object.keys(span).includes('events')];
  });
  each((tracer) => {
    let reads = 0;
    const attributes = { first: ['list'] } as Attributes;
    Object.defineProperty(attributes, 'second', { enumerable: true, get: () => ++reads });
    return started(tracer.startSpan('a', { attributes }));
  });
  each((tracer) => {
    const attributes = started(tracer.startSpan('a', { attributes: JSON.parse('{"__proto__":["a"],"x":1}') }));
    return [attributes, Object.getPrototypeOf(attributes) === Object.prototype];
  });
  each((tracer) => {
    const nobody = { spanContext: () => null } as unknown as Span;
    return tracer.startSpan('a', {}, trace.setSpan(ROOT_CONTEXT, nobody)).isRecording();
  });
});

t.test('of an event that has no room nothing is read', async (t) => {
  const span = createTestProvider({ limits: { eventCountLimit: 0 } })
    .getTracer('test')
    .startSpan('a');
  const attributes = Object.defineProperty({}, 'a', { enumerable: true, get: () => t.fail('read') });
  span.addEvent('b', attributes);
  t.equal((span as Span & ReadableSpan).droppedEventsCount, 1);
});

t.test('an attribute that is written over counts once', async (t) => {
  const tracer = createTestProvider({ decidesByAttributes: false, limits: { attributeCountLimit: 3 } }).getTracer(
    'test',
  );
  const span = tracer.startSpan('a', { attributes: { a: 1, b: 1 } }) as Span & ReadableSpan;
  span.setAttributes({ a: 2, c: 2 }).setAttributes({ c: 3, d: 3 });
  t.strictSame([span.attributes, span.droppedAttributesCount], [{ a: 2, b: 1, c: 3 }, 1]);
});

t.test('first attributes that are given away are what a copy of them would be', async (t) => {
  const create = (): Attributes => ({ a: 'text of some length', c: 1, d: ['x', 'y'] });
  type Own = Span & ReadableSpan & { takeAttributes(given: Attributes): unknown };
  for (const limits of LIMITS) {
    const tracer = createTestProvider({ limits }).getTracer('test');
    const [copied, taken] = [tracer.startSpan('a') as Own, tracer.startSpan('a') as Own];
    copied.setAttributes(create());
    taken.takeAttributes(create());
    for (const span of [copied, taken]) {
      span.setAttribute('b', 'late').setAttribute('c', 2).setAttribute('f', 3).end();
      span.setAttribute('e', 'too late');
    }
    t.strictSame(Object.entries(taken.attributes), Object.entries(copied.attributes), JSON.stringify(limits));
    t.equal(taken.droppedAttributesCount, copied.droppedAttributesCount);
  }
  const span = createTestProvider().getTracer('test').startSpan('a') as Own;
  const given = create();
  span.takeAttributes(given);
  t.equal(span.attributes, given, 'no copy');
  span.takeAttributes({ g: 1 });
  t.strictSame([span.attributes.a, span.attributes.g], ['text of some length', 1], 'others come to them');
  span.end();
  span.takeAttributes({ h: 1 });
  t.equal(span.attributes.h, undefined);
});

t.test('a tracer can be used through a proxy, before and after there is a provider', async (t) => {
  const provider = new LazyTracerProvider(
    () => createTestProvider(),
    (error) => t.fail(String(error)),
  );
  for (let index = 0; index < 2; index++) {
    const tracer = new Proxy(new Proxy(provider, {}).getTracer('test'), {});
    t.ok(tracer.startSpan('a').isRecording());
    t.ok(Object.create(tracer).startSpan('b').isRecording());
  }
});

t.test('a suppressed span is nobody, whatever its parent left behind', async (t) => {
  const told: string[] = [];
  const tracer = createTestProvider({}, { limitMillis: 1000, onFirst: (name) => told.push(name) }).getTracer('test');
  const start = (parent: Span, suppress = false): Span => {
    const context = trace.setSpan(ROOT_CONTEXT, parent);
    return tracer.startSpan('a', {}, suppress ? suppressTracing(context) : context);
  };
  const { now } = Date;
  t.teardown(() => {
    Date.now = now;
  });
  const parent = tracer.startSpan('parent', {}, ROOT_CONTEXT);
  parent.end();
  t.notOk(start(parent, true).isRecording(), 'within the limit');
  Date.now = () => now() + 800;
  const other = start(trace.wrapSpanContext(INVALID_SPAN_CONTEXT));
  other.end();
  Date.now = () => now() + 1500;
  t.equal(start(other).spanContext().traceId, other.spanContext().traceId, 'a second has not gone by');
  t.notOk(start(parent, true).isRecording(), 'after the limit');
  t.strictSame(told, []);
});

t.test('a start that fails is not counted as open for ever', async (t) => {
  const counts = createSpanCounts();
  const tracer = createTestProvider({ counter: counts.counter }).getTracer('test');
  t.throws(() => tracer.startSpan('a', { links: [null as never] }));
  t.strictSame([counts.list(), counts.live()], [[], {}]);
});

t.test('what console.log shows of a span has its ids and no more than is its own', async (t) => {
  const span = createTestProvider()
    .getTracer('test')
    .startSpan('shown', { attributes: { a: 1 } });
  const text = inspect(span, { depth: 4 });
  for (const part of ['shown', span.spanContext().traceId, span.spanContext().spanId, 'a: 1', 'startTime'])
    t.match(text, part);
  t.notMatch(text, '_settings');
  const official = new OfficialProvider({}).getTracer('test').startSpan('shown', { attributes: { a: 1 } });
  const lengthOf = (given: Span): number[] =>
    [0, 1, 2].map((depth) => inspect([{ span: given }], { depth }).replace('SpanImpl', 'RecordedSpan').length);
  t.equal(lengthOf(span)[0], lengthOf(official)[0]);
  t.equal(lengthOf(span)[1], lengthOf(official)[1], 'no deeper than asked for');
  const custom = span as unknown as Record<symbol, (...parameters: unknown[]) => unknown>;
  t.match(custom[inspect.custom]?.(2, {}, null), { name: 'shown' });
});
