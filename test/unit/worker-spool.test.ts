/**
 * The spool: an outage longer than memory, a process that ends during it, damage of every kind to its files, limits,
 * and disks that refuse.
 */
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { crc32 } from '../../src/worker/spool/crc32.js';
import { decodeRecord, encodeRecord, type SpooledBatch } from '../../src/worker/spool/record.js';
import { createTestPipeline, type PipelineSettings, type TestPipeline } from '../helpers/pipeline.js';
import { createRandom } from '../helpers/random-spans.js';
import { abandon, filesIn, until } from '../helpers/spool.js';

const MIB = 1024 * 1024;
const DAY_MILLIS = 86_400_000;

async function collect(test: Test): Promise<Collector> {
  const collector = await startCollector();
  test.teardown(() => collector.close());
  return collector;
}

interface Limits {
  readonly maxBytes?: number;
  readonly maxAgeMillis?: number;
}

function start(test: Test, collector: Collector, directory: string, limits: Limits = {}, more: PipelineSettings = {}) {
  const spool = { directory, maxBytes: 64 * MIB, maxAgeMillis: DAY_MILLIS, ...limits };
  const otlp = { endpoint: `${collector.httpUrl}/v1/traces` };
  return createTestPipeline(test, { otlp, ...more, options: { delivery: { spool }, ...more.options } });
}

const batchesIn = (folder: string): string[] => filesIn(folder).filter((path) => path.endsWith('.batch'));

/** Waits for spans; when they do not come, the test says what the pipeline knows. */
async function arrive(
  test: Test,
  collector: Collector,
  { account, lines }: TestPipeline,
  count: number,
): Promise<void> {
  try {
    await collector.waitForSpans(count);
  } catch (error) {
    test.comment(account(), lines, `${collector.acceptedConnections()} connections`);
    throw error;
  }
}

/** Spans of a pipeline that ends while the collector refuses: they are left in the directory. */
async function leaveBehind(test: Test, collector: Collector, directory: string, count: number): Promise<void> {
  await collector.connections('refuse');
  const made = start(test, collector, directory);
  made.produce(count);
  await made.pipeline.shutdown(2000);
  test.strictSame(made.account(), { created: count, exported: 0, queued: count, dropped: {} });
  test.equal(made.pipeline.counters.spooled, count);
}

t.test('an outage: on disk when it begins, memory is free, delivered when it ends, nothing left behind', async (t) => {
  const directory = join(t.testdir(), 'deep', 'spool');
  const collector = await collect(t);
  const batch = { maxQueueSize: 2000, isQueueSizeExplicit: true };
  const made = start(t, collector, directory, {}, { batch });
  const { pipeline, produce, account } = made;
  await collector.connections('refuse');
  for (let round = 1; round <= 5; round++) {
    produce(1500);
    await pipeline.forceFlush(2000);
    t.equal(pipeline.counters.spooled, round * 1500, 'more than memory may hold');
  }
  t.strictSame(account(), { created: 7500, exported: 0, queued: 7500, dropped: {} });
  for (const path of batchesIn(directory)) t.equal(statSync(path).mode & 0o777, 0o600);
  for (const folder of readdirSync(directory)) t.equal(statSync(join(directory, folder)).mode & 0o777, 0o700);
  await collector.connections('serve');
  await arrive(t, collector, made, 7500);
  await until(() => account().queued === 0);
  t.strictSame(account(), { created: 7500, exported: 7500, queued: 0, dropped: {} });
  t.equal(pipeline.counters.spooled, 0);
  t.equal(collector.counts().duplicateSpans, 0);
  await until(() => filesIn(directory).length === 0);
});

t.test('a healthy collector: the disk is not touched', async (t) => {
  const directory = join(t.testdir(), 'spool');
  const { pipeline, produce } = start(t, await collect(t), directory);
  produce(1000);
  await pipeline.forceFlush();
  t.throws(() => readdirSync(directory), { code: 'ENOENT' });
});

t.test('what a process left is delivered once by the next one', async (t) => {
  const directory = t.testdir();
  const collector = await collect(t);
  await leaveBehind(t, collector, directory, 1200);
  abandon(directory);
  await collector.connections('serve');
  const next = start(t, collector, directory);
  next.produce(1);
  next.pipeline.handOver();
  await collector.waitForSpans(1201);
  await until(() => next.pipeline.counters.restored === 1200);
  t.strictSame(next.account(), { created: 1, exported: 1, queued: 0, dropped: {} }, 'not counted as its own');
  await until(() => filesIn(directory).length === 0);
  const third = start(t, collector, directory);
  third.produce(1);
  await third.pipeline.forceFlush();
  t.equal(collector.counts().acceptedSpans, 1202);
  t.equal(collector.counts().duplicateSpans, 0);
});

t.test('two processes find the same leftovers: one of them takes them', async (t) => {
  const directory = t.testdir();
  const collector = await collect(t);
  await leaveBehind(t, collector, directory, 2000);
  abandon(directory);
  await collector.connections('serve');
  const both = [start(t, collector, directory), start(t, collector, directory)];
  for (const { produce, pipeline } of both) {
    produce(1);
    pipeline.handOver();
  }
  await collector.waitForSpans(2002);
  await until(() => both.reduce((sum, { pipeline }) => sum + pipeline.counters.restored, 0) === 2000);
  t.equal(collector.counts().duplicateSpans, 0);
});

t.test('the folder of a living process is left alone', async (t) => {
  const directory = t.testdir();
  const collector = await collect(t);
  await leaveBehind(t, collector, directory, 10);
  await collector.connections('serve');
  const other = start(t, collector, directory);
  other.produce(1);
  await other.pipeline.forceFlush();
  t.equal(collector.counts().acceptedSpans, 1);
  t.equal(batchesIn(directory).length, 1);
});

t.test('what was meant for another destination is left alone', async (t) => {
  const directory = t.testdir();
  const collector = await collect(t);
  await leaveBehind(t, collector, directory, 10);
  abandon(directory);
  await collector.connections('serve');
  const options = { destination: 'zipkin' as const };
  const settings = { zipkinEndpoint: collector.zipkinUrl, options };
  const zipkin = start(t, collector, directory, {}, settings);
  zipkin.produce(1);
  await zipkin.pipeline.forceFlush();
  t.equal(collector.counts().acceptedSpans, 1);
  t.equal(batchesIn(directory).length, 1);
});

t.test('damaged files are dropped, the others are delivered', async (t) => {
  const directory = t.testdir();
  const collector = await collect(t);
  await leaveBehind(t, collector, directory, 512 * 4);
  const [torn, flipped, empty] = batchesIn(directory) as [string, string, string];
  writeFileSync(torn, readFileSync(torn).subarray(0, 1000));
  const bytes = readFileSync(flipped);
  bytes.writeUInt8(bytes.readUInt8(5000) ^ 1, 5000);
  writeFileSync(flipped, bytes);
  writeFileSync(empty, '');
  writeFileSync(join(torn, '..', '99-5-123.batch.part'), 'half');
  writeFileSync(join(directory, 'a file that is not ours'), 'x');
  mkdirSync(join(directory, 'otlp-empty-folder'));
  abandon(directory);
  await collector.connections('serve');
  const next = start(t, collector, directory);
  next.produce(1);
  next.pipeline.handOver();
  await collector.waitForSpans(513);
  await until(() => filesIn(directory).length === 1);
  t.equal(collector.counts().acceptedSpans, 513);
  t.strictSame(filesIn(directory), [join(directory, 'a file that is not ours')]);
});

t.test('when it is full the oldest spans make room', async (t) => {
  const collector = await collect(t);
  const directory = t.testdir();
  const { pipeline, produce, account } = start(t, collector, directory, { maxBytes: 200_000 });
  await collector.connections('refuse');
  const ids: string[][] = [];
  for (let round = 0; round < 8; round++) {
    ids.push(produce(512));
    await pipeline.forceFlush(2000);
  }
  const { dropped, queued } = account();
  t.ok((dropped.spool_full ?? 0) > 0);
  t.equal(queued, pipeline.counters.spooled);
  const bytes = batchesIn(directory).reduce((sum, path) => sum + statSync(path).size, 0);
  t.ok(bytes <= 200_000, `${bytes} bytes on disk`);
  await collector.connections('serve');
  await collector.waitForSpans(queued);
  const expected = new Set(ids.flat().slice(dropped.spool_full));
  t.strictSame(new Set(collector.spans().map(({ spanId }) => spanId)), expected, 'the newest are kept');
});

t.test('spans older than the limit are dropped', async (t) => {
  const directory = t.testdir();
  const collector = await collect(t);
  const { pipeline, produce, account } = start(t, collector, directory, { maxAgeMillis: 100 });
  await collector.connections('refuse');
  produce(10);
  await pipeline.forceFlush(2000);
  await until(() => account().queued === 0);
  t.strictSame(account(), { created: 10, exported: 0, queued: 0, dropped: { spool_full: 10 } });
});

t.test('a disk that refuses: told once, spans wait in memory', async (t) => {
  const directory = join(t.testdir({ file: 'not a folder' }), 'file', 'spool');
  const collector = await collect(t);
  const { pipeline, produce, account, lines } = start(t, collector, directory);
  await collector.connections('refuse');
  produce(600);
  await pipeline.forceFlush(2000);
  produce(600);
  await pipeline.forceFlush(2000);
  t.strictSame(account(), { created: 1200, exported: 0, queued: 1200, dropped: {} });
  t.equal(lines.filter((line) => line.includes('OTEL_NODE_SPOOL_DIRECTORY')).length, 1);
  await collector.connections('serve');
  await collector.waitForSpans(1200);
});

t.test('a hanging collector: what was under way is on disk when the flush ends', async (t) => {
  const directory = t.testdir();
  const collector = await collect(t);
  collector.respond(() => ({ hang: true }));
  const { pipeline, produce, account } = start(t, collector, directory);
  produce(1000);
  const began = performance.now();
  await pipeline.shutdown(3000);
  t.ok(performance.now() - began < 3100, 'within the time');
  t.strictSame(account(), { created: 1000, exported: 0, queued: 1000, dropped: {} });
  t.equal(pipeline.counters.spooled, 1000);
});

t.test('records: what was written is read, anything else is nothing', async (t) => {
  t.equal(crc32(Buffer.from('123456789')), 0xcbf43926, 'the check value of CRC-32');
  const random = createRandom(7);
  const bytes = (length: number) => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)));
  for (let round = 0; round < 50; round++) {
    const batch: SpooledBatch = {
      spanCount: Math.floor(random() * 512),
      madeAt: 1.7e12 + random() * 1e9,
      resource: bytes(Math.floor(random() * 50)),
      chunk: bytes(Math.floor(random() * 300)),
    };
    const record = encodeRecord(batch);
    t.strictSame(decodeRecord(Buffer.concat([record, bytes(round)])), batch);
    for (let length = 0; length < record.length; length++) {
      if (decodeRecord(record.subarray(0, length)) !== undefined) t.fail(`torn at ${length} of ${record.length}`);
    }
    for (let flip = 0; flip < 300; flip++) {
      const damaged = Buffer.from(record);
      const at = Math.floor(random() * damaged.length);
      damaged.writeUInt8(damaged.readUInt8(at) ^ (1 << Math.floor(random() * 8)), at);
      if (decodeRecord(damaged) !== undefined) t.fail(`bit flipped in byte ${at}`);
    }
    decodeRecord(bytes(Math.floor(random() * 400)));
  }
});
