/**
 * node-redis 4 to 6 under our instrumentation, on a real server: commands, transactions, pipelines, scripts, pools, every
 * way a connection ends, beside the same program without instrumentation.
 */
import t, { type Test } from 'tap';
import { type DatabaseReport, describeRedisSpan, runWorkload, steady } from '../helpers/databases.js';
import { caseOf, onlySpan } from '../helpers/lean.js';
import { type NodeBinary, nodeEnds } from '../helpers/node-versions.js';
import { serverOrSkip } from '../helpers/servers.js';

type Expected = Readonly<Record<string, readonly string[] | undefined>>;

/** The spans of each case; see `describeRedisSpan`. */
const EXPECTED: Expected = {
  set: ['SET | SET name ?'],
  'set with options': ['SET | SET name ? ? ?'],
  get: ['GET | GET name'],
  hash: ['HSET | HSET hash field ?'],
  many: ['MSET | MSET a ? b ?'],
  delete: ['DEL | DEL a b'],
  raw: ['ECHO | ECHO ?'],
  'raw, lower case': ['get | get name'],
  'raw, bytes': ['SET | SET bytes ?'],
  'key with blanks': ['GET | GET "two words"'],
  publish: ['PUBLISH | PUBLISH news ?'],
  configuration: ['CONFIG | CONFIG SET ? ?'],
  parallel: ['INCR | INCR n', 'INCR | INCR n', 'GET | GET name'],
  'wrong type': ['LPUSH | LPUSH name ? ! WRONGTYPE'],
  'unknown command': ['NOPE | NOPE ? ! ERR'],
  scan: ['SCAN | SCAN 0 MATCH name COUNT 10000'],
  authentication: ['AUTH | AUTH ? ? ! WRONGPASS'],
  transaction: ['MULTI x2 | SET c ?; GET c'],
  'transaction of one kind': ['MULTI INCR x2 | INCR n'],
  'transaction of one': ['SET | SET c ?'],
  'empty transaction': ['MULTI x0'],
  pipeline: ['PIPELINE x2 | SET c ?; GET c'],
  'pipeline of one kind': ['PIPELINE GET x2 | GET c'],
  'empty pipeline': [],
  'failing transaction': ['MULTI x3 | SET c ?; LPUSH name ?; GET c ! WRONGTYPE'],
  'failing pipeline': ['PIPELINE x3 | SET c ?; LPUSH name ?; GET c ! WRONGTYPE'],
  'refused transaction': ['MULTI x2 | SET c ?; NOPE ? ! ERR'],
  watched: ['WATCH | WATCH watched', 'MULTI GET x2 | GET watched ! WatchError'],
  'script, unknown to the server': ['EVALSHA | EVALSHA sha 1 kept ?'],
  script: ['EVALSHA | EVALSHA sha 1 kept ?'],
  'script that fails': ['EVAL | EVAL ? 1 k ? ! MINE'],
  'unknown digest': ['EVALSHA | EVALSHA sha 1 k ? ! NOSCRIPT'],
  function: ['FCALL | FCALL discount 1 key ?'],
  'function, by name': ['FCALL | FCALL discount 1 key ?'],
  'before the connection is there': ['SET | SET early ?'],
  'never connected': ['GET | GET name ! ClientClosedError'],
  'after the end': ['GET | GET name ! ClientClosedError'],
  'transaction after the end': ['MULTI GET x2 | GET a; GET b ! ClientClosedError'],
  'offline, without a queue': ['GET | GET name ! ClientOfflineError'],
  'destroyed while it waits': ['BLPOP | BLPOP nothing 0 ! DisconnectsClientError'],
  'cut while it waits': ['BLPOP | BLPOP nothing 0 ! SocketClosedUnexpectedlyError', 'GET | GET name'],
  blocked: ['BLPOP | BLPOP list 0'],
  'another database': ['SET@3 | SET there ?', 'SELECT@5 | SELECT 5', 'GET@5 | GET there'],
  heartbeat: ['PING | PING'],
  'name and password': ['GET | GET name'],
  subscribe: ['PUBLISH | PUBLISH news ?'],
  aborted: ['GET | GET name'],
  callbacks: ['get | get name'],
  pool: ['GET | GET name'],
  'pool, raw': ['GET | GET name'],
  'pool, transaction': ['MULTI GET x2 | GET name'],
  'pool, several commands': ['GET | GET name', 'GET | GET name'],
  'pool that is too small': ['GET | GET one', 'one', 'GET | GET two', 'two', 'GET | GET three', 'three'],
  'nobody handles it': [
    'LPUSH | LPUSH name ? ! WRONGTYPE',
    'LPUSH | LPUSH name ? ! WRONGTYPE',
    'MULTI x2 | LPUSH name ?; GET name ! WRONGTYPE',
  ],
};

/** A pool came with 5.0. */
const NO_POOL: Expected = {
  pool: undefined,
  'pool, raw': undefined,
  'pool, transaction': undefined,
  'pool, several commands': undefined,
  'pool that is too small': undefined,
};

/** A client of 4 has an isolated one instead, and the callbacks of 3 in a mode of its own. */
const IN_4: Expected = {
  ...NO_POOL,
  isolated: ['GET | GET name'],
  'refused transaction': ['MULTI x2 | SET c ?; NOPE ? ! EXECABORT'],
  callbacks: [
    'set | set legacy ?',
    'get | get legacy',
    'LPUSH | LPUSH legacy ? ! WRONGTYPE',
    'MULTI get x2 | get legacy',
    'GET | GET legacy',
  ],
};

/** There a transaction sends nothing when it is empty, and the first error of its commands is what it fails with. */
const IN_4_1: Expected = {
  ...IN_4,
  'refused transaction': EXPECTED['refused transaction'],
  'empty transaction': [],
  'offline, without a queue': ['GET | GET name ! SocketClosedUnexpectedlyError'],
  'transaction after the end': undefined,
  heartbeat: undefined,
  callbacks: [
    'SET | SET legacy ?',
    'GET | GET legacy',
    'lPush | lPush legacy ? ! WRONGTYPE',
    'MULTI GET x2 | GET legacy',
    'GET | GET legacy',
  ],
};

interface Library {
  /** Name under which the release is installed. */
  readonly name: string;
  readonly differences: Expected;
  readonly leastNode: number;
}

const LIBRARIES: readonly Library[] = [
  { name: 'redis40', differences: { ...IN_4_1, function: undefined, 'function, by name': undefined }, leastNode: 0 },
  { name: 'redis41', differences: IN_4_1, leastNode: 0 },
  { name: 'redis4', differences: IN_4, leastNode: 0 },
  { name: 'redis50', differences: {}, leastNode: 0 },
  { name: 'redis', differences: {}, leastNode: 0 },
  { name: 'redis6', differences: {}, leastNode: 20 },
];

/** The other releases run on the Node.js of the tests only. */
const EVERYWHERE = new Set(['redis4', 'redis6']);

function testSpans(t: Test, report: DatabaseReport, expected: Expected): void {
  for (const [name, spans] of Object.entries(expected)) {
    if (spans === undefined) continue;
    t.strictSame(caseOf(report, name).spans.map(describeRedisSpan), spans, name);
  }
  for (const [name, { spans, parent }] of Object.entries(report.cases)) {
    for (const span of spans) {
      const { attributes } = span;
      const operation = attributes['db.operation.name'];
      if (operation === undefined) continue;
      t.equal(span.kind, 'CLIENT', name);
      t.equal(span.scope, '@org/trace-agent/redis');
      const target = operation === 'FCALL' ? 'discount' : `127.0.0.1:${report.port}`;
      t.equal(span.name, `${operation} ${target}`, name);
      t.match(attributes, { 'db.system.name': 'redis', 'server.address': '127.0.0.1', 'server.port': report.port });
      if (name !== 'pool that is too small') t.equal(span.parentSpanId, parent.spanId, name);
    }
    t.notMatch(JSON.stringify(spans), /secret/, `${name}: no value is recorded`);
  }
}

function testDetails(t: Test, report: DatabaseReport): void {
  t.strictSame(onlySpan(report, 'get').attributes, {
    'db.system.name': 'redis',
    'db.namespace': '0',
    'db.operation.name': 'GET',
    'db.query.text': 'GET name',
    'server.address': '127.0.0.1',
    'server.port': report.port,
  });
  t.equal(onlySpan(report, 'wrong type').attributes['db.response.status_code'], 'WRONGTYPE');
  t.match(onlySpan(report, 'wrong type').status.message, /^WRONGTYPE Operation against a key/);
  t.match(onlySpan(report, 'unknown command').status.message, /^ERR unknown command '\?', with args .* '\?'/);
  t.equal(onlySpan(report, 'script that fails').status.message, undefined, 'a script may say anything');
  t.strictSame(onlySpan(report, 'after the end').events, [{ name: 'exception', type: 'Error' }]);
  t.equal(
    onlySpan(report, 'script').attributes['db.stored_procedure.name'],
    '9c43a642ad9bea5bd8e835edf4726cb9e07ef86a',
  );
  t.match(onlySpan(report, 'long key').attributes['db.query.text'], /^GET k{128}\.\.\.$/);
  const keys = String(onlySpan(report, 'many keys').attributes['db.query.text']);
  t.match(keys, /^MGET key:0 key:1 .* \.\.\.$/);
  t.ok(keys.length < 1100);
  const long = onlySpan(report, 'long transaction').attributes;
  t.equal(long['db.operation.batch.size'], 500);
  t.ok(String(long['db.query.text']).length < 1100);
}

/** Of a pool with one client, each waits for the one before, which is somebody else's. */
function testWaiting(t: Test, report: DatabaseReport): void {
  const { spans } = caseOf(report, 'pool that is too small');
  for (const name of ['one', 'two', 'three']) {
    const caller = spans.find((span) => span.name === name);
    const command = spans.find(({ attributes }) => attributes['db.query.text'] === `GET ${name}`);
    t.equal(command?.parentSpanId, caller?.spanId, `${name} is the parent of its own command`);
  }
}

function testBehaviour(t: Test, report: DatabaseReport, bare: DatabaseReport): void {
  t.strictSame(Object.keys(report.cases), Object.keys(bare.cases));
  for (const name of Object.keys(bare.cases)) {
    const [ours, theirs] = [caseOf(report, name).result, caseOf(bare, name).result];
    // With the span that was active: a message is no part of the request that the connection was made in.
    if (name === 'subscribe') t.strictSame(ours, ['secret tea', 'nothing']);
    else t.equal(steady(ours), steady(theirs), `${name}: the same result`);
  }
  t.strictSame(report.shapes, bare.shapes, 'methods look the same');
  t.equal(report.isPromise, bare.isPromise);
}

function testLibrary(t: Test, { node, version }: NodeBinary, { name, differences }: Library, url: string): void {
  t.test(`${name} on Node ${version}`, async (t) => {
    const report = await runWorkload(node, 'redis', 'own', name, url);
    t.equal(report.open, 0, 'no span stays open');
    t.strictSame(report.messages, [], 'nothing of ours failed');
    testSpans(t, report, { ...EXPECTED, ...differences });
    testDetails(t, report);
    if (report.cases.pool !== undefined) testWaiting(t, report);
    t.strictSame(report.roots.map(describeRedisSpan), ['GET | GET name'], 'a command outside of a trace is one');
    t.equal(report.roots[0]?.parentSpanId, undefined);
    t.equal(report.unsampled, 0);
    testBehaviour(t, report, await runWorkload(node, 'redis', 'bare', name, url));
  });
}

t.test('node-redis', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  for (const node of nodeEnds()) {
    const libraries = node.node === process.execPath ? LIBRARIES : LIBRARIES.filter(({ name }) => EVERYWHERE.has(name));
    for (const library of libraries) if (node.major >= library.leastNode) testLibrary(t, node, library, server.url);
  }
});

t.test('commands go on when the instrumentation cannot work', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  for (const name of ['redis4', 'redis']) {
    const bare = await runWorkload(process.execPath, 'redis', 'bare', name, server.url);
    const broken = await runWorkload(process.execPath, 'redis', 'broken', name, server.url);
    testBehaviour(t, broken, bare);
    t.equal(broken.messages.length, 2);
    t.match(broken.messages[0], /^warn: instrumentation redis failed/);
    t.match(broken.messages[1], /^error: instrumentation redis is off/);
  }
});
