/**
 * Every fault the receiver can play, seen from a plain client, and what it keeps and counts meanwhile.
 */
import { connect } from 'node:net';
import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import t, { type Test } from 'tap';
import { type Collector, type CollectorOptions, startCollector } from '../../src/viewer/otlp-receiver.js';
import { TRACE_EXPORT_METHOD } from '../../src/viewer/otlp-schema.js';

async function collect(test: Test, options?: CollectorOptions): Promise<Collector> {
  const collector = await startCollector(options);
  test.teardown(() => collector.close());
  return collector;
}

/** An OTLP request with `count` new spans, encoded by the official serializer. */
function encodedSpans(count: number): Buffer {
  const memory = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(memory)] });
  for (let i = 0; i < count; i++) provider.getTracer('faults').startSpan(`span ${i}`).end();
  return Buffer.from(ProtobufTraceSerializer.serializeRequest(memory.getFinishedSpans()) ?? []);
}

interface Posted {
  status: number;
  headers: Headers;
  body: Buffer;
}

async function post(collector: Collector, body: Buffer | string, init: RequestInit = {}): Promise<Posted> {
  const response = await fetch(`${collector.httpUrl}/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body,
    ...init,
  });
  return {
    status: response.status,
    headers: response.headers,
    body: Buffer.from(await response.arrayBuffer()),
  };
}

/** Calls Export with raw bytes; rejects with the ServiceError. */
function call(test: Test, collector: Collector, body: Buffer, deadlineMillis = 5_000): Promise<Buffer> {
  // Without its own pool, this client would inherit the back-off of an earlier one to the same address.
  const client = new Client(new URL(collector.grpcUrl).host, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
  });
  test.teardown(() => client.close());
  const same = (bytes: Buffer) => bytes;
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest<Buffer, Buffer>(
      TRACE_EXPORT_METHOD,
      same,
      same,
      body,
      new Metadata(),
      { deadline: Date.now() + deadlineMillis },
      (error, value) => (error ? reject(error) : resolve(value as Buffer)),
    );
  });
}

t.test('http: an error status with headers keeps nothing', async (test) => {
  const collector = await collect(test, { respond: () => ({ status: 429, headers: { 'retry-after': '7' } }) });
  const posted = await post(collector, encodedSpans(2));

  test.equal(posted.status, 429);
  test.equal(posted.headers.get('retry-after'), '7');
  test.equal(posted.headers.get('content-type'), 'application/x-protobuf');
  test.strictSame(collector.spans(), []);
  test.strictSame(collector.counts(), { requests: 1, receivedSpans: 2, acceptedSpans: 0, duplicateSpans: 0 });
  test.match(collector.requests(), [
    { outcome: 'refused', answeredCode: 429, spanCount: 2, acceptedSpanCount: 0, spans: [{ name: 'span 0' }, {}] },
  ]);
});

t.test('http: a body of the test, as large as it likes', async (test) => {
  const collector = await collect(test, { respond: () => ({ body: Buffer.alloc(5 * 1024 * 1024) }) });
  test.equal((await post(collector, encodedSpans(1))).body.length, 5 * 1024 * 1024);
  collector.respond(() => ({ body: 'garbage' }));
  test.equal((await post(collector, encodedSpans(1))).body.toString(), 'garbage');
  test.equal(collector.spans().length, 2, 'status 200 is a success whatever the body says');
});

t.test('http: partial success refuses the last spans', async (test) => {
  const collector = await collect(test, {
    respond: () => ({ partialSuccess: { rejected: 2, message: 'too many' } }),
  });
  const posted = await post(collector, encodedSpans(3));

  test.equal(posted.status, 200);
  test.ok(posted.body.includes('too many'));
  test.strictSame(
    collector.spans().map((span) => span.name),
    ['span 0'],
  );
  test.match(collector.requests(), [{ outcome: 'partial', acceptedSpanCount: 1 }]);

  const json = await post(collector, '{}', { headers: { 'content-type': 'application/json' } });
  test.strictSame(JSON.parse(json.body.toString()), {
    partialSuccess: { rejectedSpans: '2', errorMessage: 'too many' },
  });
});

t.test('http: hang, delay, reset, and a lost acknowledgement', async (test) => {
  const collector = await collect(test, { respond: () => ({ hang: true }) });
  const abort = new AbortController();
  const hanging = post(collector, encodedSpans(1), { signal: abort.signal });
  await collector.waitForRequests(1);
  abort.abort();
  await test.rejects(hanging, { name: 'AbortError' });

  collector.respond(() => ({ delayMillis: 50 }));
  test.equal((await post(collector, encodedSpans(1))).status, 200);

  collector.respond(() => ({ reset: true }));
  await test.rejects(post(collector, encodedSpans(1)), { cause: { code: 'ECONNRESET' } });
  collector.respond(() => ({ reset: 'mid-response', status: 200 }));
  await test.rejects(post(collector, encodedSpans(1)));
  test.equal(collector.spans().length, 1, 'only the delayed request was accepted');

  collector.respond(() => ({ reset: true, store: true }));
  const body = encodedSpans(1);
  await test.rejects(post(collector, body));
  collector.respond(undefined);
  test.equal((await post(collector, body)).status, 200);
  test.strictSame(
    collector.requests().map((request) => request.outcome),
    ['hung', 'accepted', 'reset', 'reset', 'reset', 'accepted'],
  );
  test.equal(collector.counts().duplicateSpans, 1, 'the retried span came twice');
  test.equal(collector.duplicates()[0]?.spanId, collector.spans().at(-1)?.spanId);
});

t.test('http: a client that gives up during the delay is aborted, not accepted', async (test) => {
  let isAsked = () => {};
  const asked = new Promise<void>((resolve) => {
    isAsked = resolve;
  });
  const collector = await collect(test, {
    respond: () => {
      isAsked();
      return { delayMillis: 200 };
    },
  });
  const abort = new AbortController();
  const posted = post(collector, encodedSpans(1), { signal: abort.signal });
  await asked;
  abort.abort();
  await test.rejects(posted);
  const [request] = await collector.waitForRequests(1);
  test.match(request, { outcome: 'aborted', spanCount: 1, acceptedSpanCount: 0, answeredCode: undefined });
});

t.test('http: what OTLP forbids is answered as the protocol says, and recorded', async (test) => {
  const collector = await collect(test);
  const json = { headers: { 'content-type': 'application/json' } };
  const spanWith = (fields: object) =>
    JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: 'a'.repeat(32), ...fields }] }] }] });
  const spanId = 'b'.repeat(16);
  const cases: [string, Buffer | string, RequestInit, number, RegExp][] = [
    ['not protobuf', Buffer.from('hello'), {}, 400, /not an ExportTraceServiceRequest/],
    ['not JSON', '{', json, 400, /not OTLP JSON/],
    ['a list', '[]', json, 400, /not an object/],
    ['base64 id', spanWith({ spanId: 'AAECAwQFBgc=' }), json, 400, /spanId is not a hex string/],
    ['short id', spanWith({ spanId: 'abcd' }), json, 400, /spanId has 2 bytes instead of 8/],
    ['zero id', spanWith({ spanId: '0'.repeat(16) }), json, 400, /spanId is all zeros/],
    ['time as number', spanWith({ spanId, startTimeUnixNano: 17e17 }), json, 400, /not a decimal string/],
    ['kind by name', spanWith({ spanId, kind: 'SPAN_KIND_SERVER' }), json, 400, /kind is not an integer/],
    ['unknown kind', spanWith({ spanId, kind: 9 }), json, 400, /unknown span kind 9/],
    ['unknown type', 'x', { headers: { 'content-type': 'text/plain' } }, 415, /text\/plain/],
    ['not gzip', 'x', { headers: { ...json.headers, 'content-encoding': 'gzip' } }, 400, /not gzip/],
    ['wrong method', 'x', { ...json, method: 'PUT' }, 405, /PUT/],
  ];
  for (const [name, body, init, expected, problem] of cases) {
    collector.clear();
    test.equal((await post(collector, body, init)).status, expected, name);
    test.match(collector.requests(), [{ outcome: 'invalid', answeredCode: expected, problem }], name);
  }
  const other = await fetch(`${collector.httpUrl}/v1/metrics`, { method: 'POST', body: 'x' });
  test.equal(other.status, 404);
  test.equal(collector.requests().at(-1)?.path, '/v1/metrics');
});

t.test('http: the paths that take traces can be chosen', async (test) => {
  const collector = await collect(test, { tracesPaths: ['/mine/v1/traces'] });
  test.equal((await post(collector, encodedSpans(1))).status, 404);
  const response = await fetch(`${collector.httpUrl}/mine/v1/traces`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-protobuf' },
    body: encodedSpans(1),
  });
  test.equal(response.status, 200);
});

t.test('grpc: success, partial success, errors with and without RetryInfo', async (test) => {
  const collector = await collect(test);
  test.equal((await call(test, collector, encodedSpans(1))).length, 0, 'full success is the empty message');
  collector.respond(() => ({ partialSuccess: { rejected: 1, message: 'one too many' } }));
  test.ok((await call(test, collector, encodedSpans(2))).includes('one too many'));
  test.equal(collector.spans().length, 2);

  collector.respond(() => ({
    grpc: { code: status.RESOURCE_EXHAUSTED, message: 'slow down', retryDelayMillis: 1_500 },
  }));
  const error = await call(test, collector, encodedSpans(1)).then(
    () => test.fail('the call succeeded'),
    (reason: ServiceError) => reason,
  );
  const { code, details, metadata } = error as ServiceError;
  test.equal(code, status.RESOURCE_EXHAUSTED);
  test.equal(details, 'slow down');
  // Status{1: 8, 2: "slow down", 3: Any{type_url, RetryInfo{1: Duration{1: 1, 2: 500000000}}}}, written out by hand.
  const typeUrl = Buffer.from('type.googleapis.com/google.rpc.RetryInfo');
  const retryInfo = Buffer.from([0x0a, 0x08, 0x08, 0x01, 0x10, 0x80, 0xca, 0xb5, 0xee, 0x01]);
  const any = Buffer.concat([
    Buffer.from([0x0a, typeUrl.length]),
    typeUrl,
    Buffer.from([0x12, retryInfo.length]),
    retryInfo,
  ]);
  const expected = Buffer.concat([
    Buffer.from([0x08, 0x08, 0x12, 9]),
    Buffer.from('slow down'),
    Buffer.from([0x1a, any.length]),
    any,
  ]);
  test.strictSame(metadata.get('grpc-status-details-bin'), [expected]);

  collector.respond(() => ({ grpc: { code: status.UNAVAILABLE } }));
  await test.rejects(call(test, collector, encodedSpans(1)), { code: status.UNAVAILABLE });
  collector.respond(undefined);
  await test.rejects(call(test, collector, Buffer.from('hello')), { code: status.INVALID_ARGUMENT });
  test.strictSame(
    collector.requests().map((request) => [request.outcome, request.answeredCode]),
    [
      ['accepted', 0],
      ['partial', 0],
      ['refused', 8],
      ['refused', 14],
      ['invalid', 3],
    ],
  );
});

t.test('grpc: hang and reset', async (test) => {
  const collector = await collect(test, { respond: () => ({ hang: true }) });
  await test.rejects(call(test, collector, encodedSpans(1), 300), { code: status.DEADLINE_EXCEEDED });
  collector.respond(() => ({ reset: true }));
  await test.rejects(call(test, collector, encodedSpans(1)), { code: status.UNAVAILABLE });
  test.strictSame(
    collector.requests().map((request) => request.outcome),
    ['hung', 'reset'],
  );
});

t.test('connections: refused, silent, reset, cut in the middle, and served again on the same port', async (test) => {
  const collector = await collect(test);
  const { httpUrl, grpcUrl } = collector;
  test.equal((await post(collector, encodedSpans(1))).status, 200);

  await collector.connections('refuse');
  await test.rejects(post(collector, encodedSpans(1)), { cause: { code: 'ECONNREFUSED' } });
  await test.rejects(call(test, collector, encodedSpans(1), 300), { code: status.UNAVAILABLE });

  await collector.connections('reset');
  await test.rejects(post(collector, encodedSpans(1)), { cause: { code: 'ECONNRESET' } });
  await collector.connections({ resetAfterBytes: 1_000 });
  await test.rejects(post(collector, Buffer.alloc(100_000)));

  await collector.connections('blackhole');
  const before = collector.acceptedConnections();
  const socket = connect(Number(new URL(httpUrl).port), '127.0.0.1');
  test.teardown(() => socket.destroy());
  const cut = new Promise((resolve) => socket.once('error', resolve));
  await new Promise((resolve) => socket.once('connect', resolve));
  await test.rejects(post(collector, encodedSpans(1), { signal: AbortSignal.timeout(200) }), {
    name: 'TimeoutError',
  });
  test.ok(collector.acceptedConnections() > before, 'the silent connection was accepted');

  await collector.connections('serve');
  test.match(await cut, { code: 'ECONNRESET' }, 'a change of mode cuts what is open');
  test.equal((await post(collector, encodedSpans(1))).status, 200);
  await call(test, collector, encodedSpans(1));
  test.equal(collector.httpUrl, httpUrl);
  test.equal(collector.grpcUrl, grpcUrl);
  test.equal(collector.spans().length, 3);
});

t.test('waits: settled by arrivals, rejected with a summary, rejected by close', async (test) => {
  const collector = await collect(test);
  const seen: string[] = [];
  const remove = collector.onSpans((spans) => seen.push(...spans.map((span) => span.name)));
  const waiting = collector.waitForSpans((spans) => spans.some((span) => span.name === 'span 1'));
  await post(collector, encodedSpans(1));
  await post(collector, encodedSpans(2));
  test.equal((await waiting).length, 3);
  test.strictSame(seen, ['span 0', 'span 0', 'span 1']);
  remove();

  await test.rejects(collector.waitForSpans(4, 20), {
    message: /no 4 spans within 20 ms\narrived: 3 spans \(0 duplicates\) accepted in 2 requests\n {2}request POST/,
  });
  const unmet = collector.waitForRequests((requests) => requests.length > 100);
  await collector.close();
  await test.rejects(unmet, { message: /the receiver was closed\narrived: 3 spans/ });
  test.equal(seen.length, 3);
});

t.test('memory: beyond maxKept the oldest go and the counts stay exact', async (test) => {
  const collector = await collect(test, { maxKept: 20 });
  await post(collector, encodedSpans(50));
  test.equal(collector.counts().acceptedSpans, 50);
  test.ok(collector.spans().length <= 20);
  test.equal(collector.spans().at(-1)?.name, 'span 49');
});
