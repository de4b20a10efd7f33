/**
 * Message queues with real brokers: one trace through a sender, a broker and a receiver in two processes, with the newest
 * release as CommonJS and as ES module and with the oldest one; no span of what is not sampled; the same output as bare
 * when everything of ours throws.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { testContainment } from '../helpers/containment.js';
import { installFixture } from '../helpers/fixture-install.js';
import { oldestAndNewest } from '../helpers/libraries.js';
import { FIXTURES } from '../helpers/paths.js';
import { type QueueName, queueOrSkip } from '../helpers/queues.js';
import { runApp } from '../helpers/run-app.js';
import { testScenario } from '../helpers/scenario.js';
import { serverOrSkip } from '../helpers/servers.js';
import { type LibraryCase, LOWEST_FIXTURE } from '../libraries/library-case.js';
import { ADDED, ASKED, MESSAGING, OLDEST, UNSAMPLED } from '../libraries/messaging.js';

const BROKERS: Readonly<Record<string, QueueName | 'rabbitmq' | 'redis'>> = {
  kafkajs: 'kafka',
  amqplib: 'rabbitmq',
  nats: 'nats',
  '@nats-io/transport-node': 'nats',
  mqtt: 'mosquitto',
  bullmq: 'redis',
  redis: 'redis',
  ioredis: 'redis',
  '@aws-sdk/client-sqs': 'moto',
  'sqs-consumer': 'moto',
};

type Env = Record<string, string>;

const nodeFor = (range: string | undefined): string => oldestAndNewest(range)[0]?.node ?? process.execPath;

/** CommonJS on the oldest Node.js, ES modules on the newest: how a library is found depends on nothing else. */
function testNewest(t: Test, { scenario, needsNode }: LibraryCase, env: Env): void {
  const nodes = oldestAndNewest(needsNode);
  const forms = nodes.length === 1 ? [['cjs', 'mjs']] : [['cjs'], ['mjs']];
  for (const [index, node] of nodes.entries()) {
    const cell = { nodes: [node], forms: forms[index] ?? ['cjs'], hasAllPreloads: false };
    testScenario(t, { ...scenario, ...cell, env: { ...scenario.env, ...env } });
  }
}

/** The lowest supported release, of instrumentations of our own; one cell is enough. */
function testLowest(t: Test, { scenario, lowest }: LibraryCase, env: Env): void {
  if (lowest === undefined) return;
  const all = { ...scenario, forms: ['cjs'], ...lowest };
  const cell = { folder: LOWEST_FIXTURE, nodes: oldestAndNewest('<24').slice(0, 1), hasAllPreloads: false };
  testScenario(t, { ...all, ...cell, env: { ...all.env, ...env } });
}

/** The hooks know a package by its folder. */
function testOldest(t: Test, { scenario, library }: LibraryCase, env: Env): void {
  const oldest = OLDEST[library];
  if (oldest === undefined) return;
  const folder = join('libraries-messaging', 'oldest');
  const copy = join(FIXTURES, folder, 'node_modules', library);
  rmSync(copy, { recursive: true, force: true });
  cpSync(join(FIXTURES, 'libraries-messaging', 'node_modules', oldest.folder), copy, { recursive: true });
  const all = { ...scenario, ...oldest.scenario };
  const cell = { folder, forms: ['cjs'], nodes: oldestAndNewest(oldest.needsNode).slice(0, 1), hasAllPreloads: false };
  testScenario(t, { ...all, ...cell, env: { ...all.env, ...env } });
}

/** Each hook throws, in the sender and in the receiver. */
function testBroken(t: Test, { scenario, instrumentation, meets, needsNode, broken }: LibraryCase, env: Env): void {
  if (meets === undefined) return;
  const program = {
    node: nodeFor(needsNode),
    file: join(scenario.folder ?? 'libraries-messaging', `${scenario.name}.cjs`),
    env: { ...env, ...broken },
  };
  t.test('everything throws', (t) => testContainment(t, { instrumentation, meets, processes: 2, program }));
}

function testAdded(t: Test, { library, instrumentation, needsNode }: LibraryCase, env: Env): void {
  const { name, meets } = ADDED[library] ?? {};
  if (meets === undefined) return;
  const program = { node: nodeFor(needsNode), file: join('libraries-messaging', `${name}.cjs`), env };
  t.test(`${name}: everything throws`, (t) => testContainment(t, { instrumentation, meets, program }));
}

const TRACE_ID = 'a1b2c3d4e5f60718293a4b5c6d7e8f90';

/** The decision of a caller that is not traced goes with the message, although the receiver was started in a trace. */
function testUnsampled(t: Test, { scenario, needsNode }: LibraryCase, env: Env): void {
  t.test('a producer that is not sampled', async (t) => {
    const steps = UNSAMPLED[scenario.name];
    if (steps === undefined) throw new Error(`no steps for ${scenario.name}`);
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const app = runApp({
      node: nodeFor(needsNode),
      file: join(scenario.folder ?? 'libraries-messaging', `${scenario.name}.cjs`),
      env: {
        ...scenario.env,
        ...env,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
        TEST_TRACEPARENT: `00-${TRACE_ID}-0123456789abcdef-00`,
        TEST_STEPS: [...steps, ...(ASKED[scenario.name] ?? [])].join(),
      },
    });
    t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
    const lines = app.stdout().trim().split('\n').slice(0, steps.length);
    const traces = lines.map((line) => line.replaceAll(/-[0-9a-f]{16}-/g, '-<span>-'));
    const same = `00-${TRACE_ID}-<span>-00`;
    t.strictSame(
      traces.map((line) => [line.split(' ')[0], ...new Set(line.split(' ')[1]?.split(','))]),
      steps.map((step) => [step, same]),
      'the work for each message says the same trace, which is not sampled',
    );
    const spans = collector.spans();
    t.ok(
      spans.some(({ name, kind }) => name === 'GET' && kind === 'SERVER'),
      'what started the receiver is traced',
    );
    const ofMessages = spans.filter(({ kind, traceId }) => /^(PRODUCER|CONSUMER)$/.test(kind) || traceId === TRACE_ID);
    t.strictSame(ofMessages, [], 'no message has a span');
  });
}

async function brokerFor(t: Test, library: string): Promise<Env | undefined> {
  const broker = BROKERS[library];
  if (broker === undefined) throw new Error(`no broker for ${library}`);
  const isDebian = broker === 'rabbitmq' || broker === 'redis';
  const server = isDebian ? await serverOrSkip(t, broker) : await queueOrSkip(t, broker);
  return server && { TEST_QUEUE_URL: server.url };
}

const skip = installFixture('libraries-messaging').skip || installFixture(LOWEST_FIXTURE).skip;

for (const item of MESSAGING) {
  t.test(item.scenario.name, { skip }, async (t) => {
    const env = await brokerFor(t, item.library);
    if (env === undefined) return;
    testNewest(t, item, env);
    testOldest(t, item, env);
    testLowest(t, item, env);
    testUnsampled(t, item, env);
    testBroken(t, item, env);
    testAdded(t, item, env);
  });
}

t.test('kafkajs: what outlives a request holds nothing of its context', { skip }, async (t) => {
  const env = await brokerFor(t, 'kafkajs');
  if (env === undefined) return;
  const collector = await startCollector();
  t.teardown(() => collector.close());
  for (const node of oldestAndNewest(undefined)) {
    const app = runApp({
      node: node.node,
      file: join('libraries-messaging', 'kafkajs-context.cjs'),
      env: { ...env, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl },
    });
    t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
    t.strictSame(
      JSON.parse(app.stdout() || '{}'),
      {
        seen: {
          message: 'nobody',
          'consumer.heartbeat': 'nobody',
          'consumer.fetch': 'nobody',
          'consumer.fetch_start': 'nobody',
          'consumer.network.request': 'nobody',
        },
        collected: { atOnce: true, later: true },
        destroyed: true,
      },
      `Node ${node.version}`,
    );
  }
});
