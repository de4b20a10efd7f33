/**
 * The same workload bare, under the official http instrumentation and under ours, each in a process of its own: the
 * application sees the same as bare, and the traces are the official ones apart from the list below.
 */
import t, { type Test } from 'tap';
import { createCertificates } from '../helpers/certificates.js';
import { type LeanReport, type LeanSpan, runScenario } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

interface Difference {
  /** Cases of the workload; `*` = all. */
  readonly cases: readonly string[];
  readonly kind: 'SERVER' | 'CLIENT';
  /** An attribute, `status`, `events`, or `span` for a span that only the official instrumentation makes. */
  readonly what: string;
  readonly official: unknown;
  readonly own: unknown;
  readonly reason: string;
}

/** The whole list of deliberate differences. A difference that is not here fails; so does one that has gone. */
const DIFFERENCES: readonly Difference[] = [
  {
    cases: ['invalid url', 'invalid protocol', 'invalid header', 'invalid path'],
    kind: 'CLIENT',
    what: 'span',
    official: 'GET',
    own: undefined,
    reason: 'no attempt was made: the application gets an exception of the library',
  },
  {
    cases: ['post'],
    kind: 'CLIENT',
    what: 'user_agent.original',
    official: 'test',
    own: undefined,
    reason: 'opt-in on clients in the convention',
  },
  {
    cases: ['forwarded'],
    kind: 'SERVER',
    what: 'url.scheme',
    official: 'http',
    own: 'https',
    reason: 'the convention takes it from Forwarded or X-Forwarded-Proto first',
  },
  ...(['CLIENT', 'SERVER'] as const).flatMap((kind) =>
    (kind === 'CLIENT' ? ['404', '500'] : ['500']).map((code) => ({
      cases: [`status ${code}`],
      kind,
      what: 'error.type',
      official: undefined,
      own: code,
      reason: 'required by the convention when the request failed',
    })),
  ),
  ...(['destroyed', 'refused'] as const).map((name) => ({
    cases: [name],
    kind: 'CLIENT' as const,
    what: 'error.type',
    official: 'Error',
    own: name === 'refused' ? 'ECONNREFUSED' : 'ECONNRESET',
    reason: "Node's code has as low a cardinality as the class and says what happened",
  })),
  ...['destroyed', 'half', 'aborted'].flatMap((name) => [
    {
      cases: [name],
      kind: 'SERVER' as const,
      what: 'error.type',
      official: undefined,
      own: 'ECONNRESET',
      reason: 'the connection went before the response was complete',
    },
    {
      cases: [name],
      kind: 'SERVER' as const,
      what: 'status',
      official: { code: 0 },
      own: { code: 2 },
      reason: 'the connection went before the response was complete',
    },
  ]),
  {
    cases: ['destroyed', 'aborted'],
    kind: 'SERVER',
    what: 'http.response.status_code',
    official: 200,
    own: undefined,
    reason: "no status was ever sent; 200 is Node's initial value",
  },
  {
    cases: ['half'],
    kind: 'CLIENT',
    what: 'error.type',
    official: undefined,
    own: 'ECONNRESET',
    reason: 'the response broke off',
  },
  {
    cases: ['half'],
    kind: 'CLIENT',
    what: 'status',
    official: { code: 0 },
    own: { code: 2, message: 'aborted' },
    reason: 'the response broke off',
  },
  {
    cases: ['half'],
    kind: 'CLIENT',
    what: 'events',
    official: [],
    own: [{ name: 'exception', type: 'ECONNRESET' }],
    reason: 'the response broke off',
  },
  ...[
    { what: 'error.type', official: 'AbortError', own: undefined },
    { what: 'status', official: { code: 2, message: 'The operation was aborted' }, own: { code: 0 } },
    { what: 'events', official: [{ name: 'exception', type: 'ABORT_ERR' }], own: [] },
  ].map((values) => ({
    cases: ['aborted'],
    kind: 'CLIENT' as const,
    ...values,
    reason: 'a cancellation by the caller is no error in the convention',
  })),
  ...[
    { what: 'http.response.status_code', official: undefined, own: 101 },
    { what: 'network.peer.address', official: undefined, own: '127.0.0.1' },
    { what: 'network.peer.port', official: undefined, own: 'port' },
    { what: 'network.protocol.version', official: undefined, own: '1.1' },
  ].map((values) => ({
    cases: ['upgrade'],
    kind: 'CLIENT' as const,
    ...values,
    reason: 'the response of an upgrade is a response',
  })),
  ...(['CLIENT', 'SERVER'] as const).map((kind) => ({
    cases: ['array of headers'],
    kind,
    what: 'http.request.header.x-asked',
    official: undefined,
    own: ['me'],
    reason: 'the official instrumentation turns an array of headers into headers named 0, 1, 2',
  })),
  ...[
    { what: 'server.address', official: '127.0.0.1', own: 'a' },
    { what: 'server.port', official: 'port', own: 80 },
  ].map((values) => ({
    cases: ['array of headers'],
    kind: 'SERVER' as const,
    ...values,
    reason: 'the official instrumentation loses the Host header of an array',
  })),
];

/** Ports differ from run to run. */
function withoutPorts(report: LeanReport, value: unknown): unknown {
  const ports = [report.port, report.securePort];
  return JSON.parse(JSON.stringify(value), (_key, item: unknown) => {
    if (ports.includes(item)) return 'port';
    return typeof item === 'string'
      ? ports.reduce<string>((text, port) => text.replaceAll(`:${port}`, ':port'), item)
      : item;
  });
}

function facts(report: LeanReport, span: LeanSpan): Record<string, unknown> {
  const attributes = withoutPorts(report, span.attributes) as Record<string, unknown>;
  // An ephemeral port on one side of every connection.
  if (span.kind === 'SERVER') delete attributes['network.peer.port'];
  return { ...attributes, name: span.name, status: span.status, events: span.events };
}

/** Spans as text paths `caller/GET/GET/handler`, so that ids do not matter. */
function tree(report: LeanReport, name: string): string[] {
  const spans = report.cases[name]?.spans ?? [];
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const path = (span: LeanSpan): string => {
    const parent = byId.get(span.parentSpanId ?? '');
    const above = parent === undefined ? (span.parentSpanId ?? '') : path(parent);
    return `${above}/${span.kind} ${span.name}`;
  };
  return spans.map(path).sort();
}

function spansOf(report: LeanReport, name: string, kind: string): LeanSpan[] {
  const spans = report.cases[name]?.spans.filter((span) => span.kind === kind) ?? [];
  return spans.sort((a, b) => String(a.attributes['url.path']).localeCompare(String(b.attributes['url.path'])));
}

function compareSpans(t: Test, official: LeanReport, own: LeanReport, name: string, kind: 'SERVER' | 'CLIENT'): number {
  const listed = DIFFERENCES.filter((item) => item.cases.includes(name) && item.kind === kind && item.what !== 'span');
  const seen = new Set<Difference>();
  const ours = spansOf(own, name, kind);
  spansOf(official, name, kind)
    .slice(0, ours.length)
    .forEach((theirs, index) => {
      const [left, right] = [facts(official, theirs), facts(own, ours[index] as LeanSpan)];
      for (const what of new Set([...Object.keys(left), ...Object.keys(right)])) {
        const difference = listed.find((item) => item.what === what);
        if (difference !== undefined) seen.add(difference);
        t.same(right[what], difference === undefined ? left[what] : difference.own, `${name} ${kind} ${what}`);
        if (difference !== undefined) t.same(left[what], difference.official, `${name} ${kind} ${what}, official`);
      }
    });
  t.equal(seen.size, listed.length, `${name} ${kind}: every listed difference is there`);
  return ours.length;
}

function testTrees(t: Test, official: LeanReport, own: LeanReport): void {
  for (const name of Object.keys(own.cases)) {
    const isRefused = DIFFERENCES.some((item) => item.what === 'span' && item.cases.includes(name));
    const expected = tree(official, name).filter((path) => !isRefused || !path.endsWith('CLIENT GET'));
    t.strictSame(tree(own, name), expected, name);
    if (isRefused) t.ok(tree(official, name).some((path) => path.endsWith('CLIENT GET')));
  }
}

t.test('http: bare, official and own', async (t) => {
  const { files } = await createCertificates();
  for (const { node, version } of nodeBinaries()) {
    t.test(`on Node ${version}`, async (t) => {
      const run = (variant: string) =>
        runScenario(node, 'http-workload.cjs', variant, files.serverKey, files.serverCert);
      const [bare, official, own] = await Promise.all([run('bare'), run('official'), run('own')]);
      t.strictSame(withoutPorts(own, own.saw), withoutPorts(bare, bare.saw), 'the application sees what it sees bare');
      t.strictSame(own.messages, []);
      t.equal(own.open, 0);
      testTrees(t, official, own);
      let compared = 0;
      for (const name of Object.keys(own.cases)) {
        for (const kind of ['SERVER', 'CLIENT'] as const) compared += compareSpans(t, official, own, name, kind);
      }
      t.ok(compared >= 40, `${compared} spans were compared`);
      for (const fault of ['fault-start', 'fault-span', 'fault-propagation']) {
        const broken = await run(fault);
        t.strictSame(
          withoutPorts(broken, broken.saw),
          withoutPorts(bare, bare.saw),
          `${fault}: the application notices nothing`,
        );
        t.match(broken.messages[0], /^warn: instrumentation http failed: Error: broken below/);
        t.strictSame(broken.messages.slice(1), ['error: instrumentation http is off after 10 faults']);
      }
    });
  }
});
