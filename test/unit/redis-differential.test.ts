/**
 * The same workloads of both Redis clients under the official instrumentations and under ours: kind, operation, parent
 * and status of every span, apart from the differences written down here, each with its reason. Names differ everywhere:
 * the official spans are `redis-GET` and `get`, ours say the server as well, as the convention asks.
 */
import t, { type Test } from 'tap';
import { type DatabaseReport, outline, runWorkload } from '../helpers/databases.js';
import { caseOf, type LeanSpan } from '../helpers/lean.js';
import { serverOrSkip } from '../helpers/servers.js';

const BATCH =
  'one span with its size for a transaction or a pipeline, as the convention asks, instead of one a command';
const EMPTY = 'a transaction without commands is sent nevertheless';
const SCRIPT = 'a script that the server did not know is one call, which did not fail';
const HEARTBEAT = 'what a client sends to see if its server is there is no command of the application';
const HANDSHAKE = 'what a client sends to open a connection is no command of the application';
const REFUSED = 'the official span never ends: the command was refused before it could be tied to it';
const CANCELLED = 'a command that its caller took back has not failed';
const WAITING = 'a span each time the command comes by: when it is called, and when the connection is there';
const FOREIGN =
  'a command that waited for a client of a pool is a child of its own caller, not of who gave the client back';
const MONITOR = `${HANDSHAKE}, and MONITOR is how that connection is opened`;

const REDIS_DIFFERENCES: Readonly<Record<string, string>> = {
  transaction: BATCH,
  'transaction of one kind': BATCH,
  'empty transaction': EMPTY,
  pipeline: BATCH,
  'pipeline of one kind': BATCH,
  'long transaction': BATCH,
  'failing transaction': BATCH,
  'failing pipeline': BATCH,
  'refused transaction': BATCH,
  watched: BATCH,
  'script, unknown to the server': SCRIPT,
  'transaction after the end': BATCH,
  heartbeat: HEARTBEAT,
  'pool, transaction': BATCH,
  'pool that is too small': FOREIGN,
  aborted: CANCELLED,
  'nobody handles it': BATCH,
};

const IOREDIS_DIFFERENCES: Readonly<Record<string, string>> = {
  pipeline: BATCH,
  'pipeline of one kind': BATCH,
  'pipeline of arrays': BATCH,
  'pipeline, callbacks': BATCH,
  'failing pipeline': BATCH,
  transaction: BATCH,
  'transaction of one kind': BATCH,
  'transaction, callbacks': BATCH,
  'failing transaction': BATCH,
  'refused transaction': BATCH,
  watched: BATCH,
  'long pipeline': BATCH,
  'automatic pipeline': HANDSHAKE,
  'automatic pipeline, cut': HANDSHAKE,
  'script, forgotten by the server': SCRIPT,
  'script in a pipeline': BATCH,
  'connects by itself': WAITING,
  'before the connection is there': WAITING,
  'after the end': HANDSHAKE,
  'offline, without a queue': REFUSED,
  'disconnected while it waits': HANDSHAKE,
  'cut, and sent again': WAITING,
  'cut while it waits': HANDSHAKE,
  blocked: HANDSHAKE,
  'another database': HANDSHAKE,
  monitor: MONITOR,
  subscribe: `${HANDSHAKE}; ${REFUSED}`,
  'nobody handles it': BATCH,
};

const operationOf = ({ name }: LeanSpan): string =>
  name.replace(/^redis-/, '').replace(/ (?:127\.0\.0\.1|discount).*$/, '');

function compare(
  t: Test,
  own: DatabaseReport,
  official: DatabaseReport,
  differences: Readonly<Record<string, string>>,
): void {
  const names = Object.keys(own.cases);
  t.ok(names.length > 40);
  for (const name of Object.keys(differences)) t.ok(names.includes(name), name);
  for (const name of names) {
    const [ours, theirs] = [outline(own, name, operationOf), outline(official, name, operationOf)];
    const reason = differences[name];
    if (reason === undefined) t.strictSame(ours, theirs, name);
    else t.notSame(ours, theirs, `${name}: ${reason}`);
    t.equal(caseOf(own, name).parent.traceId.length, 32);
  }
}

t.test('the official instrumentation of node-redis and ours make the same traces', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  const official = await runWorkload(process.execPath, 'redis', 'official', 'redis', server.url);
  const own = await runWorkload(process.execPath, 'redis', 'own', 'redis', server.url);
  compare(t, own, official, REDIS_DIFFERENCES);
  t.match(JSON.stringify(official.cases), /"db.query.text":"EVALSHA [0-9a-f]* 1 kept secret/, 'what ours masks');
});

t.test('the official instrumentation of ioredis and ours make the same traces', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  const official = await runWorkload(process.execPath, 'ioredis', 'official', 'ioredis', server.url);
  const own = await runWorkload(process.execPath, 'ioredis', 'own', 'ioredis', server.url);
  compare(t, own, official, IOREDIS_DIFFERENCES);
  t.ok(official.open > 0, 'spans that the official instrumentation never ends');
  t.strictSame(official.roots, [], 'outside of a trace the official instrumentation makes no span');
  t.equal(own.roots.length, 1);
});
