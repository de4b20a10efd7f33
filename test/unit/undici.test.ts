/**
 * fetch and undici under our instrumentation, against a real server, on every Node that is asked for.
 *
 *   parent (INTERNAL, application)
 *   └─ GET (CLIENT, one per attempt)  ── traceparent ─►  server
 */
import t, { type Test } from 'tap';
import { caseOf, ERROR, type LeanReport, onlySpan, runScenario, UNSET } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

/** What each case must give: status of the span, its error.type. One span, in the caller's trace. */
const CASES: Record<string, { status: number; errorType?: string; events?: number }> = {
  plain: { status: UNSET },
  'status 302': { status: UNSET },
  'status 404': { status: ERROR, errorType: '404', events: 0 },
  'status 500': { status: ERROR, errorType: '500', events: 0 },
  'own header': { status: UNSET },
  post: { status: UNSET },
  destroyed: { status: ERROR, errorType: 'UND_ERR_SOCKET', events: 1 },
  refused: { status: ERROR, errorType: 'ECONNREFUSED', events: 1 },
  'abort before the answer': { status: UNSET, events: 0 },
  'abort in the body': { status: UNSET, events: 0 },
  timeout: { status: ERROR, errorType: 'TimeoutError', events: 1 },
};

function testCases(t: Test, report: LeanReport): void {
  for (const [name, expected] of Object.entries(CASES)) {
    const { parent } = caseOf(report, name);
    const span = onlySpan(report, name);
    t.equal(span.kind, 'CLIENT', name);
    t.equal(span.traceId, parent.traceId, name);
    t.equal(span.parentSpanId, parent.spanId, name);
    t.equal(span.status.code, expected.status, name);
    t.equal(span.attributes['error.type'], expected.errorType, name);
    t.equal(span.events.length, expected.events ?? 0, name);
  }
}

function testAttributes(t: Test, report: LeanReport): void {
  const { port } = report;
  const { received, result } = caseOf(report, 'plain');
  const span = onlySpan(report, 'plain');
  t.equal(span.name, 'GET');
  t.strictSame(span.attributes, {
    'http.request.method': 'GET',
    'server.address': '127.0.0.1',
    'server.port': port,
    'url.full': `http://127.0.0.1:${port}/items?a=1&sig=REDACTED&token=REDACTED&b=%20`,
    'http.request.header.x-asked': ['me'],
    'network.peer.address': '127.0.0.1',
    'network.peer.port': port,
    'network.protocol.version': '1.1',
    'http.response.status_code': 200,
    'http.response.header.x-answered': ['one', 'two'],
  });
  t.strictSame(result, { status: 200, text: 'done', keepsContext: true });
  t.equal(received[0]?.headers.traceparent, `00-${span.traceId}-${span.spanId}-01`);
  t.equal(received[0]?.url, '/items?a=1&sig=secret&token=x&b=%20', 'what is sent is not masked');
}

function testInjection(t: Test, report: LeanReport): void {
  const own = caseOf(report, 'own header');
  const span = onlySpan(report, 'own header');
  const names = own.received[0]?.raw.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase()) ?? [];
  t.equal(
    names.filter((name) => name === 'traceparent').length,
    1,
    "the application's header is replaced, not doubled",
  );
  t.equal(own.received[0]?.headers.traceparent, `00-${span.traceId}-${span.spanId}-01`);
  t.equal(own.received[0]?.headers.authorization, 'x');
  t.strictSame(span.attributes['http.request.header.authorization'], ['REDACTED']);

  for (const name of ['suppressed', 'excluded']) {
    t.strictSame(caseOf(report, name).spans, [], name);
    t.equal(caseOf(report, name).received[0]?.headers.traceparent, undefined, `${name}: nothing is injected`);
  }

  const root = onlySpan(report, 'without parent');
  t.equal(root.parentSpanId, undefined);
  t.equal(caseOf(report, 'without parent').received[0]?.headers.traceparent?.slice(3, 35), root.traceId);
}

/** Of each span: which attempt it is, and whether its caller is the call's. */
function attemptsIn(report: LeanReport, name: string): [number, boolean][] {
  const { spans, parent } = caseOf(report, name);
  return spans.map(({ attributes, parentSpanId }) => [
    Number(attributes['http.request.resend_count'] ?? 0),
    parentSpanId === parent.spanId,
  ]);
}

function testAttempts(t: Test, report: LeanReport): void {
  const { spans, received } = caseOf(report, 'redirect');
  t.strictSame(
    spans.map((span) => span.attributes['http.response.status_code']),
    [302, 200],
  );
  t.strictSame(
    received.map(({ headers }) => String(headers.traceparent).slice(36, 52)),
    spans.map((span) => span.spanId),
    'every attempt carries the context of its own span',
  );
  const first = [0, true] as const;
  t.strictSame(attemptsIn(report, 'redirect'), [first, [1, true]]);
  t.strictSame(attemptsIn(report, 'several redirects'), [first, [1, true], [2, true], [3, true]]);
  const counts = attemptsIn(report, 'redirects at once').map(([count]) => count);
  t.strictSame(counts.sort(), [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4]);
  t.strictSame(attemptsIn(report, 'status 302'), [first], 'a redirect that is not followed');
  t.strictSame(attemptsIn(report, 'own header'), [first]);

  const concurrent = caseOf(report, 'concurrent');
  t.equal(new Set(concurrent.received.map(({ headers }) => headers.traceparent)).size, 20);
  t.equal(concurrent.spans.filter((span) => span.parentSpanId === concurrent.parent.spanId).length, 20);

  const unknown = onlySpan(report, 'unknown method');
  t.equal(unknown.name, 'HTTP');
  t.equal(unknown.attributes['http.request.method'], '_OTHER');
  t.equal(unknown.attributes['http.request.method_original'], 'BREW');
}

for (const node of nodeBinaries()) {
  t.test(`fetch on Node ${node.version}`, async (t) => {
    const report = await runScenario(node.node, 'undici.cjs');
    t.equal(report.open, 0, 'no span stays open');
    t.strictSame(report.messages, [], 'nothing of ours failed');
    testCases(t, report);
    testAttributes(t, report);
    testInjection(t, report);
    testAttempts(t, report);
    if (node.major >= 22) {
      const { result, spans, received, parent } = caseOf(report, 'websocket');
      t.equal(result, 'open');
      t.strictSame(spans, [], 'an upgrade has no span');
      t.equal(String(received[0]?.headers.traceparent).slice(3, 52), `${parent.traceId}-${parent.spanId}`);
    }
  });
}

t.test('the undici package beside the fetch of Node', async (t) => {
  const report = await runScenario(process.execPath, 'undici.cjs', 'undici');
  t.equal(report.open, 0);
  t.strictSame(report.messages, []);
  testCases(t, report);
  testAttributes(t, report);
  testInjection(t, report);
  testAttempts(t, report);
  const first = [0, true];
  t.strictSame(attemptsIn(report, 'redirects of the package'), [first, [1, true], [2, true]]);
  t.strictSame(attemptsIn(report, 'redirects over a connection that is there'), [first, [1, true]]);
  t.strictSame(attemptsIn(report, 'a redirect that nobody follows'), [first]);
  t.strictSame(attemptsIn(report, 'its target, later'), [first]);
  t.strictSame(attemptsIn(report, 'a retry'), [first, [1, true]]);
  t.match(onlySpan(report, 'request').attributes, { 'http.request.header.x-asked': ['me'] });
  t.equal(onlySpan(report, 'stream').attributes['http.response.status_code'], 200);
  t.strictSame(
    caseOf(report, 'both').spans.map((span) => new URL(String(span.attributes['url.full'])).pathname),
    ['/built-in', '/package'],
    'one span for each, whichever copy of undici made it',
  );
  t.equal(caseOf(report, 'upgrade').result, 'upgraded');
});
