/**
 * What each answer and each kind of silence does to the spans, over HTTP and gRPC: delivered once, tried again, or
 * dropped with a reason; what the user reads; and that the numbers add up with those of the receiver.
 */
import t, { type Test } from 'tap';
import type { OtlpConfig } from '../../src/config/types.js';
import type { DropReason } from '../../src/pipeline/protocol.js';
import { type Answer, type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { createTestPipeline, type TestPipeline } from '../helpers/pipeline.js';

type Transport = 'http/protobuf' | 'http/json' | 'grpc';
const BOTH: readonly Transport[] = ['http/protobuf', 'grpc'];

interface Setup extends TestPipeline {
  readonly collector: Collector;
}

async function setUp(test: Test, protocol: Transport, otlp: Partial<OtlpConfig> = {}): Promise<Setup> {
  const collector = await startCollector();
  test.teardown(() => collector.close());
  const endpoint = protocol === 'grpc' ? collector.grpcUrl : `${collector.httpUrl}/v1/traces`;
  return { collector, ...createTestPipeline(test, { otlp: { protocol, endpoint, ...otlp } }) };
}

/** Answers in turn, then success. */
function answerInTurn(collector: Collector, ...answers: Answer[]): void {
  collector.respond(() => answers.shift());
}

/** Resolves when the condition holds; the test's own timeout ends a wait in vain. */
async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 2));
}

interface Rejection {
  readonly protocol: Transport;
  readonly title: string;
  readonly answer: Answer;
  readonly reason: DropReason;
  readonly line: RegExp;
}

const http = (status: number, line: RegExp, body = ''): Rejection => ({
  protocol: 'http/protobuf',
  title: `HTTP ${status}`,
  answer: { status, headers: { 'content-type': 'text/plain' }, body },
  reason: 'collector_rejected',
  line,
});
const grpc = (code: number, line: RegExp): Rejection => ({
  protocol: 'grpc',
  title: `gRPC ${code}`,
  answer: { grpc: { code, message: 'näh Bearer hidden-secret' } },
  reason: 'collector_rejected',
  line,
});

const REJECTIONS: readonly Rejection[] = [
  http(400, /HTTP 400 \(bad data\)/, 'bad data'),
  http(401, /HTTP 401.*OTEL_EXPORTER_OTLP_HEADERS/),
  http(403, /HTTP 403.*OTEL_EXPORTER_OTLP_HEADERS/),
  http(404, /HTTP 404.*\/v1\/traces appended/),
  http(408, /HTTP 408/),
  http(413, /HTTP 413.*OTEL_BSP_MAX_EXPORT_BATCH_SIZE/),
  http(500, /HTTP 500/),
  http(501, /HTTP 501/),
  http(301, /HTTP 301/),
  grpc(2, /gRPC UNKNOWN/),
  grpc(3, /gRPC INVALID_ARGUMENT \(n h \*\*\*\)/),
  grpc(5, /gRPC NOT_FOUND/),
  grpc(6, /gRPC ALREADY_EXISTS/),
  grpc(7, /gRPC PERMISSION_DENIED.*OTEL_EXPORTER_OTLP_HEADERS/),
  grpc(8, /gRPC RESOURCE_EXHAUSTED/),
  grpc(9, /gRPC FAILED_PRECONDITION/),
  grpc(12, /gRPC UNIMPLEMENTED/),
  grpc(13, /gRPC INTERNAL/),
  grpc(16, /gRPC UNAUTHENTICATED.*OTEL_EXPORTER_OTLP_HEADERS/),
];

for (const { protocol, title, answer, reason, line } of REJECTIONS) {
  t.test(`${title} is not retried, counted and explained`, async (t) => {
    const headers = { Authorization: 'Bearer hidden-secret' };
    const { collector, pipeline, produce, account, lines } = await setUp(t, protocol, { headers });
    answerInTurn(collector, answer);
    produce(3);
    await pipeline.forceFlush();
    t.strictSame(account(), { created: 3, exported: 0, queued: 0, dropped: { [reason]: 3 } });
    t.equal(collector.counts().requests, 1);
    t.match(lines[0], line);
    t.equal(lines.length, 1);
    t.notMatch(lines.join(), /hidden-secret/);
    produce(2);
    await pipeline.forceFlush();
    t.strictSame(
      account(),
      { created: 5, exported: 2, queued: 0, dropped: { [reason]: 3 } },
      'the next one goes through',
    );
    t.match(lines[1], /again after/);
  });
}

interface Retry {
  readonly protocol: Transport;
  readonly title: string;
  readonly answer: Answer;
}

const RETRIES: readonly Retry[] = [
  ...[429, 502, 503, 504].map((status) => ({
    protocol: 'http/protobuf' as const,
    title: `HTTP ${status}`,
    answer: { status },
  })),
  ...[1, 4, 10, 11, 14, 15].map((code) => ({
    protocol: 'grpc' as const,
    title: `gRPC ${code}`,
    answer: { grpc: { code } },
  })),
  {
    protocol: 'grpc',
    title: 'gRPC RESOURCE_EXHAUSTED with RetryInfo',
    answer: { grpc: { code: 8, retryDelayMillis: 200 } },
  },
  ...BOTH.map((protocol) => ({
    protocol,
    title: `${protocol} reset before the answer`,
    answer: { reset: true as const },
  })),
  ...BOTH.map((protocol) => ({
    protocol,
    title: `${protocol} reset in the middle of the answer`,
    answer: { reset: 'mid-response' as const, store: false },
  })),
];

for (const { protocol, title, answer } of RETRIES) {
  t.test(`${title} is tried again after a pause`, async (t) => {
    const { collector, pipeline, produce, account } = await setUp(t, protocol);
    answerInTurn(collector, answer, answer);
    produce(3);
    pipeline.handOver();
    const requests = await collector.waitForRequests(3);
    await until(() => account().queued === 0);
    t.strictSame(account(), { created: 3, exported: 3, queued: 0, dropped: {} });
    t.equal(collector.counts().acceptedSpans, 3);
    const [first, second, third] = requests.map(({ receivedAtMillis }) => receivedAtMillis) as [number, number, number];
    t.ok(second - first >= 190, `first pause ${Math.round(second - first)} ms`);
    t.ok(third - second >= 190, `second pause ${Math.round(third - second)} ms`);
  });
}

interface Named {
  readonly title: string;
  readonly protocol: Transport;
  readonly answer: () => Answer;
}

const NAMED_SECOND: readonly Named[] = [
  {
    title: 'Retry-After in seconds',
    protocol: 'http/protobuf',
    answer: () => ({ status: 429, headers: { 'retry-after': '1' } }),
  },
  {
    title: 'Retry-After as a date',
    protocol: 'http/json',
    answer: () => ({ status: 503, headers: { 'retry-after': new Date(Date.now() + 3000).toUTCString() } }),
  },
  { title: 'RetryInfo', protocol: 'grpc', answer: () => ({ grpc: { code: 14, retryDelayMillis: 1000 } }) },
];

for (const { title, protocol, answer } of NAMED_SECOND) {
  t.test(`${title} is honoured, also by a flush`, async (t) => {
    const { collector, pipeline, produce, account } = await setUp(t, protocol);
    collector.respond(() => (collector.counts().requests === 0 ? answer() : undefined));
    produce(1);
    await pipeline.forceFlush(9000);
    const [first, second] = collector.requests().map(({ receivedAtMillis }) => receivedAtMillis) as [number, number];
    t.ok(second - first >= 990, `${Math.round(second - first)} ms`);
    t.strictSame(account().exported, 1);
  });
}

t.test('a named time beyond the flush ends the flush, not the spans', async (t) => {
  const { collector, pipeline, produce, account } = await setUp(t, 'http/protobuf');
  answerInTurn(collector, { status: 503, headers: { 'retry-after': '60' } });
  produce(1);
  const start = performance.now();
  await pipeline.forceFlush(3000);
  t.ok(performance.now() - start < 1000, 'it does not wait for what cannot come');
  t.strictSame(account(), { created: 1, exported: 0, queued: 1, dropped: {} });
});

for (const protocol of BOTH) {
  t.test(`${protocol}: Retry-After 0 is no hot loop`, async (t) => {
    const { collector, pipeline, produce } = await setUp(t, protocol);
    const zero = { status: 503, headers: { 'retry-after': '0' }, grpc: { code: 14, retryDelayMillis: 0 } };
    collector.respond(() => zero);
    produce(1);
    pipeline.handOver();
    const [first, second, third] = await collector.waitForRequests(3);
    t.ok((second?.receivedAtMillis ?? 0) - (first?.receivedAtMillis ?? 0) < 200, 'the first time at once');
    t.ok((third?.receivedAtMillis ?? 0) - (second?.receivedAtMillis ?? 0) > 400, 'then with a pause');
  });

  t.test(`${protocol}: partial success is not retried; its message is told once`, async (t) => {
    const { collector, pipeline, produce, account, lines } = await setUp(t, protocol);
    collector.respond(() => ({ partialSuccess: { rejected: 2, message: 'too old' } }));
    produce(5);
    await pipeline.forceFlush();
    t.strictSame(account(), { created: 5, exported: 3, queued: 0, dropped: { partial_success: 2 } });
    t.equal(collector.counts().requests, 1);
    t.match(lines, [/rejected 2 spans: too old/]);
    produce(5);
    await pipeline.forceFlush();
    t.equal(lines.length, 1);
  });

  t.test(`${protocol}: nothing rejected with a message is a warning only`, async (t) => {
    const { collector, pipeline, produce, account, lines } = await setUp(t, protocol);
    answerInTurn(collector, { partialSuccess: { rejected: 0, message: 'slow down please' } });
    produce(5);
    await pipeline.forceFlush();
    t.strictSame(account(), { created: 5, exported: 5, queued: 0, dropped: {} });
    t.match(lines, [/TA3024: .*slow down please/]);
  });

  t.test(`${protocol}: no answer within the time limit drops the batch`, async (t) => {
    const { collector, pipeline, produce, account, lines } = await setUp(t, protocol, { timeoutMillis: 300 });
    answerInTurn(collector, { hang: true });
    produce(2);
    await pipeline.forceFlush();
    t.strictSame(account().dropped, { export_timeout: 2 });
    t.match(lines[0], /no answer after 300 ms/);
    produce(1);
    await pipeline.forceFlush();
    t.strictSame(account().exported, 1, 'and the next batch goes over a connection that works');
  });

  for (const mode of ['refuse', 'reset', 'blackhole'] as const) {
    t.test(`${protocol}: connections ${mode}, then work again`, async (t) => {
      const { collector, pipeline, produce, account, lines } = await setUp(t, protocol, { timeoutMillis: 60_000 });
      produce(2);
      await pipeline.forceFlush();
      await collector.connections(mode);
      produce(3);
      const start = performance.now();
      await pipeline.forceFlush(700);
      const took = performance.now() - start;
      t.ok(took < (mode === 'refuse' ? 300 : 900), `the flush took ${Math.round(took)} ms`);
      t.strictSame(account(), { created: 5, exported: 2, queued: 3, dropped: {} });
      await collector.connections('serve');
      const recovered = performance.now();
      await collector.waitForSpans(5);
      t.ok(performance.now() - recovered < 5500, `delivered ${Math.round(performance.now() - recovered)} ms later`);
      await until(() => account().queued === 0);
      t.strictSame(account(), { created: 5, exported: 5, queued: 0, dropped: {} });
      if (mode === 'refuse') t.match(lines, [/cannot send spans to .*refuse.*nothing listens there/i, /again after/]);
    });
  }
}

t.test('while the collector is down one attempt is made per 5 s, however many batches wait', async (t) => {
  const { collector, pipeline, produce } = await setUp(t, 'http/protobuf');
  collector.respond(() => ({ status: 503 }));
  produce(5000);
  pipeline.handOver();
  const requests = await collector.waitForRequests(5, 20_000);
  const times = requests.map(({ receivedAtMillis }) => receivedAtMillis);
  const pauses = times.slice(1).map((time, index) => Math.round(time - (times[index] as number)));
  t.comment(`pauses ${pauses.join(', ')} ms`);
  t.ok((pauses[0] as number) >= 240 && (pauses[0] as number) < 850);
  t.ok((pauses[1] as number) >= 490 && (pauses[1] as number) < 1600);
  t.ok((pauses[2] as number) >= 4900 && (pauses[2] as number) < 5200);
  t.ok((pauses[3] as number) >= 4900 && (pauses[3] as number) < 5200);
});

for (const body of [Buffer.from('not protobuf at all'), Buffer.alloc(100, 0xff)]) {
  t.test('a success with a body that makes no sense is a success', async (t) => {
    const { collector, pipeline, produce, account, lines } = await setUp(t, 'http/protobuf');
    answerInTurn(collector, { status: 200, body });
    produce(1);
    await pipeline.forceFlush();
    t.strictSame(account(), { created: 1, exported: 1, queued: 0, dropped: {} });
    t.match(lines, [/not OTLP/]);
  });
}

t.test('an answer of more than 4 MiB is not read to its end', async (t) => {
  const { collector, pipeline, produce, account } = await setUp(t, 'http/protobuf');
  answerInTurn(collector, { status: 200, body: Buffer.alloc(8 * 1024 * 1024) });
  produce(2);
  await pipeline.forceFlush();
  t.strictSame(account().dropped, { response_too_large: 2 });
  t.equal(collector.counts().requests, 1);
});

t.test('what speaks another protocol is named', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const cases = [
    { protocol: 'http/protobuf', endpoint: `${collector.grpcUrl}/v1/traces` },
    { protocol: 'grpc', endpoint: collector.httpUrl },
  ] as const;
  for (const otlp of cases) {
    const { pipeline, produce, lines } = createTestPipeline(t, { otlp });
    produce(1);
    await pipeline.forceFlush(2000);
    t.match(lines[0], /port 4317 speaks grpc and 4318 http/, otlp.protocol);
  }
});

for (const protocol of BOTH) {
  t.test(`${protocol}: a header that HTTP does not allow is named, its value is not`, async (t) => {
    // Node's HTTP/2 takes any value.
    const values = protocol === 'grpc' ? [] : [{ 'X-Key': 'sec\nret' }];
    for (const headers of [...values, { 'X Key': 'secret' }]) {
      const { pipeline, produce, lines, account } = await setUp(t, protocol, { headers });
      produce(1);
      await pipeline.forceFlush();
      t.strictSame(account().dropped, { exporter_fault: 1 });
      t.match(lines[0], /OTEL_EXPORTER_OTLP_HEADERS is not allowed/);
      t.notMatch(lines[0], /sec/);
    }
  });
}

t.test('a name that does not resolve is named', async (t) => {
  for (const protocol of BOTH) {
    const endpoint = 'http://collector.invalid:4318';
    const { pipeline, produce, lines, account } = createTestPipeline(t, { otlp: { protocol, endpoint } });
    produce(1);
    await pipeline.forceFlush(5000);
    t.match(lines[0], /does not resolve/);
    t.equal(account().queued, 1);
  }
});
