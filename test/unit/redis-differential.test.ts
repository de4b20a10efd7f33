/**
 * The same workload of node-redis under the official instrumentation and under ours: parent, name, status, events and
 * attributes of every span, apart from the differences written down here, each with both values and its reason.
 */
import t from 'tap';
import { runWorkload } from '../helpers/databases.js';
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

const EMPTY = 'a transaction without commands is sent nevertheless';
const SCRIPT = 'a script that the server did not know is one call, which did not fail';
const HEARTBEAT = 'what a client sends to see if its server is there is no command of the application';
const CANCELLED = 'a command that its caller took back has not failed';
const FOREIGN =
  'a command that waited for a client of a pool is a child of its own caller, not of who gave the client back';

/** What the official one says of commands, and what ours does. */
const TEXTS: readonly (readonly [official: string, own: string])[] = [
  ['SET name [1 other arguments]', 'SET name ?'],
  ['SET name [3 other arguments]', 'SET name ? ? ?'],
  ['HSET hash field [1 other arguments]', 'HSET hash field ?'],
  ['MSET a [3 other arguments]', 'MSET a ? b ?'],
  ['ECHO [1 other arguments]', 'ECHO ?'],
  ['SET bytes [1 other arguments]', 'SET bytes ?'],
  ['GET two words', 'GET "two words"'],
  ['PUBLISH news [1 other arguments]', 'PUBLISH news ?'],
  ['CONFIG SET [2 other arguments]', 'CONFIG SET ? ?'],
  ['LPUSH name [1 other arguments]', 'LPUSH name ?'],
  ['NOPE [1 other arguments]', 'NOPE ?'],
  ['AUTH [2 other arguments]', 'AUTH ? ?'],
  ['SET c [1 other arguments]', 'SET c ?'],
  [
    'EVALSHA 9c43a642ad9bea5bd8e835edf4726cb9e07ef86a 1 kept secret tea',
    'EVALSHA 9c43a642ad9bea5bd8e835edf4726cb9e07ef86a 1 kept ?',
  ],
  ['EVAL return redis.error_reply("MINE secret tea") 1 k secret tea', 'EVAL ? 1 k ?'],
  [
    'EVALSHA 0000000000000000000000000000000000000000 1 k secret tea',
    'EVALSHA 0000000000000000000000000000000000000000 1 k ?',
  ],
  ['FCALL [4 other arguments]', 'FCALL discount 1 key ?'],
  ['SET early [1 other arguments]', 'SET early ?'],
  ['SET there [1 other arguments]', 'SET there ?'],
  ['SELECT [1 other arguments]', 'SELECT 5'],
];

const DIGEST = '9c43a642ad9bea5bd8e835edf4726cb9e07ef86a';
const NO_DIGEST = '0'.repeat(40);
const KEYS = Array.from({ length: 142 }, (_, index) => `key:${index}`).join(' ');

const officialWord = (command: string): string => `redis-${command}`;
const spans = spansBy(officialWord);
const namespace = fact('db.namespace', 'the database is known');
const errorType = fact('error.type', "the class of the client's own error");
const text = fact('db.query.text', 'long texts are cut, keys are shown');

const DIFFERENCES: readonly Difference[] = [
  ...commonDifferences(officialWord, TEXTS),
  spans('SET, GET', 'MULTI', BATCH, 'transaction'),
  spans('INCR, INCR', 'MULTI INCR', BATCH, 'transaction of one kind'),
  spans('', 'MULTI', EMPTY, 'empty transaction'),
  spans('SET, GET', 'PIPELINE', BATCH, 'pipeline'),
  spans('GET, GET', 'PIPELINE GET', BATCH, 'pipeline of one kind'),
  spans(Array(500).fill('SET').join(', '), 'MULTI SET', BATCH, 'long transaction'),
  spans('SET, LPUSH!, GET', 'MULTI!', BATCH, 'failing transaction'),
  spans('SET!, LPUSH!, GET!', 'PIPELINE!', BATCH, 'failing pipeline'),
  spans('SET!, NOPE!', 'MULTI!', BATCH, 'refused transaction'),
  spans('WATCH, GET!, GET!', 'WATCH, MULTI GET!', BATCH, 'watched'),
  spans('GET!, GET!', 'MULTI GET!', BATCH, 'transaction after the end'),
  spans('GET, GET', 'MULTI GET', BATCH, 'pool, transaction'),
  spans('LPUSH!, LPUSH!, LPUSH!, GET', 'LPUSH!, LPUSH!, MULTI!', BATCH, 'nobody handles it'),
  spans('EVALSHA!, EVAL', 'EVALSHA', SCRIPT, 'script, unknown to the server'),
  fact('name', 'the function is the target')('redis-FCALL', 'FCALL discount', 'function', 'function, by name'),
  fact('db.operation.name', 'a batch of one is no batch')('MULTI SET', 'SET', 'transaction of one'),
  text(`GET ${'k'.repeat(500)}`, `GET ${'k'.repeat(128)}...`, 'long key'),
  text('MGET [1000 other arguments]', `MGET ${KEYS} ...`, 'many keys'),
  namespace(undefined, '3', 'another database'),
  namespace(undefined, '5', 'another database'),
  procedure(undefined, DIGEST, 'script'),
  procedure(undefined, NO_DIGEST, 'unknown digest'),
  procedure(undefined, 'discount', 'function', 'function, by name'),
  ...answeredWith('Error', {
    ERR: ['unknown command'],
    MINE: ['script that fails'],
    NOSCRIPT: ['unknown digest'],
    WRONGPASS: ['authentication'],
    WRONGTYPE: ['wrong type'],
  }),
  errorType(undefined, 'ClientClosedError', 'never connected', 'after the end'),
  errorType(undefined, 'ClientOfflineError', 'offline, without a queue'),
  errorType(undefined, 'DisconnectsClientError', 'destroyed while it waits'),
  errorType(undefined, 'SocketClosedUnexpectedlyError', 'cut while it waits'),
  message(
    { code: 2, message: "ERR unknown command 'NOPE', with args beginning with: 'secret tea' " },
    { code: 2, message: "ERR unknown command '?', with args beginning with: '?' " },
    'unknown command',
  ),
  message({ code: 2, message: 'MINE secret tea' }, { code: 2 }, 'script that fails'),
  message({ code: 2, message: 'NOSCRIPT No matching script. Please use EVAL.' }, { code: 2 }, 'unknown digest'),
  fact('status', CANCELLED)({ code: 2, message: 'The command was aborted' }, { code: 0 }, 'aborted'),
  fact('events', CANCELLED)([{ name: 'exception', type: 'Error' }], [], 'aborted'),
  fact('parent', FOREIGN)('INTERNAL one', 'INTERNAL two', 'pool that is too small'),
  fact('parent', FOREIGN)('INTERNAL one', 'INTERNAL three', 'pool that is too small'),
];

t.test('the official instrumentation of node-redis and ours make the same traces', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  const official = await runWorkload(process.execPath, 'redis', 'official', 'redis', server.url);
  const own = await runWorkload(process.execPath, 'redis', 'own', 'redis', server.url);
  const isHeartbeat = (_name: string, index: number, ofCase: string): boolean => ofCase === 'heartbeat' && index > 0;
  compareClients(t, [official, own], DIFFERENCES, isHeartbeat);
  const names = caseOf(official, 'heartbeat').spans.map(({ name }) => name);
  t.ok(names.length > 1 && names.every((name) => name === 'redis-PING'), `${names}: ${HEARTBEAT}`);
});
