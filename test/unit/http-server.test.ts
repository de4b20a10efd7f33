/**
 * Servers under our http instrumentation, spoken to in raw bytes, on every Node that is asked for.
 *
 *   GET (SERVER)     one per 'request' event; nothing for an upgrade or a CONNECT
 */
import t, { type Test } from 'tap';
import { createCertificates } from '../helpers/certificates.js';
import { caseOf, ERROR, type LeanReport, onlySpan, runScenario, UNSET } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

const COMMON = {
  'http.request.method': 'GET',
  'url.scheme': 'http',
  'server.address': 'shop.example',
  'server.port': 8080,
  'client.address': '127.0.0.1',
  'user_agent.original': 'raw',
  'network.protocol.version': '1.1',
  'network.peer.address': '127.0.0.1',
  'http.response.status_code': 200,
};

/** Attributes that differ from COMMON; null = absent. All attributes of the span are compared. */
const ATTRIBUTES: Record<string, Record<string, unknown>> = {
  plain: { 'url.path': '/items', 'url.query': 'a=1&token=REDACTED&b=%20' },
  'x-forwarded': {
    'url.path': '/',
    'url.scheme': 'https',
    'server.address': 'www.example',
    'server.port': 443,
    'client.address': '203.0.113.9',
  },
  'x-forwarded with ports': {
    'url.path': '/',
    'url.scheme': 'https',
    'server.address': '2001:db8::2',
    'server.port': 8443,
    'client.address': '2001:db8::1',
  },
  forwarded: {
    'url.path': '/',
    'url.scheme': 'https',
    'server.address': 'rfc.example',
    'server.port': 444,
    'client.address': '2001:db8:cafe::17',
  },
  'garbage forwarded': { 'url.path': '/' },
  'no host': {
    'url.path': '/old',
    'server.address': null,
    'server.port': null,
    'user_agent.original': null,
    'network.protocol.version': '1.0',
  },
  'ipv6 host': { 'url.path': '/', 'server.address': '::1', 'server.port': 81, 'user_agent.original': null },
  'absolute target': { 'url.path': '/path/a', 'url.query': 'sig=REDACTED' },
  asterisk: { 'url.path': '*', 'http.request.method': 'OPTIONS' },
  'unknown method': {
    'url.path': '/dav',
    'http.request.method': '_OTHER',
    'http.request.method_original': 'PROPFIND',
  },
  head: { 'url.path': '/', 'http.request.method': 'HEAD' },
  'status 204': { 'url.path': '/status/204', 'http.response.status_code': 204 },
  'status 404': { 'url.path': '/status/404', 'http.response.status_code': 404 },
  'status 500': { 'url.path': '/status/500', 'http.response.status_code': 500, 'error.type': '500' },
  headers: {
    'url.path': '/headers',
    'http.request.header.x-asked': ['one, two'],
    'http.request.header.cookie': ['REDACTED'],
    'http.response.header.x-answered': ['one', 'two'],
    'http.response.header.set-cookie': ['REDACTED'],
  },
  route: { 'url.path': '/route', 'http.route': '/route/:id' },
  information: { 'url.path': '/information' },
  trailers: { 'url.path': '/trailers' },
  'emitted again': { 'url.path': '/again' },
  'malformed parent': { 'url.path': '/' },
};

const NAMES: Record<string, string> = {
  plain: 'GET',
  route: 'GET /route/:id',
  'unknown method': 'HTTP',
  asterisk: 'OPTIONS',
  head: 'HEAD',
};

/** How requests end that do not end well. */
const OUTCOMES: Record<string, { status: number; errorType?: string; code?: number }> = {
  'status 404': { status: UNSET, code: 404 },
  'status 500': { status: ERROR, errorType: '500', code: 500 },
  'abort before the answer': { status: ERROR, errorType: 'ECONNRESET' },
  'abort in the answer': { status: ERROR, errorType: 'ECONNRESET', code: 200 },
  'end of an event stream': { status: UNSET, code: 200 },
  'destroyed with an error': { status: ERROR, errorType: 'RangeError' },
  'write after end': { status: ERROR, errorType: 'ERR_STREAM_WRITE_AFTER_END', code: 200 },
  throws: { status: ERROR, errorType: 'ECONNRESET' },
  'server timeout': { status: ERROR, errorType: 'ECONNRESET' },
  expect: { status: UNSET, code: 200 },
  'expect, handled by the application': { status: UNSET, code: 200 },
  'upgrade without a listener': { status: UNSET, code: 200 },
  'ten thousand aborts': { status: ERROR, errorType: 'ECONNRESET' },
};

function testAttributes(t: Test, report: LeanReport): void {
  for (const [name, changes] of Object.entries(ATTRIBUTES)) {
    const { 'network.peer.port': peerPort, ...attributes } = onlySpan(report, name).attributes;
    const expected = Object.entries({ ...COMMON, ...changes }).filter(([, value]) => value !== null);
    t.same(attributes, Object.fromEntries(expected), name);
    t.type(peerPort, 'number');
    t.equal(onlySpan(report, name).kind, 'SERVER');
  }
  for (const [name, expected] of Object.entries(NAMES)) t.equal(onlySpan(report, name).name, expected);
}

function testOutcomes(t: Test, report: LeanReport): void {
  for (const [name, { status, errorType, code }] of Object.entries(OUTCOMES)) {
    const span = onlySpan(report, name);
    t.equal(span.status.code, status, name);
    t.equal(span.attributes['error.type'], errorType, name);
    t.equal(span.attributes['http.response.status_code'], code, name);
  }
  t.equal(caseOf(report, 'throws').result, 'TypeError', 'what a handler throws reaches the application');
  t.equal(caseOf(report, 'ten thousand aborts').result, 10_000);
  t.equal(caseOf(report, 'messages of an adapter').result, true);
  t.equal(onlySpan(report, 'messages of an adapter').attributes['url.path'], '/adapter', 'ends without a socket');
  t.strictSame(caseOf(report, 'upgrade').spans, []);
  t.strictSame(caseOf(report, 'connect').spans, []);
  t.match(caseOf(report, 'expect').result, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
}

function testExclusion(t: Test, report: LeanReport): void {
  for (const name of ['excluded', 'excluded by a pattern', 'probe']) {
    t.strictSame(caseOf(report, name).spans, [], `${name}: nothing, and nothing below`);
    t.match(caseOf(report, name).result, /^HTTP\/1.1 200 OK/, name);
  }
  t.match(caseOf(report, 'excluded').result, /got undefined$/, 'calls of an excluded request carry no context');
  t.strictSame(caseOf(report, 'excluded').seen?.length, 1);
  t.equal(caseOf(report, 'not excluded').spans.length, 1);
}

function testConnections(t: Test, report: LeanReport): void {
  const paths = (name: string) =>
    caseOf(report, name)
      .spans.map((span) => `${span.attributes['url.path']} ${span.attributes['error.type'] ?? 'ok'}`)
      .sort();
  t.equal(caseOf(report, 'keep-alive').result, 1, 'one connection');
  t.strictSame(paths('keep-alive'), ['/0 ok', '/1 ok', '/2 ok']);
  t.equal(new Set(caseOf(report, 'keep-alive').spans.map((span) => span.traceId)).size, 3, 'three traces');
  t.strictSame(paths('pipelined'), ['/b ok', '/c ok', '/slow ok']);
  t.strictSame(
    paths('pipelined behind one that never answers'),
    ['/b ECONNRESET', '/c ECONNRESET', '/consumed-never ECONNRESET'],
    'responses that wait for their turn end with the connection',
  );
}

function testContext(t: Test, report: LeanReport): void {
  const LISTENERS = ['handler', 'data', 'end', 'request close', 'promise', 'immediate', 'finish', 'close'];
  const { seen, spans } = caseOf(report, 'context');
  t.strictSame(seen?.map(([what]) => what).sort(), [...LISTENERS].sort());
  t.ok(
    seen?.every(([, spanId]) => spanId === spans[0]?.spanId),
    'every listener runs in the context of the request',
  );

  const unsampled = caseOf(report, 'unsampled parent');
  t.strictSame(unsampled.spans, []);
  t.ok(unsampled.seen?.length === LISTENERS.length - 1, 'a GET has no data');
  t.equal(new Set(unsampled.seen?.map(([, spanId]) => spanId)).size, 1, 'the context is there all the same');
  t.ok(unsampled.seen?.[0]?.[1]);

  const child = onlySpan(report, 'parent');
  t.equal(child.traceId, 'a'.repeat(32));
  t.equal(child.parentSpanId, 'b'.repeat(16));
  t.equal(onlySpan(report, 'malformed parent').parentSpanId, undefined);
  t.strictSame(caseOf(report, 'listening in a suppressed context').spans, []);
}

async function testHttp2(t: Test, node: string): Promise<void> {
  const { files } = await createCertificates();
  const report = await runScenario(node, 'http2-server.cjs', files.serverKey, files.serverCert);
  t.equal(report.open, 0);
  t.strictSame(report.messages, []);
  const { 'network.peer.port': _port, ...attributes } = onlySpan(report, 'request').attributes;
  t.same(attributes, {
    'http.request.method': 'POST',
    'url.scheme': 'https',
    'url.path': '/items',
    'url.query': 'a=1',
    'server.address': '127.0.0.1',
    'server.port': report.port,
    'client.address': '127.0.0.1',
    'network.protocol.version': '2',
    'network.peer.address': '127.0.0.1',
    'http.response.status_code': 200,
    'http.response.header.x-answered': ['yes'],
  });
  t.equal(onlySpan(report, 'request').parentSpanId, 'b'.repeat(16));
  t.match(onlySpan(report, 'failure'), { status: { code: ERROR }, attributes: { 'error.type': '500' } });
  t.match(onlySpan(report, 'aborted'), { status: { code: ERROR }, attributes: { 'error.type': 'ECONNRESET' } });
  t.equal(onlySpan(report, 'http/1.1').attributes['network.protocol.version'], '1.1', 'on the same server');
  t.strictSame(caseOf(report, 'streams').spans, [], 'stream listeners are not ours');
  for (const { seen, spans } of Object.values(report.cases)) {
    t.ok(
      seen?.every(([, spanId]) => spanId === spans[0]?.spanId),
      'listeners run in the context of the request',
    );
  }
}

for (const { node, version } of nodeBinaries()) {
  t.test(`http2 servers on Node ${version}`, (t) => testHttp2(t, node));

  t.test(`servers on Node ${version}`, async (t) => {
    const report = await runScenario(node, 'http-server.cjs');
    t.equal(report.open, 0, 'no span stays open');
    t.strictSame(report.messages, [], 'nothing of ours failed');
    testAttributes(t, report);
    testOutcomes(t, report);
    testExclusion(t, report);
    testConnections(t, report);
    testContext(t, report);
    const looks = (name: string) => report[name] as { request: number[]; response: number[] };
    t.strictSame(looks('patchedLooks').request, looks('bareLooks').request, 'no property, no listener added');
    t.strictSame(looks('patchedLooks').response, looks('bareLooks').response, 'no property, no listener added');
  });
}
