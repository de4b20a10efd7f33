/**
 * One trace through services in four languages, each with its own OpenTelemetry: ours, otelhttp and otelgrpc, the Java
 * agent, opentelemetry-instrument. HTTP and gRPC; what the caller sent arrives at the end of the chain.
 *
 *     test ─► front (Node.js) ─► go ─► middle (Node.js) ─► java ─► python
 */
import { randomBytes } from 'node:crypto';
import t, { type Test } from 'tap';
import type { Collector, SpanRecord } from '../../src/viewer/otlp-receiver.js';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { buildTree, type SpanNode, serviceOf } from '../../src/viewer/trace-tree.js';
import { type Chain, type Hop, type Link, type Route, startChain } from '../helpers/chain.js';
import { installedOrSkip } from '../helpers/installed.js';

interface Context {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

type Headers = Readonly<Record<string, string>>;

interface Setting {
  readonly name: string;
  /** OTEL_PROPAGATORS of all services, or of each. */
  readonly propagators: string | Readonly<Record<string, Headers>>;
  /** What the caller writes. */
  write(context: Context): Headers;
  /** Headers that every service must receive with the members that the caller wrote. */
  readonly kept: Headers;
}

const BAGGAGE = { baggage: 'user.id=alice,region=eu-west-1,note=a%20b%2Cc,tier=gold;ttl=60' };
/** With what a consistent sampler in front has written: the share that each span stands for. */
const TRACESTATE = {
  tracestate: 'ot=th:8;rv:c0ffee00c0ffee,rojo=00f067aa0ba902b7,congo=t61rcWkgMzE,fw529a3039@dt=FfAAAA:b/c',
};

/** With the flag that says that the trace id is random. */
const w3c = ({ traceId, spanId, isSampled }: Context): Headers => ({
  traceparent: `00-${traceId}-${spanId}-${isSampled ? '03' : '02'}`,
});
const b3 = ({ traceId, spanId, isSampled }: Context): Headers => ({ b3: `${traceId}-${spanId}-${Number(isSampled)}` });
const b3multi = ({ traceId, spanId, isSampled }: Context): Headers => ({
  'x-b3-traceid': traceId,
  'x-b3-spanid': spanId,
  'x-b3-sampled': `${Number(isSampled)}`,
});

const SETTINGS: readonly Setting[] = [
  { name: 'W3C', propagators: 'tracecontext,baggage', write: w3c, kept: { ...TRACESTATE, ...BAGGAGE } },
  { name: 'B3 in one header', propagators: 'b3,baggage', write: b3, kept: BAGGAGE },
  { name: 'B3 in several headers', propagators: 'b3multi,baggage', write: b3multi, kept: BAGGAGE },
  {
    // A landscape on the move: each pair agrees on a format, no format is understood by all.
    name: 'mixed',
    propagators: {
      front: { OTEL_PROPAGATORS: 'baggage,b3multi' },
      go: { OTEL_PROPAGATORS: 'b3multi,tracecontext,baggage' },
      middle: { OTEL_PROPAGATORS: 'baggage,b3', OTEL_NODE_EXTRACT_PROPAGATORS: 'tracecontext,baggage' },
      java: { OTEL_PROPAGATORS: 'tracecontext,b3,baggage' },
      python: { OTEL_PROPAGATORS: 'tracecontext,b3,baggage' },
    },
    write: b3multi,
    kept: BAGGAGE,
  },
];

const SERVICES = ['front', 'go', 'middle', 'java', 'python'] as const;
const LANGUAGES = { front: 'node', go: 'go', middle: 'node', java: 'java', python: 'python' } as const;
const ROUTES: readonly Route[] = ['hhhh', 'gggg', 'hghg', 'ghgh'];
const TREE = SERVICES.flatMap((name) => (name === 'python' ? [`${name} SERVER`] : [`${name} SERVER`, `${name} CLIENT`]))
  .map((line, depth) => `${'  '.repeat(depth)}${line}`)
  .join('\n');

function linksOf({ propagators }: Setting): Link[] {
  return SERVICES.map((name) => ({
    name,
    language: LANGUAGES[name],
    env: typeof propagators === 'string' ? { OTEL_PROPAGATORS: propagators } : (propagators[name] ?? {}),
  }));
}

const newContext = (isSampled: boolean): Context => ({
  traceId: randomBytes(16).toString('hex'),
  spanId: randomBytes(8).toString('hex'),
  isSampled,
});

function draw(nodes: readonly SpanNode[], depth = 0): string[] {
  return nodes.flatMap(({ span, children }) => [
    `${'  '.repeat(depth)}${serviceOf(span)} ${span.kind}`,
    ...draw(children, depth + 1),
  ]);
}

/** The spans of one trace, when as many have arrived as the chain makes. */
async function traceOf(collector: Collector, traceId: string): Promise<SpanRecord[]> {
  const ofTrace = (spans: readonly SpanRecord[]) => spans.filter((span) => span.traceId === traceId);
  const count = SERVICES.length * 2 - 1;
  return ofTrace(await collector.waitForSpans((spans) => ofTrace(spans).length >= count));
}

const languageOf = ({ service }: Hop) => LANGUAGES[service as keyof typeof LANGUAGES];

/** Go and Java write the members of baggage in any order; everything else is passed on byte for byte, by all. */
function checkKept(t: Test, hops: readonly Hop[], kept: Headers): void {
  const membersOf = (header: string | undefined) => header?.split(',').sort();
  for (const [name, sent] of Object.entries(kept)) {
    for (const [index, hop] of hops.entries()) {
      const { service, headers } = hop;
      t.same(membersOf(headers[name]), membersOf(sent), `${name} that ${service} received`);
      const next = hops[index + 1];
      const isKept = name !== 'baggage' || languageOf(hop) === 'node';
      if (next !== undefined && isKept)
        t.equal(next.headers[name], headers[name], `${service} passes ${name} on as it is`);
    }
  }
}

/** The others drop the random flag. */
function checkFlags(t: Test, hops: readonly Hop[]): void {
  const flagsOf = (hop: Hop | undefined) => hop?.headers.traceparent?.slice(-2);
  for (const [index, hop] of hops.entries()) {
    if (languageOf(hop) === 'node')
      t.equal(flagsOf(hops[index + 1]), flagsOf(hop), `${hop.service} passes the flags on`);
  }
}

async function checkSampled(t: Test, chain: Chain, collector: Collector, setting: Setting, route: Route) {
  const context = newContext(true);
  const hops = await chain.ask(route, { ...setting.write(context), ...setting.kept });
  t.equal(hops.map(({ service }) => service).join(), SERVICES.join());
  checkKept(t, hops, setting.kept);
  if (setting.name === 'W3C') checkFlags(t, hops);
  const spans = await traceOf(collector, context.traceId);
  const states = new Set(spans.map(({ traceState }) => traceState));
  t.strictSame([...states], [setting.kept.tracestate ?? ''], 'each span has the tracestate');
  const { roots } = buildTree(spans);
  t.equal(draw(roots).join('\n'), TREE);
  t.equal(roots[0]?.span.parentSpanId, context.spanId, 'below the caller');
}

async function checkUnsampled(t: Test, chain: Chain, setting: Setting, route: Route): Promise<string> {
  const context = newContext(false);
  const hops = await chain.ask(route, { ...setting.write(context), ...setting.kept });
  t.equal(hops.map(({ service }) => service).join(), SERVICES.join());
  checkKept(t, hops, setting.kept);
  if (setting.name === 'W3C') checkFlags(t, hops);
  for (const { service, headers } of hops) {
    t.match(Object.values(headers).join(' '), context.traceId, `${service} has the trace`);
    t.ok(saysUnsampled(headers), `${service} is told that it is not sampled: ${JSON.stringify(headers)}`);
  }
  return context.traceId;
}

/** Every format that is there says so. */
function saysUnsampled({ traceparent, b3: single, 'x-b3-sampled': multi }: Headers): boolean {
  const said = [
    ...(traceparent === undefined ? [] : [/-0[02]$/.test(traceparent)]),
    ...(single === undefined ? [] : [/-0$/.test(single)]),
    ...(multi === undefined ? [] : [multi === '0']),
  ];
  return said.length > 0 && said.every(Boolean);
}

for (const setting of SETTINGS) {
  t.test(`${setting.name}: one trace over five services`, async (t) => {
    if (!(await installedOrSkip(t, 'go', 'java', 'python'))) return;
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const chain = await startChain(collector, linksOf(setting));
    t.teardown(() => chain.stop());

    const unsampled: string[] = [];
    for (const route of ROUTES) {
      await t.test(`not sampled, ${route}`, async (t) =>
        unsampled.push(await checkUnsampled(t, chain, setting, route)),
      );
      await t.test(`sampled, ${route}`, (t) => checkSampled(t, chain, collector, setting, route));
    }

    await t.test('a trace that starts in the chain', async (t) => {
      const [, go] = await chain.ask('hghg');
      const [traceId = ''] = /[0-9a-f]{32}/.exec(Object.values(go?.headers ?? {}).join(' ')) ?? [];
      const { roots } = buildTree(await traceOf(collector, traceId));
      t.equal(draw(roots).join('\n'), TREE);
    });

    // Each service has exported later spans by now, so these would have come.
    t.notOk(
      collector.spans().some(({ traceId }) => unsampled.includes(traceId)),
      'nothing of what was not sampled',
    );
  });
}
