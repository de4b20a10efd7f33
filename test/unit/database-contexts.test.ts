/**
 * What outlives a request does not hold its context: clients, pools and subscribers of Redis and MongoDB that a request
 * makes, their sockets, heartbeats and reconnects. The context is gone once the request is over, while what it made is
 * still in use. Under the official instrumentations it stays, which shows that the test can fail.
 */
import t, { type Test } from 'tap';
import { runWorkload, type Variant } from '../helpers/databases.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { type NodeBinary, nodeEnds } from '../helpers/node-versions.js';
import { serverOrSkip } from '../helpers/servers.js';

interface Expected {
  /** What must have happened, in nobody's context. */
  readonly happened: readonly string[];
  /**
   * False where the driver keeps the callback, and with it the promise, of who waited for a connection: until Node.js 24 a
   * promise keeps the context it was made in.
   */
  readonly isCollected?: boolean;
}

const RECONNECT = ['reconnecting', 'ready'];

const REDIS: readonly (readonly [library: string, what: string, expected: Expected, leastNode?: number])[] = [
  ['redis4', 'client', { happened: ['heartbeat', ...RECONNECT] }],
  ['redis4', 'isolated', { happened: ['heartbeat'] }],
  ['redis', 'client', { happened: ['heartbeat', ...RECONNECT] }],
  ['redis', 'subscriber', { happened: ['heartbeat', 'message'] }],
  ['redis', 'pool', { happened: [] }],
  ['redis6', 'client', { happened: ['heartbeat', ...RECONNECT] }, 20],
  ['redis6', 'pool', { happened: [] }, 20],
  ['ioredis40', 'client', { happened: RECONNECT }],
  ['ioredis4', 'client', { happened: RECONNECT }],
  ['ioredis', 'client', { happened: RECONNECT }],
  ['ioredis', 'subscriber', { happened: ['message'] }],
  ['ioredis', 'automatic', { happened: [] }],
  ['ioredis6', 'client', { happened: RECONNECT }, 20],
];

const CONNECTS = ['heartbeat', 'new connection'];

const MONGODB: typeof REDIS = [
  ['mongodb4', 'client', { happened: ['heartbeat'], isCollected: false }],
  ['mongodb5', 'pool', { happened: CONNECTS, isCollected: false }],
  ['mongodb', 'client', { happened: CONNECTS }],
  ['mongodb', 'pool', { happened: CONNECTS }],
  ['mongodb7', 'client', { happened: CONNECTS }, 20],
  ['mongodb7', 'pool', { happened: CONNECTS }, 20],
];

const run = (node: string, variant: Variant, library: string, what: string, url: string) =>
  runWorkload(node, 'context', variant, library, what, url);

function testContexts(t: Test, { node, version, major }: NodeBinary, rows: typeof REDIS, url: string): void {
  for (const [library, what, { happened, isCollected = true }, leastNode = 0] of rows) {
    if (major < leastNode) continue;
    t.test(`${library}, ${what}, on Node ${version}`, async (t) => {
      const { collected, seen, open, messages } = await run(node, 'own', library, what, url);
      t.equal(open, 0);
      t.strictSame(messages, []);
      if (isCollected || major >= 24) t.strictSame(collected, { atOnce: true, later: true });
      for (const event of happened) t.match(seen, { [event]: 'nothing' }, `${event}: in nobody's context`);
      t.notOk(Object.values(seen as object).includes('the request'));
    });
  }
}

function testOfficial(t: Test, library: string, url: string, expected: Record<string, string>): void {
  t.test(`${library}: the official instrumentation keeps it`, async (t) => {
    const { collected, seen } = await run(process.execPath, 'official', library, 'client', url);
    t.strictSame(collected, { atOnce: false, later: false });
    t.match(seen, expected);
  });
}

t.test('clients of Redis', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  for (const node of nodeEnds()) testContexts(t, node, REDIS, server.url);
  // One after the other: some have the server end all connections.
  for (const library of ['redis', 'ioredis']) testOfficial(t, library, server.url, { ready: 'the request' });
});

t.test('clients of MongoDB', async (t) => {
  const server = await mongodbOrSkip(t);
  if (server === undefined) return;
  for (const node of nodeEnds()) testContexts(t, node, MONGODB, server.url);
  testOfficial(t, 'mongodb', server.url, { heartbeat: 'the request' });
});
