/**
 * The same workload bare, under the official http instrumentation and under ours, each in a process of its own: the
 * application sees the same as bare, and the traces are the official ones apart from the list below.
 */
import t, { type Test } from 'tap';
import { createCertificates } from '../helpers/certificates.js';
import { Comparison, type Difference, type Facts, withoutPorts } from '../helpers/differences.js';
import { type LeanReport, type LeanSpan, runScenario } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

/** The official one has a CLIENT span of a call that was never made: the application gets an exception of the library. */
const NEVER_MADE = ['invalid url', 'invalid protocol', 'invalid header', 'invalid path'];

/** All others. A difference that is not here fails; so does one that has gone. */
const DIFFERENCES: readonly Difference[] = [
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
const steady = <Value>(report: LeanReport, value: Value): Value =>
  withoutPorts(value, [report.port, report.securePort]);

function facts(report: LeanReport, span: LeanSpan): Facts {
  const attributes = steady(report, span.attributes);
  // An ephemeral port on one side of every connection.
  if (span.kind === 'SERVER') delete attributes['network.peer.port'];
  return { ...attributes, name: span.name, kind: span.kind, status: span.status, events: span.events };
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

function compareSpans(t: Test, official: LeanReport, own: LeanReport): void {
  const comparison = new Comparison(DIFFERENCES);
  for (const name of Object.keys(own.cases)) {
    for (const kind of ['SERVER', 'CLIENT']) {
      const theirs = spansOf(official, name, kind);
      for (const [index, ours] of spansOf(own, name, kind).entries()) {
        comparison.compare(t, name, facts(official, theirs[index] as LeanSpan), facts(own, ours));
      }
    }
  }
  comparison.end(t);
  t.ok(comparison.compared >= 40, `${comparison.compared} spans were compared`);
}

function testTrees(t: Test, official: LeanReport, own: LeanReport): void {
  for (const name of Object.keys(own.cases)) {
    const isRefused = NEVER_MADE.includes(name);
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
      t.strictSame(steady(own, own.saw), steady(bare, bare.saw), 'the application sees what it sees bare');
      t.strictSame(own.messages, []);
      t.equal(own.open, 0);
      testTrees(t, official, own);
      compareSpans(t, official, own);
      for (const fault of ['fault-start', 'fault-span', 'fault-propagation']) {
        const broken = await run(fault);
        t.strictSame(steady(broken, broken.saw), steady(bare, bare.saw), `${fault}: the application notices nothing`);
        t.match(broken.messages[0], /^warn: instrumentation http failed: Error: broken below/);
        t.strictSame(broken.messages.slice(1), ['error: instrumentation http is off after 10 faults']);
      }
    });
  }
});
