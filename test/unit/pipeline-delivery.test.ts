/**
 * Spans from the SDK through queue, worker and every transport to a receiver that decodes the published schema; and
 * what happens to them when limits are reached or the worker dies. After every scenario the numbers must add up, and
 * must be those of the receiver.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Worker } from 'node:worker_threads';
import type { Span } from '@opentelemetry/api';
import t, { type Test } from 'tap';
import type { OtlpProtocol } from '../../src/config/types.js';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import {
  createTestPipeline,
  type PipelineSettings,
  RESOURCE,
  type TestPipeline,
  WORKER_FILE,
} from '../helpers/pipeline.js';

async function collect(test: Test): Promise<Collector> {
  const collector = await startCollector();
  test.teardown(() => collector.close());
  return collector;
}

function endpointFor(collector: Collector, protocol: OtlpProtocol): string {
  return protocol === 'grpc' ? collector.grpcUrl : `${collector.httpUrl}/v1/traces`;
}

function start(test: Test, collector: Collector, settings: PipelineSettings = {}): TestPipeline {
  const otlp = { endpoint: endpointFor(collector, settings.otlp?.protocol ?? 'http/protobuf'), ...settings.otlp };
  return createTestPipeline(test, { ...settings, otlp });
}

for (const protocol of ['http/protobuf', 'http/json', 'grpc'] as const) {
  for (const compression of ['none', 'gzip'] as const) {
    t.test(`${protocol}, compression ${compression}`, async (t) => {
      const collector = await collect(t);
      const headers = { 'X-Tenant': 'blue', Authorization: 'Bearer abc' };
      const { pipeline, tracer, account, lines } = start(t, collector, { otlp: { protocol, compression, headers } });
      const parent = tracer.startSpan('parent', { kind: 1, attributes: { text: 'tést', list: [1, 2], half: 0.5 } });
      parent.addEvent('cache miss', { key: 'k' }).setStatus({ code: 2, message: 'boom' });
      parent.end();
      await pipeline.forceFlush();
      t.strictSame(account(), { created: 1, exported: 1, queued: 0, dropped: {} });
      const [span] = collector.spans();
      const [request] = collector.requests();
      t.match(span, {
        name: 'parent',
        kind: 'SERVER',
        spanId: parent.spanContext().spanId,
        attributes: { text: 'tést', list: [1, 2], half: 0.5 },
        events: [{ name: 'cache miss', attributes: { key: 'k' } }],
        status: { code: 'ERROR', message: 'boom' },
        resource: RESOURCE,
        scope: { name: 'test-scope', version: '1.2.3' },
      });
      t.match(request, { protocol, headers: { 'x-tenant': 'blue', authorization: 'Bearer abc' } });
      t.match(request?.headers['user-agent'], /^Trace-Agent\/0\.0\.0 OTel-OTLP-Exporter-JavaScript/);
      if (compression === 'gzip' && protocol !== 'grpc') t.equal(request?.headers['content-encoding'], 'gzip');
      t.strictSame(lines, []);
    });
  }
}

t.test('zipkin', async (t) => {
  const collector = await collect(t);
  const settings = { zipkinEndpoint: collector.zipkinUrl, options: { destination: 'zipkin' as const } };
  const { pipeline, produce, account } = createTestPipeline(t, settings);
  const [id] = produce(3);
  await pipeline.forceFlush();
  t.strictSame(account(), { created: 3, exported: 3, queued: 0, dropped: {} });
  const [span] = collector.spans();
  t.equal(collector.requests()[0]?.protocol, 'zipkin');
  t.match(span, { spanId: id, name: 'GET /users/:id', kind: 'SERVER' });
});

t.test('a synchronous burst of 10,000 spans arrives whole with default limits', async (t) => {
  const collector = await collect(t);
  const { pipeline, produce, account } = start(t, collector);
  const ids = produce(10_000);
  t.strictSame(account(), { created: 10_000, exported: 0, queued: 10_000, dropped: {} });
  await pipeline.forceFlush();
  t.strictSame(account(), { created: 10_000, exported: 10_000, queued: 0, dropped: {} });
  t.strictSame(new Set(collector.spans().map(({ spanId }) => spanId)), new Set(ids));
  t.equal(collector.counts().duplicateSpans, 0);
  t.ok(collector.requests().every(({ spanCount }) => spanCount <= 512));
});

t.test('a blocked thread delivers in flushSync, from a worker that has not booted', async (t) => {
  const collector = await startCollectorThread(t);
  const { pipeline, produce, account } = createTestPipeline(t, { otlp: { endpoint: collector.endpoint } });
  produce(700);
  pipeline.flushSync(5000);
  t.strictSame(account(), { created: 700, exported: 700, queued: 0, dropped: {} });
  t.equal(await collector.count(), 700);
  produce(2);
  t.strictSame(account().dropped, { after_shutdown: 2 });
});

/** A collector on its own thread: this one is going to be blocked. */
async function startCollectorThread(test: Test): Promise<{ endpoint: string; count(): Promise<number> }> {
  const receiver = require.resolve('../../src/viewer/otlp-receiver.js');
  const script = `
    const { parentPort } = require('node:worker_threads');
    require(${JSON.stringify(receiver)}).startCollector().then((collector) => {
      parentPort.on('message', () => parentPort.postMessage(collector.counts().acceptedSpans));
      parentPort.postMessage(collector.httpUrl + '/v1/traces');
    });`;
  const worker = new Worker(script, { eval: true, execArgv: [], env: {} });
  test.teardown(() => worker.terminate());
  const next = <T>() => new Promise<T>((resolve) => worker.once('message', resolve));
  const endpoint = await next<string>();
  return {
    endpoint,
    count() {
      const answer = next<number>();
      worker.postMessage('count');
      return answer;
    },
  };
}

t.test('the queue refuses what is beyond its limit of spans and says so once', async (t) => {
  const collector = await collect(t);
  const batch = { maxQueueSize: 100, isQueueSizeExplicit: true, maxExportBatchSize: 512 };
  const { pipeline, produce, account, lines } = start(t, collector, { batch });
  produce(100);
  t.strictSame(account().dropped, {}, 'the last accepted');
  produce(20);
  t.strictSame(account(), { created: 120, exported: 0, queued: 100, dropped: { queue_full: 20 } });
  await pipeline.forceFlush();
  t.strictSame(account(), { created: 120, exported: 100, queued: 0, dropped: { queue_full: 20 } });
  t.equal(collector.counts().acceptedSpans, 100);
  await pipeline.shutdown();
  const drops = lines.filter((line) => line.includes('warn TA3025: dropped'));
  t.match(drops, [/dropped 20 spans: .*OTEL_BSP_MAX_QUEUE_SIZE/]);
  t.equal(drops.length, 1);
});

t.test('the queue refuses what is beyond its limit of bytes', async (t) => {
  const collector = await collect(t);
  const { pipeline, tracer, account } = start(t, collector, { options: { delivery: { maxQueueBytes: 200_000 } } });
  for (let i = 0; i < 1000; i++) tracer.startSpan('x', { attributes: { text: 'x'.repeat(1000) } }).end();
  const { queued, dropped } = account();
  t.ok(queued > 100 && queued < 200, `${queued} spans of 1 kB wait in 200 kB`);
  t.strictSame(Object.keys(dropped), ['queue_bytes_full']);
  await pipeline.forceFlush();
  t.equal(account().exported, queued);
  t.equal(collector.counts().acceptedSpans, queued);
  tracer.startSpan('after').end();
  await pipeline.forceFlush();
  t.equal(account().exported, queued + 1, 'and takes spans again afterwards');
});

t.test('spans that are not sampled do not count', async (t) => {
  const { pipeline, account } = start(t, await collect(t));
  const context = { traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 0 };
  pipeline.onEnd({ spanContext: () => context } as never);
  t.equal(account().created, 0);
});

t.test('open spans are ended with a status that says why', async (t) => {
  const collector = await collect(t);
  const { pipeline, tracer, account } = start(t, collector);
  tracer.startSpan('closed').end();
  tracer.startSpan('open');
  pipeline.endOpenSpans('the process ended first', new TypeError('thrown'));
  await pipeline.forceFlush();
  t.equal(account().exported, 2);
  const open = collector.spans().find(({ name }) => name === 'open');
  t.strictSame(open?.status, { code: 'ERROR', message: 'the process ended first' });
  t.match(open?.events, [{ name: 'exception', attributes: { 'exception.type': 'TypeError' } }]);
});

t.test('an ended span that somebody holds on to does not hold its content', async (t) => {
  const collector = await collect(t);
  const { pipeline, tracer } = start(t, collector, { options: { releasesSpans: true } });
  const held = tracer.startSpan('held', { attributes: { text: 'x' } }) as unknown as Record<string, unknown>;
  (held as unknown as Span).addEvent('event').end();
  t.strictSame([held.attributes, held.events, held.links], [{}, [], []]);
  await pipeline.forceFlush();
  t.match(collector.spans(), [{ name: 'held', attributes: { text: 'x' }, events: [{ name: 'event' }] }]);
});

const DYING_WORKER = join(__dirname, '../../../test/fixtures/pipeline/dying-worker.js');

function startDying(test: Test, collector: Collector, dieAt: 'start' | 'batch', times: number): TestPipeline {
  const environment = {
    DIE_AT: dieAt,
    DIE_TIMES: String(times),
    STATE_FILE: join(test.testdir(), 'deaths'),
    WORKER_FILE,
  };
  return start(test, collector, { options: { exporterFile: DYING_WORKER, environment } });
}

t.test('a worker that dies is replaced and loses nothing', async (t) => {
  const collector = await collect(t);
  const { pipeline, produce, account } = startDying(t, collector, 'batch', 1);
  produce(600);
  await pipeline.forceFlush();
  t.equal(account().queued, 600, 'the flush is over, the spans are still here');
  const spans = await collector.waitForSpans(600);
  t.equal(spans.length, 600);
  await pipeline.forceFlush();
  t.strictSame(account(), { created: 600, exported: 600, queued: 0, dropped: {} });
});

t.test('where no worker starts the same code sends from this thread and says so once', async (t) => {
  const collector = await collect(t);
  const { pipeline, produce, account, lines } = startDying(t, collector, 'start', 1000);
  produce(10);
  void pipeline.forceFlush();
  await collector.waitForSpans(10);
  t.equal(pipeline.isInProcess, true);
  produce(10);
  await pipeline.forceFlush();
  t.strictSame(account(), { created: 20, exported: 20, queued: 0, dropped: {} });
  t.match(lines, [/no worker thread can be had/]);
  t.equal(lines.length, 1);
});

for (const deaf of ['idle', 'busy']) {
  t.test(`a worker that never answers (${deaf}) delays the end by the limit, not more`, async (t) => {
    const exporterFile = join(__dirname, '../../../test/fixtures/pipeline/deaf-worker.js');
    const options = { exporterFile, environment: { DEAF: deaf } };
    const { pipeline, produce, account } = start(t, await collect(t), { options });
    produce(10);
    const began = performance.now();
    pipeline.flushSync(300);
    const took = performance.now() - began;
    t.ok(took >= 290 && took < 400, `${Math.round(took)} ms`);
    t.strictSame(account(), { created: 10, exported: 0, queued: 0, dropped: { process_end: 10 } });
  });
}

t.test('a limit of 0 does not wait', async (t) => {
  const { pipeline, produce, account } = start(t, await collect(t));
  produce(10);
  const began = performance.now();
  pipeline.flushSync(0);
  t.ok(performance.now() - began < 20);
  t.strictSame(account().dropped, { process_end: 10 });
});

t.test('no spans, no worker, no wait', async (t) => {
  const { pipeline, account } = start(t, await collect(t));
  const began = performance.now();
  pipeline.flushSync(1000);
  t.ok(performance.now() - began < 5);
  t.equal(account().created, 0);
});

t.test('a batch that kills every worker is dropped in the end', async (t) => {
  const collector = await collect(t);
  const { pipeline, produce, account, lines } = startDying(t, collector, 'batch', 3);
  produce(10);
  pipeline.handOver();
  await until(() => account().queued === 0);
  t.strictSame(account(), { created: 10, exported: 0, queued: 0, dropped: { exporter_fault: 10 } });
  produce(5);
  pipeline.handOver();
  await collector.waitForSpans(5);
  t.match(lines[0], /keeps failing/);
});

t.test('an exporter that cannot be loaded at all drops with a reason', async (t) => {
  const options = { exporterFile: join(t.testdir(), 'missing.js') };
  const { pipeline, produce, account } = start(t, await collect(t), { options });
  produce(10);
  pipeline.handOver();
  await until(() => account().queued === 0);
  produce(1);
  await pipeline.forceFlush();
  t.strictSame(account(), { created: 11, exported: 0, queued: 0, dropped: { exporter_fault: 11 } });
});

/** Resolves when the condition holds; the test's own timeout ends a wait in vain. */
async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 5));
}

t.test('no timer keeps the context of the request whose span started it', async (t) => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const { produce } = start(t, collector, { batch: { scheduledDelayMillis: 1 } });
  // Every timer has come to its end once: each is made anew by the next span.
  produce(1);
  await collector.waitForSpans(1);
  const storage = new AsyncLocalStorage<object>();
  const request = (): WeakRef<object> => {
    const held = { of: 'the request' };
    storage.run(held, () => produce(1));
    return new WeakRef(held);
  };
  const held = request();
  await collector.waitForSpans(2);
  let rounds = 0;
  while (held.deref() !== undefined && rounds++ < 50) {
    await new Promise((resolve) => setImmediate(resolve));
    collect();
  }
  t.equal(held.deref(), undefined);
});
