/**
 * The same workload under the official instrumentation of mongodb and under ours: parent, name, status, events and attributes
 * of every span, apart from the differences written down here, each with both values and its reason.
 */
import t from 'tap';
import { runWorkload } from '../helpers/databases.js';
import { Comparison, compareCase, type Difference, factsOf, withoutPorts } from '../helpers/differences.js';
import { caseOf, type LeanCase, type LeanReport } from '../helpers/lean.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';

const FAILED = 'a write that the server refused has failed, although it answered with ok';
const HOUSEKEEPING = 'the end of sessions when a client closes is no command of the application';
const PSEUDO = 'a pseudo collection where ours has the one that the command names, or else the database';
const CODES = 'recommended by the convention';
const QUOTES = 'messages of the server quote values';
const TEXTS = 'the conventions have no text for MongoDB';

/** What the official one records of commands. */
const COMMANDS = [
  '[{"low":"?","high":"?","unsigned":"?"}]',
  '{"_id":"?","name":"?"}',
  '{"_id":"?"}',
  '{"aggregate":"?","pipeline":[{"$match":{"_id":"?"}},{"$group":{"_id":"?","n":{"$sum":"?"}}}],"cursor":{}}',
  '{"aggregate":"?","pipeline":[{"$match":{"name":"?"}},{"$count":"?"}],"cursor":{}}',
  '{"aggregate":"?","pipeline":[{"$match":{}},{"$group":{"_id":"?","n":{"$sum":"?"}}}],"cursor":{}}',
  '{"count":"?"}',
  '{"create":"?"}',
  '{"createIndexes":"?","indexes":[{"name":"?","key":{}}]}',
  '{"delete":"?","deletes":[{"q":{"_id":"?"},"limit":"?"}],"ordered":"?"}',
  '{"delete":"?","deletes":[{"q":{"_id":{"$in":["?","?"]}},"limit":"?"}],"ordered":"?"}',
  '{"distinct":"?","key":"?","query":{}}',
  '{"drop":"?"}',
  '{"find":"?","filter":{"$nope":"?"}}',
  '{"find":"?","filter":{"_id":"?"},"limit":"?","singleBatch":"?"}',
  '{"find":"?","filter":{"name":"?"},"limit":"?","singleBatch":"?"}',
  '{"find":"?","filter":{"name":"?"}}',
  '{"find":"?","filter":{},"batchSize":"?"}',
  '{"findAndModify":"?","query":{"_id":"?"},"remove":"?","new":"?","upsert":"?","update":{"$set":{"name":"?"}}}',
  '{"getMore":{"low":"?","high":"?","unsigned":"?"},"collection":"?","batchSize":"?"}',
  '{"listCollections":"?","filter":{},"cursor":{},"nameOnly":"?","authorizedCollections":"?"}',
  '{"listIndexes":"?","cursor":{}}',
  '{"nope":"?"}',
  '{"ping":"?"}',
  '{"update":"?","updates":[{"q":{"_id":"?"},"u":{"$set":{"name":"?"}}},{"q":{"_id":"?"},"u":{"$set":{"name":"?"}}}],"ordered":"?"}',
  '{"update":"?","updates":[{"q":{"_id":"?"},"u":{"$set":{"name":"?"}}}],"ordered":"?"}',
  '{"update":"?","updates":[{"q":{"_id":"?"},"u":{"name":"?"}}],"ordered":"?"}',
  '{"update":"?","updates":[{"q":{},"u":{"$set":{"seen":"?"}},"multi":"?"}],"ordered":"?"}',
];

const attribute =
  (what: string, reason: string) =>
  (official: unknown, own: unknown, ...cases: string[]): Difference => ({ cases, what, official, own, reason });

const collection = attribute('db.collection.name', PSEUDO);
const responseCode = attribute('db.response.status_code', CODES);
const errorType = attribute('error.type', CODES);
const spans = attribute('spans', HOUSEKEEPING);

const DUPLICATES = ['duplicate', 'duplicates', 'duplicate in a bulk'];
const CALLERS = ['one', 'two', 'three']
  .map((name) => `CLIENT find items below INTERNAL ${name} | INTERNAL ${name}`)
  .join(' | ');
const BAD_QUERY =
  "unknown top level operator: $nope. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.";

const DIFFERENCES: readonly Difference[] = [
  ...COMMANDS.map((official): Difference => ({ what: 'db.query.text', official, own: undefined, reason: TEXTS })),
  ...['aggregate items', 'count items', 'create dropped', 'distinct items', 'drop dropped', 'findAndModify items']
    .concat('listCollections shop', 'listIndexes items', 'nope shop', 'ping shop')
    .map((own): Difference => ({ what: 'name', official: own.replace(/ .*/, ' $cmd'), own, reason: PSEUDO })),
  collection('$cmd', 'dropped', 'drop'),
  collection(
    '$cmd',
    'items',
    'find and update',
    'aggregate',
    'count',
    'distinct',
    'estimate',
    'list indexes',
    'parallel',
  ),
  collection('$cmd', undefined, 'list collections', 'ping', 'unknown command'),
  attribute('db.operation.batch.size', 'the size of a batch is part of the convention')(undefined, 2, 'bulk'),
  responseCode(undefined, '11000', ...DUPLICATES),
  responseCode(undefined, '2', 'bad query'),
  responseCode(undefined, '59', 'unknown command'),
  errorType(undefined, '11000', ...DUPLICATES),
  errorType(undefined, '2', 'bad query'),
  errorType(undefined, '59', 'unknown command'),
  errorType(undefined, 'MongoNetworkError', 'cut'),
  attribute('events', 'what the driver says of a lost connection')(
    [],
    [{ name: 'exception', type: 'MongoNetworkError' }],
    'cut',
  ),
  attribute('status', FAILED)({ code: 0 }, { code: 2, message: 'DuplicateKey' }, ...DUPLICATES),
  attribute('status', QUOTES)(
    { code: 2, message: "no such command: 'nope'" },
    { code: 2, message: 'CommandNotFound' },
    'unknown command',
  ),
  attribute('status', QUOTES)({ code: 2, message: BAD_QUERY }, { code: 2, message: 'BadValue' }, 'bad query'),
  attribute('server.address', 'the name by which the application connects')('127.0.0.1', 'localhost', 'by its name'),
  spans('CLIENT find items | CLIENT endSessions $cmd', 'CLIENT find items', 'connects by itself', 'by its name'),
  spans(`${CALLERS} | CLIENT endSessions $cmd`, CALLERS, 'small pool'),
];

/** Cases in which the server decides what ends first. */
const RACING = new Set(['parallel']);

function sideOf(report: LeanReport, name: string): LeanCase {
  const all = caseOf(report, name);
  // Of a case there may be a server of its own.
  const side = withoutPorts(all, [report.port, ...all.spans.map(({ attributes }) => attributes['server.port'])]);
  if (RACING.has(name)) side.spans.sort((a, b) => a.name.localeCompare(b.name));
  return side;
}

t.test('the official instrumentation and ours make the same traces', async (t) => {
  const server = await mongodbOrSkip(t);
  if (server === undefined) return;
  const official = await runWorkload(process.execPath, 'mongodb', 'official', 'mongodb', server.url);
  const own = await runWorkload(process.execPath, 'mongodb', 'own', 'mongodb', server.url);
  const names = Object.keys(own.cases);
  t.ok(names.length > 35);
  const comparison = new Comparison(DIFFERENCES);
  for (const name of names) {
    const [left, right] = [sideOf(official, name), sideOf(own, name)];
    compareCase(t, comparison, name, [left, right], factsOf);
    const commands = left.spans.filter((span) => span.name !== 'endSessions $cmd');
    if (commands.length < left.spans.length) {
      compareCase(t, comparison, name, [{ ...left, spans: commands }, right], factsOf);
    }
  }
  comparison.end(t);
  t.strictSame(official.roots, [], 'outside of a trace the official instrumentation makes no span');
  t.equal(own.roots.length, 1);
});
