/**
 * ioredis 4 to 6 under our instrumentation, on a real server: commands, pipelines, transactions, scripts, automatic
 * pipelines, every way a connection ends, beside the same program without instrumentation.
 */
import t, { type Test } from 'tap';
import { type DatabaseReport, describeRedisSpan, runWorkload, steady } from '../helpers/databases.js';
import { caseOf, onlySpan } from '../helpers/lean.js';
import { type NodeBinary, nodeEnds } from '../helpers/node-versions.js';
import { serverOrSkip } from '../helpers/servers.js';

type Expected = Readonly<Record<string, readonly string[] | undefined>>;

/** The spans of each case; see `describeRedisSpan`. */
const EXPECTED: Expected = {
  set: ['set | set name ?'],
  'set with options': ['set | set name ? ? ?'],
  get: ['get | get name'],
  bytes: ['get | get name'],
  hash: ['hset | hset hash field ?'],
  many: ['mset | mset a ? b ?'],
  delete: ['del | del a b'],
  'any command': ['ECHO | ECHO ?'],
  'custom command': ['GET | GET name'],
  callback: ['get | get name'],
  'failing callback': ['lpush | lpush name ? ! WRONGTYPE'],
  parallel: ['incr | incr n', 'incr | incr n', 'get | get name'],
  'wrong type': ['lpush | lpush name ? ! WRONGTYPE'],
  'unknown command': ['NOPE | NOPE ? ! ERR'],
  authentication: ['AUTH | AUTH ? ? ! WRONGPASS'],
  scan: ['scan | scan 0 MATCH name COUNT 10000'],
  pipeline: ['PIPELINE x2 | set c ?; get c'],
  'pipeline of one kind': ['PIPELINE get x2 | get c'],
  'pipeline of one': ['get | get c'],
  'empty pipeline': [],
  'pipeline of arrays': ['PIPELINE x2 | set c ?; get c'],
  'pipeline, callbacks': ['PIPELINE get x2 | get c'],
  'failing pipeline': ['PIPELINE x3 | set c ?; lpush name ?; get c ! WRONGTYPE'],
  transaction: ['MULTI x2 | set c ?; get c'],
  'transaction of one kind': ['MULTI incr x2 | incr n'],
  'transaction, callbacks': ['MULTI get x2 | get c'],
  'failing transaction': ['MULTI x2 | set c ?; lpush name ? ! WRONGTYPE'],
  'refused transaction': ['MULTI x2 | set c ?; NOPE ? ! ERR'],
  'transaction without a pipeline': ['multi | multi', 'set | set c ?', 'exec | exec'],
  watched: ['watch | watch watched', 'MULTI get x2 | get watched'],
  'automatic pipeline': ['get | get name', 'lpush | lpush name ? ! WRONGTYPE', 'get | get c', 'one', 'three', 'two'],
  'automatic pipeline, cut': ['blpop | blpop nothing 0 ! Error'],
  'script, unknown to the server': ['evalsha | evalsha sha 1 kept ?'],
  script: ['evalsha | evalsha sha 1 kept ?'],
  'script, forgotten by the server': ['evalsha | evalsha sha 1 kept ?', 'evalsha | evalsha sha 1 kept ?'],
  'script in a pipeline': ['PIPELINE x2 | evalsha sha 1 kept ?; get kept'],
  'script that fails': ['eval | eval ? 1 k ? ! MINE'],
  'unknown digest': ['evalsha | evalsha sha 1 k ? ! NOSCRIPT'],
  'connects by itself': ['set@3 | set early ?'],
  'before the connection is there': ['set | set early ?', 'PIPELINE get x2 | get early'],
  'after the end': ['get | get name ! Error'],
  'offline, without a queue': ['get | get name ! Error'],
  'disconnected while it waits': ['blpop | blpop nothing 0 ! Error'],
  'cut, and sent again': ['blpop | blpop again 0'],
  'cut while it waits': ['blpop | blpop nothing 0 ! MaxRetriesPerRequestError'],
  blocked: ['blpop | blpop list 0'],
  'another database': ['select | select 5', 'get@5 | get there'],
  monitor: ['get | get name'],
  subscribe: [
    'subscribe | subscribe news sports',
    'publish | publish news ?',
    'get | get name ! Error',
    'unsubscribe | unsubscribe news sports',
  ],
  'nobody handles it': ['lpush | lpush name ? ! WRONGTYPE', 'MULTI x2 | lpush name ?; NOPE ! ERR'],
};

/** ioredis 4 tries the digest of a script first, and asks for digests before a pipeline. */
const IN_4: Expected = {
  'script, unknown to the server': ['evalsha | evalsha sha 1 kept ?', 'eval | eval ? 1 kept ?'],
  'script, forgotten by the server': ['evalsha | evalsha sha 1 kept ?', 'eval | eval ? 1 kept ?'],
  'script in a pipeline': ['script | script exists ?', 'PIPELINE x2 | evalsha sha 1 kept ?; get kept'],
};

/** Over RESP3 a subscriber may send any command. */
const IN_6: Expected = {
  subscribe: [
    'subscribe | subscribe news sports',
    'publish | publish news ?',
    'get | get name',
    'unsubscribe | unsubscribe news sports',
  ],
};

interface Library {
  /** Name under which the release is installed. */
  readonly name: string;
  readonly differences: Expected;
  readonly leastNode: number;
}

const LIBRARIES: readonly Library[] = [
  {
    name: 'ioredis40',
    differences: { ...IN_4, 'automatic pipeline': undefined, 'automatic pipeline, cut': undefined },
    leastNode: 0,
  },
  { name: 'ioredis4', differences: IN_4, leastNode: 0 },
  { name: 'ioredis50', differences: {}, leastNode: 0 },
  { name: 'ioredis', differences: {}, leastNode: 0 },
  { name: 'ioredis6', differences: IN_6, leastNode: 20 },
];

/** The other releases run on the Node.js of the tests only. */
const EVERYWHERE = new Set(['ioredis4', 'ioredis6']);

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
      t.equal(span.scope, '@org/trace-agent/ioredis');
      t.equal(span.name, `${operation} 127.0.0.1:${report.port}`, name);
      t.match(attributes, { 'db.system.name': 'redis', 'server.address': '127.0.0.1', 'server.port': report.port });
      if (name !== 'automatic pipeline') t.equal(span.parentSpanId, parent.spanId, name);
    }
    t.notMatch(JSON.stringify(spans), /secret/, `${name}: no value is recorded`);
  }
}

function testDetails(t: Test, report: DatabaseReport): void {
  t.strictSame(onlySpan(report, 'get').attributes, {
    'db.system.name': 'redis',
    'db.namespace': '0',
    'db.operation.name': 'get',
    'db.query.text': 'get name',
    'server.address': '127.0.0.1',
    'server.port': report.port,
  });
  t.equal(onlySpan(report, 'wrong type').attributes['db.response.status_code'], 'WRONGTYPE');
  t.equal(onlySpan(report, 'script that fails').status.message, undefined, 'a script may say anything');
  const [repeated] = caseOf(report, 'script, forgotten by the server').spans;
  t.equal(repeated?.attributes['db.response.status_code'], 'NOSCRIPT', 'no failure: ioredis sends it again');
  const long = onlySpan(report, 'long pipeline').attributes;
  t.equal(long['db.operation.batch.size'], 500);
  t.ok(String(long['db.query.text']).length < 1100);
}

/** Commands of several callers that ioredis put into one pipeline. */
function testAutomatic(t: Test, report: DatabaseReport): void {
  const { spans } = caseOf(report, 'automatic pipeline');
  const texts = { one: 'get name', two: 'lpush name ?', three: 'get c' };
  for (const [name, text] of Object.entries(texts)) {
    const caller = spans.find((span) => span.name === name);
    const command = spans.find(({ attributes }) => attributes['db.query.text'] === text);
    t.equal(command?.parentSpanId, caller?.spanId, `${name} is the parent of its own command`);
  }
}

function testBehaviour(t: Test, report: DatabaseReport, bare: DatabaseReport): void {
  t.strictSame(Object.keys(report.cases), Object.keys(bare.cases));
  for (const name of Object.keys(bare.cases)) {
    const [ours, theirs] = [caseOf(report, name).result, caseOf(bare, name).result];
    if (name === 'subscribe') {
      const [[, [, active]], [, [, inBare]]] = [ours, theirs] as [number, [string, string]][] as [
        [number, [string, string]],
        [number, [string, string]],
      ];
      t.equal(active, 'nothing', 'a message is no part of the request that the connection was made in');
      t.equal(steady(ours), steady(theirs).replace(inBare, active));
    } else t.equal(steady(ours), steady(theirs), `${name}: the same result`);
  }
  t.strictSame(report.shapes, bare.shapes, 'methods look the same');
  t.equal(report.isSamePromise, true, 'the promise of a command is what its call returns');
}

function testLibrary(t: Test, { node, version }: NodeBinary, { name, differences }: Library, url: string): void {
  t.test(`${name} on Node ${version}`, async (t) => {
    const report = await runWorkload(node, 'ioredis', 'own', name, url);
    t.equal(report.open, 0, 'no span stays open');
    t.strictSame(report.messages, [], 'nothing of ours failed');
    testSpans(t, report, { ...EXPECTED, ...differences });
    testDetails(t, report);
    if (report.cases['automatic pipeline'] !== undefined) testAutomatic(t, report);
    t.strictSame(report.roots.map(describeRedisSpan), ['get | get name'], 'a command outside of a trace is one');
    t.equal(report.roots[0]?.parentSpanId, undefined);
    t.equal(report.unsampled, 0);
    testBehaviour(t, report, await runWorkload(node, 'ioredis', 'bare', name, url));
  });
}

t.test('ioredis', async (t) => {
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
  const bare = await runWorkload(process.execPath, 'ioredis', 'bare', 'ioredis', server.url);
  const broken = await runWorkload(process.execPath, 'ioredis', 'broken', 'ioredis', server.url);
  testBehaviour(t, broken, bare);
  t.equal(broken.messages.length, 2);
  t.match(broken.messages[0], /^warn: instrumentation ioredis failed/);
  t.match(broken.messages[1], /^error: instrumentation ioredis is off/);
});
