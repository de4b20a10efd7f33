/**
 * Clients under our http instrumentation against plain servers, on every Node that is asked for.
 *
 *   parent (INTERNAL, application)
 *   └─ GET (CLIENT)  ── traceparent ─►  server
 */
import t, { type Test } from 'tap';
import { createCertificates } from '../helpers/certificates.js';
import { caseOf, ERROR, type LeanReport, onlySpan, runScenario, UNSET } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

interface Expected {
  /** Default: http://127.0.0.1:<port> with this path. */
  path?: string;
  url?: (report: LeanReport) => string;
  method?: string;
}

const secure =
  (path: string) =>
  ({ securePort }: LeanReport): string =>
    `https://127.0.0.1:${securePort}${path}`;

/** Every way to write a call. */
const FORMS: Record<string, Expected> = {
  'url text': { path: '/form?a=1' },
  'url object': { path: '/form?a=1' },
  options: { path: '/form?a=1' },
  'url and options': { path: '/form?a=1', method: 'PUT' },
  'url object and options': { url: ({ port }) => `http://localhost:${port}/form?a=1` },
  'legacy url': { path: '/form?a=1' },
  get: { path: '/form?a=1' },
  callback: { path: '/form?a=1' },
  https: { url: secure('/form') },
  'https get': { url: secure('/form') },
  'credentials in the url': { url: ({ port }) => `http://REDACTED:REDACTED@127.0.0.1:${port}/form` },
  'credentials in auth': { url: ({ port }) => `http://REDACTED:REDACTED@127.0.0.1:${port}/form?a=1` },
  redaction: { path: '/form?a=1&sig=REDACTED&token=REDACTED' },
  'through a proxy': { url: () => 'http://target.example/path?sig=REDACTED' },
  'lower-case method': { path: '/form?a=1', method: 'POST' },
  asterisk: { path: '', method: 'OPTIONS' },
  'unix socket': { url: () => 'http://localhost/form' },
};

const OUTCOMES: Record<string, { status: number; errorType?: string; code?: number; events?: number }> = {
  'status 302': { status: UNSET, code: 302 },
  'status 404': { status: ERROR, errorType: '404', code: 404 },
  'status 500': { status: ERROR, errorType: '500', code: 500 },
  information: { status: UNSET, code: 200 },
  large: { status: UNSET, code: 200 },
  refused: { status: ERROR, errorType: 'ECONNREFUSED', events: 1 },
  'untrusted certificate': { status: ERROR, errorType: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE', events: 1 },
  'hung up': { status: ERROR, errorType: 'ECONNRESET', events: 1 },
  garbage: { status: ERROR, errorType: 'HPE_INVALID_CONSTANT', events: 1 },
  'broken in the body': { status: ERROR, errorType: 'ECONNRESET', code: 200, events: 1 },
  'aborted by its signal': { status: UNSET },
  'aborted by its signal in the body': { status: UNSET, code: 200 },
  'signal that times out': { status: ERROR, errorType: 'TimeoutError', events: 1 },
  'destroyed with an error': { status: ERROR, errorType: 'RangeError', events: 1 },
  destroyed: { status: ERROR, errorType: 'ECONNRESET', events: 1 },
  'response destroyed by the caller': { status: UNSET, code: 200 },
  'socket timeout': { status: ERROR, errorType: 'ETIMEDOUT', events: 1 },
  'no response listener': { status: UNSET, code: 200 },
  'response never read': { status: UNSET, code: 200 },
  upgrade: { status: UNSET, code: 101 },
  connect: { status: UNSET, code: 200 },
};

/** Calls that the library refuses, with its own error and no span. */
const REFUSED: Record<string, string> = {
  'invalid url': 'ERR_INVALID_URL',
  'invalid protocol': 'ERR_INVALID_PROTOCOL',
  'invalid header': 'ERR_INVALID_CHAR',
};

function testForms(t: Test, report: LeanReport): void {
  for (const [name, { path, url, method = 'GET' }] of Object.entries(FORMS)) {
    const { parent, received } = caseOf(report, name);
    const span = onlySpan(report, name);
    t.equal(span.kind, 'CLIENT', name);
    t.equal(span.name, method, name);
    t.equal(span.parentSpanId, parent.spanId, name);
    t.equal(span.attributes['url.full'], url?.(report) ?? `http://127.0.0.1:${report.port}${path}`, name);
    t.equal(received[0]?.headers.traceparent, `00-${span.traceId}-${span.spanId}-01`, name);
  }
  t.strictSame(onlySpan(report, 'url and options').attributes, {
    'http.request.method': 'PUT',
    'server.address': '127.0.0.1',
    'server.port': report.port,
    'url.full': `http://127.0.0.1:${report.port}/form?a=1`,
    'network.protocol.version': '1.1',
    'network.peer.address': '127.0.0.1',
    'network.peer.port': report.port,
    'http.response.status_code': 200,
    'http.request.header.x-asked': ['me'],
    'http.response.header.x-answered': ['one, two'],
  });
  t.match(onlySpan(report, 'through a proxy').attributes, { 'server.address': 'target.example', 'server.port': 80 });
  t.match(onlySpan(report, 'connect').attributes, { 'server.address': 'target.example', 'server.port': 443 });
  t.match(onlySpan(report, 'unknown method'), {
    name: 'HTTP',
    attributes: { 'http.request.method': '_OTHER', 'http.request.method_original': 'PROPFIND' },
  });
  t.equal(caseOf(report, 'named import').spans.length, 2, 'named imports of the built-in are traced');
  t.equal(caseOf(report, 'named import').result, true);
}

function testHeaders(t: Test, report: LeanReport): void {
  const sent = (name: string): string[] => caseOf(report, name).received[0]?.raw ?? [];
  const names = (name: string): string[] => sent(name).filter((_, index) => index % 2 === 0);
  for (const name of [
    'header object',
    'header array',
    'header pairs',
    'expect',
    'own traceparent',
    'own traceparent in an array',
    'flushed at once',
  ]) {
    const span = onlySpan(report, name);
    const carried = sent(name).filter(
      (_, index) => sent(name)[index - 1]?.toLowerCase() === 'traceparent' && index % 2 === 1,
    );
    t.strictSame(carried, [`00-${span.traceId}-${span.spanId}-01`], `${name}: once, and the one of the span`);
  }
  t.strictSame(
    caseOf(report, 'header object').result,
    ['X-App', 'authorization'],
    "the application's object is not touched",
  );
  t.strictSame(names('header array'), ['Host', 'X-App', 'x-app', 'traceparent', 'Connection'], 'order and case stay');
  t.strictSame(names('header pairs'), ['Host', 'X-App', 'traceparent', 'Connection']);
  t.equal(caseOf(report, 'expect').result, 200);
  t.equal(caseOf(report, 'own traceparent in an array').received[0]?.headers['x-app'], 'kept');
  t.ok(names('set later').includes('X-App'), 'headers can still be set');
  t.strictSame(onlySpan(report, 'header object').attributes['http.request.header.authorization'], ['REDACTED']);
}

function testOutcomes(t: Test, report: LeanReport): void {
  for (const [name, { status, errorType, code, events = 0 }] of Object.entries(OUTCOMES)) {
    const span = onlySpan(report, name);
    t.equal(span.status.code, status, name);
    t.equal(span.attributes['error.type'], errorType, name);
    t.equal(span.attributes['http.response.status_code'], code, name);
    t.equal(span.events.length, events, name);
  }
  for (const [name, code] of Object.entries(REFUSED)) {
    t.strictSame(caseOf(report, name).result, { error: code }, name);
    t.strictSame(caseOf(report, name).spans, [], name);
  }
  t.match(caseOf(report, 'large').result, { length: 300_000 });
  for (const name of ['suppressed', 'excluded', 'excluded, with an array of headers']) {
    t.strictSame(caseOf(report, name).spans, [], name);
    t.equal(caseOf(report, name).received[0]?.headers.traceparent, undefined, name);
  }
  const unsampled = caseOf(report, 'unsampled');
  t.strictSame(unsampled.spans, []);
  t.match(unsampled.received[0]?.headers.traceparent, new RegExp(`^00-${'a'.repeat(32)}-[0-9a-f]{16}-00$`));
}

function testContext(t: Test, report: LeanReport): void {
  for (const name of ['url text', 'https', 'information', 'large', 'header array']) {
    const { result, parent } = caseOf(report, name);
    t.strictSame((result as { contexts: string[] }).contexts, [parent.spanId], `${name}: all listeners`);
  }
  t.strictSame(caseOf(report, 'callback').result, { inCallback: true, inEnd: true });
  t.match(caseOf(report, 'upgrade').result, { inContext: true });
  t.strictSame(caseOf(report, 'one socket for all').result, [true, true, true, true]);
  t.strictSame(caseOf(report, 'error on a socket that another call opened').result, { reused: true, inContext: true });
}

t.test('clients', async (t) => {
  const { files } = await createCertificates();
  for (const { node, version } of nodeBinaries()) {
    t.test(`on Node ${version}`, async (t) => {
      const report = await runScenario(node, 'http-client.cjs', files.serverKey, files.serverCert);
      t.equal(report.open, 0, 'no span stays open');
      t.strictSame(report.messages, [], 'nothing of ours failed');
      t.equal(report.looksTheSame, true, 'name, length and properties of request and get');
      testForms(t, report);
      testHeaders(t, report);
      testOutcomes(t, report);
      testContext(t, report);
    });
  }
});
