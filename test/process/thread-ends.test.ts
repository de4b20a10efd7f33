/**
 * Spans of an application's worker threads reach the one exporter of the process, however thread and process end. All
 * accounts are those of the main thread then.
 */
import t from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const SPANS = 10;

function start(way: string, collector: Collector, options: Partial<RunOptions> = {}, spans = SPANS) {
  return runApp({
    ...options,
    file: 'threads/survive.cjs',
    args: [way, String(spans)],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_LOG_LEVEL: 'debug',
      OTEL_NODE_SHUTDOWN_TIMEOUT: '10000',
      ...options.env,
    },
  });
}

const accountsOf = (stderr: string) => stderr.match(/(?<=^trace-agent debug TA3030: otlp spans: ).*$/gm) ?? [];
const whole = (count: number) => `created ${count} = exported ${count} + dropped 0 + queued 0`;

interface Way {
  readonly way: string;
  /** Needs to be told of a thread before the next turn of the loop, which Node.js 18 does not do. */
  readonly isTold?: boolean;
  readonly code?: number;
  readonly signal?: NodeJS.Signals;
  readonly stdout?: RegExp;
  readonly spans?: number;
}

const WAYS: readonly Way[] = [
  { way: 'natural', stdout: /^thread 1 had 0\n$/ },
  { way: 'process.exit in the thread', stdout: /^thread 1 had 0\n$/ },
  { way: 'an error in the thread', stdout: /^thread 1 had 0\nthrown on purpose\n$/ },
  { way: 'terminate' },
  { way: 'process.exit', code: 3 },
  { way: 'process.exit without a turn of the loop', code: 3, isTold: true },
  { way: 'an error in the main thread', code: 1 },
  { way: 'signal', signal: 'SIGTERM', stdout: /^ready\n$/ },
  { way: 'thread of a thread', stdout: /^thread 1 had 1\n$/, spans: 2 * SPANS },
];

for (const { node, version, major } of nodeBinaries()) {
  for (const { way, isTold, code = 0, signal, stdout = /^$/, spans = SPANS } of WAYS) {
    if (isTold === true && major === 18) continue;
    t.test(`Node ${version}: ${way}`, async (t) => {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const app = start(way, collector, { node });
      if (signal !== undefined) {
        await app.waitForLine(/^ready$/);
        app.kill(signal);
      }
      const exit = await app.exited;
      t.strictSame([exit.code, exit.signal], signal === undefined ? [code, null] : [null, signal], app.stderr());
      t.match(app.stdout(), stdout);
      t.equal(collector.spans().length, spans);
      t.strictSame(collector.duplicates(), []);
      t.equal(accountsOf(app.stderr()).at(-1), whole(spans), 'the main thread has the accounts');
    });
  }

  t.test(`Node ${version}: a main thread that is blocked is not waited for`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const app = start('main is blocked', collector, { node });
    t.equal((await app.exited).code, 0);
    t.match(app.stdout(), /^thread 1 had 0\nended\n$/);
    t.equal(collector.spans().length, SPANS);
    t.strictSame(accountsOf(app.stderr()), [whole(SPANS), whole(0)]);
  });
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: a pool of piscina, destroyed after its last task`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_LOG_LEVEL: 'debug' };
    const app = runApp({ node, file: 'threads/piscina.cjs', env: { ...env, OTEL_NODE_SHUTDOWN_TIMEOUT: '10000' } });
    t.strictSame([(await app.exited).code, app.stdout()], [0, 'destroyed\n'], app.stderr());
    const spans = new Map(collector.spans().map((span) => [span.name, span]));
    t.equal(collector.spans().length, 17);
    t.equal(accountsOf(app.stderr()).at(-1), whole(17));
    for (const task of [1, 2, 3, 4]) {
      const parentOf = (name: string) => spans.get(`${name} ${task}`)?.parentSpanId;
      t.equal(parentOf('after'), spans.get(`run ${task}`)?.spanId, 'the context comes back with the result');
      t.equal(parentOf('inner'), spans.get(`task ${task}`)?.spanId, 'and flows within the thread');
      t.equal(parentOf('task'), spans.get(`run ${task}`)?.spanId, 'it crosses over with the task');
    }
  });
}

t.test('spans of a terminated thread do not wait for the end of the process', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const app = start('terminate, main goes on', collector);
  await app.waitForLine(/^terminated$/);
  await collector.waitForSpans(SPANS);
  t.equal(collector.spans().length, SPANS);
  app.kill();
  await app.exited;
});

t.test('a thread with an endpoint of its own sends there', async (t) => {
  const [collector, other] = [await startCollector(), await startCollector()];
  t.teardown(() => Promise.all([collector.close(), other.close()]));
  const app = start('other settings', collector, { env: { OTHER: other.httpUrl } });
  t.equal((await app.exited).code, 0);
  t.strictSame([collector.spans().length, other.spans().length], [0, SPANS]);
});

t.test('a burst of spans that exceeds the limits is dropped in part, and every span is accounted for', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const app = start('natural', collector, { env: { OTEL_BSP_MAX_QUEUE_SIZE: '2000' } }, 5000);
  t.equal((await app.exited).code, 0);
  const accounts = accountsOf(app.stderr()).map((line) => line.match(/\d+/g)?.map(Number) ?? []);
  const [created, exported, dropped] = [0, 1, 2].map((at) => accounts.reduce((sum, line) => sum + (line[at] ?? 0), 0));
  t.equal(created, 5000);
  t.equal(exported, collector.spans().length);
  t.equal((exported ?? 0) + (dropped ?? 0), 5000);
  t.ok((exported ?? 0) >= 2000);
});

t.test('an exporter that dies is replaced, and what threads had given it is sent again', async (t) => {
  let requests = 0;
  const collector = await startCollector({ respond: () => (requests++ === 0 ? { hang: true } : {}) });
  t.teardown(() => collector.close());
  const app = start('exporter crashes', collector, { env: { OTEL_BSP_SCHEDULE_DELAY: '50' } });
  await app.waitForLine(/^ready$/);
  await collector.waitForRequests(1);
  app.kill('SIGUSR1');
  await collector.waitForSpans(SPANS);
  app.kill('SIGUSR2');
  t.equal((await app.exited).code, 0);
  t.equal(requests, 2);
  t.equal(accountsOf(app.stderr()).at(-1), whole(SPANS));
});

for (const [index, way] of ['natural', 'exit', 'signal'].entries()) {
  t.test(`many threads that end in many ways, ${way}: no span is lost, sent twice or mixed up`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const seed = Math.floor(Math.random() * 1e6);
    const app = runApp({
      file: 'threads/stress.cjs',
      args: [String(seed), way],
      env: {
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
        OTEL_NODE_SHUTDOWN_TIMEOUT: '20000',
        OTEL_BSP_SCHEDULE_DELAY: index === 1 ? '40' : '5000',
      },
    });
    await app.exited;
    const ended = Number(app.stdout());
    const spans = collector.spans();
    const what = `seed ${seed}: ${ended} ended, ${spans.length} arrived`;
    // While the process ends the threads go on; one that is terminated may not have counted its last span.
    t.ok(spans.length >= ended, what);
    if (way === 'natural') t.ok(ended > 0 && spans.length <= ended + 12, what);
    t.equal(collector.duplicates().length, 0, what);
    const numbers = new Map<unknown, Set<unknown>>();
    for (const { attributes, scope } of spans) {
      const { thread, number } = attributes;
      numbers.set(thread, (numbers.get(thread) ?? new Set()).add(number));
      if (scope.name !== (Number(number) % 2 === 0 ? 'even' : `odd of ${thread}`))
        t.fail(`${number} is in ${scope.name}`);
    }
    for (const [thread, set] of numbers) t.ok(set.has(set.size - 1), `${what}: thread ${thread} has no hole`);
  });
}
