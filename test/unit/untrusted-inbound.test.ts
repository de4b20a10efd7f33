/** Formats that are read, and callers that are not followed: the variables; that they work shows process/sampling. */
import { context, ROOT_CONTEXT, SpanKind, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { AlwaysOffSampler, AlwaysOnSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { describeConfig } from '../../src/config/effective.js';
import { markRandom, restartUntrusted } from '../../src/sdk/tracer-layers.js';
import { createTestProvider } from '../helpers/tracer-provider.js';

context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());

const REMOTE = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 0,
  isRemote: true,
};

function load(env: Record<string, string>) {
  const loaded = loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...env });
  const shown = (name: string) => describeConfig(loaded).find((setting) => setting.name === name)?.value;
  return { config: loaded.config, shown, messages: loaded.problems.map(({ message }) => message) };
}

t.test('OTEL_NODE_EXTRACT_PROPAGATORS', async (t) => {
  const unset = load({ OTEL_PROPAGATORS: 'b3' });
  t.equal(unset.config.extractors, unset.config.propagators, 'the same, and known to be');
  t.equal(unset.shown('OTEL_NODE_EXTRACT_PROPAGATORS'), 'b3');
  const set = load({ OTEL_NODE_EXTRACT_PROPAGATORS: 'B3,tracecontext' });
  t.strictSame(set.config.extractors, ['b3', 'tracecontext']);
  t.strictSame(set.config.propagators, ['tracecontext', 'baggage']);
  t.strictSame(load({ OTEL_NODE_EXTRACT_PROPAGATORS: 'none' }).config.extractors, []);
  t.match(load({ OTEL_NODE_EXTRACT_PROPAGATORS: 'b4,b3' }).messages, [/"b4" is not known.*; using b3$/]);
});

t.test('OTEL_NODE_UNTRUSTED_INBOUND', async (t) => {
  const parse = (text: string) => load({ OTEL_NODE_UNTRUSTED_INBOUND: text });
  t.strictSame(load({}).config.untrustedInbound, []);
  for (const text of ['all', 'ALL', '*']) {
    t.strictSame(parse(text).config.untrustedInbound, [[]]);
    t.equal(parse(text).shown('OTEL_NODE_UNTRUSTED_INBOUND'), 'all');
  }
  const several = parse('host=a|b,path!=/in/*; path=/public/*');
  t.strictSame(several.messages, []);
  t.equal(several.shown('OTEL_NODE_UNTRUSTED_INBOUND'), 'host=a|b,path!=/in/*; path=/public/*');
  t.match(parse('hots=a; path=/x').messages, [/"hots" is not known \(did you mean host\?\); using the others$/]);
  t.match(parse('parent=remote').messages, [/parent has no meaning here; using none: every caller is followed$/]);
  t.match(parse('path="/x').messages, [/a quotation mark is not closed/]);
});

t.test('who is linked to instead of followed', async (t) => {
  const { config } = load({ OTEL_NODE_UNTRUSTED_INBOUND: 'path=/public/*; kind=consumer' });
  const provider = createTestProvider({
    sampler: new AlwaysOnSampler(),
    layers: [restartUntrusted(config.untrustedInbound)],
  });
  const remote = trace.setSpanContext(ROOT_CONTEXT, REMOTE);
  const tracer = provider.getTracer('test');
  t.equal(provider.getTracer('test'), tracer, 'wrapped once');
  const start = (kind: SpanKind, path: string, parent = remote) =>
    tracer.startSpan(
      'GET',
      { kind, attributes: { 'url.path': path }, links: [{ context: { ...REMOTE, spanId: 'a'.repeat(16) } }] },
      parent,
    ) as never as {
      parentSpanContext?: object;
      links: { context: object }[];
    };
  const restarted = start(SpanKind.SERVER, '/public/a');
  t.equal(restarted.parentSpanContext, undefined);
  t.strictSame(restarted.links.map((link) => link.context).at(-1), REMOTE);
  t.equal(restarted.links.length, 2, 'its own links stay');
  t.equal(start(SpanKind.CONSUMER, '/').parentSpanContext, undefined);
  t.strictSame(start(SpanKind.SERVER, '/private').parentSpanContext, REMOTE);
  t.strictSame(start(SpanKind.CLIENT, '/public/a').parentSpanContext, REMOTE);
  t.strictSame(
    start(SpanKind.SERVER, '/public/a', trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, isRemote: false })).links
      .length,
    1,
  );
  t.equal(start(SpanKind.SERVER, '/public/a', ROOT_CONTEXT).links.length, 1);
  tracer.startActiveSpan('GET', { kind: SpanKind.SERVER, attributes: { 'url.path': '/public/b' } }, remote, (span) => {
    t.not(span.spanContext().traceId, REMOTE.traceId, 'active spans, too');
  });
});

t.test('the random flag: of ids made here, and of callers that say so', async (t) => {
  for (const [sampler, sampled] of [
    [new AlwaysOnSampler(), 1],
    [new AlwaysOffSampler(), 0],
  ] as const) {
    const start = markRandom((name, options, parent) =>
      new TracerProvider({ sampler }).getTracer('t').startSpan(name, options, parent),
    );
    const flagsOf = (traceFlags?: number): number => {
      const parent =
        traceFlags === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, { ...REMOTE, traceFlags });
      return start('span', {}, parent).spanContext().traceFlags;
    };
    t.equal(flagsOf(), 2 + sampled);
    t.equal(flagsOf(1), sampled);
    t.equal(flagsOf(3), 2 + sampled);
  }
});
