/**
 * The same workload of ioredis under the official instrumentation and under ours: parent, name, status, events and attributes
 * of every span, apart from the differences written down here, each with both values and its reason.
 */
import t from 'tap';
import { type DatabaseReport, runWorkload } from '../helpers/databases.js';
import type { Difference } from '../helpers/differences.js';
import { caseOf } from '../helpers/lean.js';
import {
  answeredWith,
  BATCH,
  commonDifferences,
  compareClients,
  fact,
  message,
  procedure,
  spans as spansBy,
} from '../helpers/redis-differences.js';
import { serverOrSkip } from '../helpers/servers.js';

const HANDSHAKE = 'what a client sends to open or close a connection is no command of the application';
const REFUSED = 'the official span never ends: the command was refused before it could be tied to it';
const WAITING = 'a span each time the command comes by: when it is called, and when the connection is there';
const FORGOTTEN = 'the client asks again with the script: the first answer was no failure of the call';
const NO_BATCH = 'a batch of one is no batch, and one that the client made of itself is none of the application';
const CALLER = 'each command is a child of its own caller, not of the first one';

/** How the client opens a connection: the official one makes spans of it, as often as it does. */
const OPENING = new Set(['connect', 'client', 'info']);

/** What the official one says of commands, and what ours does. */
const TEXTS: readonly (readonly [official: string, own: string])[] = [
  ['set name [1 other arguments]', 'set name ?'],
  ['set name [3 other arguments]', 'set name ? ? ?'],
  ['hset hash field [1 other arguments]', 'hset hash field ?'],
  ['mset a [3 other arguments]', 'mset a ? b ?'],
  ['ECHO [1 other arguments]', 'ECHO ?'],
  ['lpush name [1 other arguments]', 'lpush name ?'],
  ['NOPE [1 other arguments]', 'NOPE ?'],
  ['AUTH [2 other arguments]', 'AUTH ? ?'],
  ['set c [1 other arguments]', 'set c ?'],
  [
    'evalsha 9c43a642ad9bea5bd8e835edf4726cb9e07ef86a 1 kept secret tea',
    'evalsha 9c43a642ad9bea5bd8e835edf4726cb9e07ef86a 1 kept ?',
  ],
  ['eval return redis.error_reply("MINE secret tea") 1 k secret tea', 'eval ? 1 k ?'],
  [
    'evalsha 0000000000000000000000000000000000000000 1 k secret tea',
    'evalsha 0000000000000000000000000000000000000000 1 k ?',
  ],
  ['select [1 other arguments]', 'select 5'],
];

const DIGEST = '9c43a642ad9bea5bd8e835edf4726cb9e07ef86a';
const NO_DIGEST = '0'.repeat(40);
const NO_SCRIPT = 'NOSCRIPT No matching script. Please use EVAL.';

const spans = spansBy((command) => command);
const namespace = fact('db.namespace', 'the database is known');
const operation = fact('db.operation.name', NO_BATCH);
const parent = fact('parent', CALLER);
const errorType = fact('error.type', "the class of the client's own error");

const DIFFERENCES: readonly Difference[] = [
  ...commonDifferences((command) => command, TEXTS),
  spans('set, get', 'PIPELINE', BATCH, 'pipeline', 'pipeline of arrays'),
  spans('get, get', 'PIPELINE get', BATCH, 'pipeline of one kind', 'pipeline, callbacks'),
  spans('set, lpush!, get', 'PIPELINE!', BATCH, 'failing pipeline'),
  spans('multi, set, get, exec', 'MULTI', BATCH, 'transaction'),
  spans('multi, incr, incr, exec', 'MULTI incr', BATCH, 'transaction of one kind'),
  spans('multi, get, get, exec', 'MULTI get', BATCH, 'transaction, callbacks'),
  spans('multi, set, lpush, exec', 'MULTI!', BATCH, 'failing transaction'),
  spans('multi, set, NOPE!, exec!', 'MULTI!', BATCH, 'refused transaction'),
  spans('watch, multi, get, get, exec', 'watch, MULTI get', BATCH, 'watched'),
  spans(Array(500).fill('set').join(', '), 'PIPELINE set', BATCH, 'long pipeline'),
  spans('evalsha, get', 'PIPELINE', BATCH, 'script in a pipeline'),
  spans('lpush!, multi, lpush, NOPE!, exec!', 'lpush!, MULTI!', BATCH, 'nobody handles it'),
  spans('select, set, set', 'set', `${WAITING}; ${HANDSHAKE}`, 'connects by itself'),
  spans('set, set, get, get, get, get', 'set, PIPELINE get', `${WAITING}; ${BATCH}`, 'before the connection is there'),
  spans('blpop, blpop', 'blpop', WAITING, 'cut, and sent again'),
  spans('quit, get!', 'get!', HANDSHAKE, 'after the end'),
  spans('', 'get!', REFUSED, 'offline, without a queue'),
  spans('monitor, get', 'get', HANDSHAKE, 'monitor'),
  spans('subscribe, publish, unsubscribe', 'subscribe, publish, get!, unsubscribe', REFUSED, 'subscribe'),
  operation('PIPELINE get', 'get', 'pipeline of one', 'automatic pipeline'),
  operation('PIPELINE lpush', 'lpush', 'automatic pipeline'),
  operation('PIPELINE blpop', 'blpop', 'automatic pipeline, cut'),
  parent('INTERNAL one', 'INTERNAL two', 'automatic pipeline'),
  parent('INTERNAL one', 'INTERNAL three', 'automatic pipeline'),
  errorType(undefined, 'Error', 'automatic pipeline, cut', 'disconnected while it waits'),
  errorType(undefined, 'MaxRetriesPerRequestError', 'cut while it waits'),
  fact('status', FORGOTTEN)({ code: 2, message: NO_SCRIPT }, { code: 0 }, 'script, forgotten by the server'),
  fact('events', FORGOTTEN)([{ name: 'exception', type: 'ReplyError' }], [], 'script, forgotten by the server'),
  fact('db.response.status_code', FORGOTTEN)(undefined, 'NOSCRIPT', 'script, forgotten by the server'),
  namespace(undefined, '5', 'another database'),
  procedure(undefined, DIGEST, 'script, unknown to the server', 'script', 'script, forgotten by the server'),
  procedure(undefined, NO_DIGEST, 'unknown digest'),
  ...answeredWith('ReplyError', {
    ERR: ['unknown command'],
    MINE: ['script that fails'],
    NOSCRIPT: ['unknown digest'],
    WRONGPASS: ['authentication'],
    WRONGTYPE: ['failing callback', 'wrong type', 'automatic pipeline'],
  }),
  message(
    { code: 2, message: "ERR unknown command 'NOPE', with args beginning with: 'secret tea' " },
    { code: 2, message: "ERR unknown command '?', with args beginning with: '?' " },
    'unknown command',
  ),
  message({ code: 2, message: 'MINE secret tea' }, { code: 2 }, 'script that fails'),
  message({ code: 2, message: NO_SCRIPT }, { code: 2 }, 'unknown digest'),
];

t.test('the official instrumentation of ioredis and ours make the same traces', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  const official = await runWorkload(process.execPath, 'ioredis', 'official', 'ioredis', server.url);
  const own = await runWorkload(process.execPath, 'ioredis', 'own', 'ioredis', server.url);
  compareClients(t, [official, own], DIFFERENCES, (name) => OPENING.has(name));
  const opensBy = (report: DatabaseReport) =>
    caseOf(report, 'blocked').spans.some(({ name }) => name.startsWith('connect'));
  t.strictSame([opensBy(official), opensBy(own)], [true, false], HANDSHAKE);
  t.ok(official.open > 0, 'spans that the official instrumentation never ends');
  t.strictSame(official.roots, [], 'outside of a trace the official instrumentation makes no span');
  t.equal(own.roots.length, 1);
});
