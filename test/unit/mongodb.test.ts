/**
 * mongodb 4 to 7 under our instrumentation, on a real server: writes, reads, cursors, errors, pools, every way a
 * connection ends, beside the same program without instrumentation.
 */
import t, { type Test } from 'tap';
import { type DatabaseReport, runWorkload, steady } from '../helpers/databases.js';
import { caseOf, ERROR, type LeanSpan, onlySpan } from '../helpers/lean.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { type NodeBinary, nodeEnds } from '../helpers/node-versions.js';

type Expected = Readonly<Record<string, readonly string[] | undefined>>;

/** The spans of each case, as `name xBATCH ! ERROR`. */
const EXPECTED: Expected = {
  insert: ['insert items'],
  'insert many': ['insert items'],
  update: ['update items'],
  'update many': ['update items'],
  replace: ['update items'],
  'find and update': ['findAndModify items'],
  bulk: ['insert items', 'update items x2', 'delete items'],
  'without acknowledgement': ['insert items'],
  duplicate: ['insert items ! 11000'],
  duplicates: ['insert items ! 11000'],
  'duplicate in a bulk': ['insert items ! 11000'],
  delete: ['delete items'],
  find: ['find items'],
  'find one': ['find items'],
  cursor: ['find items', 'getMore items', 'getMore items'],
  iteration: ['find items', 'work', 'work', 'getMore items', 'work', 'work', 'getMore items'],
  stream: ['find items', 'getMore items', 'getMore items'],
  'cursor that is left': ['find items', 'killCursors items'],
  aggregate: ['aggregate items'],
  count: ['aggregate items'],
  estimate: ['count items'],
  distinct: ['distinct items'],
  'create index': ['createIndexes items'],
  'list indexes': ['listIndexes items'],
  'list collections': ['listCollections shop'],
  ping: ['ping shop'],
  hello: [],
  'unknown command': ['nope shop ! 59'],
  'bad query': ['find items ! 2'],
  drop: ['create dropped', 'drop dropped'],
  parallel: ['aggregate items', 'find items'],
  session: ['find items'],
  'connects by itself': ['find items'],
  'small pool': ['find items', 'one', 'find items', 'two', 'find items', 'three'],
  'after the end': [],
  cut: ['find items', 'find items ! MongoNetworkError'],
  unreachable: [],
  'by its name': ['find items'],
};

const IN_4: Expected = {
  estimate: ['aggregate items'],
  'connects by itself': undefined,
  callback: ['find items'],
  'failing callback': ['insert items ! 11000'],
};

interface Library {
  /** Name under which the release is installed. */
  readonly name: string;
  readonly differences: Expected;
  readonly leastNode: number;
}

const LIBRARIES: readonly Library[] = [
  { name: 'mongodb4', differences: IN_4, leastNode: 0 },
  { name: 'mongodb5', differences: {}, leastNode: 0 },
  { name: 'mongodb60', differences: {}, leastNode: 0 },
  { name: 'mongodb', differences: {}, leastNode: 0 },
  { name: 'mongodb7', differences: {}, leastNode: 20 },
];

/** The other releases run on the Node.js of the tests only. */
const EVERYWHERE = new Set(['mongodb4', 'mongodb7']);

function describe({ name, attributes, status }: LeanSpan): string {
  const size = attributes['db.operation.batch.size'];
  return `${name}${size === undefined ? '' : ` x${size}`}${status.code === ERROR ? ` ! ${attributes['error.type']}` : ''}`;
}

function testSpans(t: Test, report: DatabaseReport, expected: Expected): void {
  for (const [name, spans] of Object.entries(expected)) {
    if (spans === undefined) continue;
    const made = caseOf(report, name).spans.map(describe);
    // Two calls at once, on two connections.
    t.strictSame(name === 'parallel' ? made.sort() : made, spans, name);
  }
  for (const [name, { spans, parent }] of Object.entries(report.cases)) {
    for (const span of spans.filter(({ kind }) => kind === 'CLIENT')) {
      const { attributes } = span;
      t.equal(span.scope, '@org/trace-agent/mongodb');
      t.match(attributes, { 'db.system.name': 'mongodb', 'db.namespace': 'shop' }, name);
      t.equal(attributes['db.query.text'], undefined, `${name}: documents are not recorded`);
      const target = attributes['db.collection.name'] ?? attributes['db.namespace'];
      t.equal(span.name, `${attributes['db.operation.name']} ${target}`, name);
      if (name !== 'small pool') t.equal(span.parentSpanId, parent.spanId, name);
    }
    t.notMatch(JSON.stringify(spans), /secret/, `${name}: no value is recorded`);
  }
}

function testDetails(t: Test, report: DatabaseReport): void {
  t.strictSame(onlySpan(report, 'insert').attributes, {
    'db.system.name': 'mongodb',
    'db.operation.name': 'insert',
    'db.namespace': 'shop',
    'db.collection.name': 'items',
    'server.address': '127.0.0.1',
    'server.port': report.port,
  });
  const duplicate = onlySpan(report, 'duplicate');
  t.equal(duplicate.attributes['db.response.status_code'], '11000', 'the server answered with ok');
  t.equal(duplicate.status.message, 'DuplicateKey', 'its message quotes the document');
  t.strictSame(duplicate.events, []);
  t.equal(onlySpan(report, 'unknown command').status.message, 'CommandNotFound');
  t.equal(onlySpan(report, 'by its name').attributes['server.address'], 'localhost', 'as the application named it');
  const cut = caseOf(report, 'cut').spans.at(-1);
  t.strictSame(cut?.events, [{ name: 'exception', type: 'MongoNetworkError' }]);
}

/** Of a pool with one connection, each waits for the one before, which is somebody else's. */
function testWaiting(t: Test, report: DatabaseReport): void {
  const { spans } = caseOf(report, 'small pool');
  const callers = spans.filter(({ kind }) => kind === 'INTERNAL');
  const commands = spans.filter(({ kind }) => kind === 'CLIENT');
  t.equal(callers.length, 3);
  t.strictSame(commands.map((span) => span.parentSpanId).sort(), callers.map((span) => span.spanId).sort());
}

/** What an old release calls back comes in the context of its connection there, and in the caller's with us. */
const CALLBACKS = new Set(['callback', 'failing callback']);

function testBehaviour(t: Test, report: DatabaseReport, bare: DatabaseReport): void {
  t.strictSame(Object.keys(report.cases), Object.keys(bare.cases));
  for (const name of Object.keys(bare.cases)) {
    const [ours, theirs] = [steady(caseOf(report, name).result), steady(caseOf(bare, name).result)];
    if (CALLBACKS.has(name)) t.equal(ours.replace(/true\]$/, 'false]'), theirs, name);
    else t.equal(ours, theirs, `${name}: the same result`);
  }
  t.strictSame(report.shapes, bare.shapes, 'methods look the same');
}

function testLibrary(t: Test, { node, version }: NodeBinary, { name, differences }: Library, url: string): void {
  t.test(`${name} on Node ${version}`, async (t) => {
    const report = await runWorkload(node, 'mongodb', 'own', name, url);
    t.equal(report.open, 0, 'no span stays open');
    t.strictSame(report.messages, [], 'nothing of ours failed');
    testSpans(t, report, { ...EXPECTED, ...differences });
    testDetails(t, report);
    testWaiting(t, report);
    for (const called of CALLBACKS) {
      const [, , keepsContext] = (report.cases[called]?.result ?? [undefined, undefined, true]) as unknown[];
      t.equal(keepsContext, true, `${called}: in the caller's context`);
    }
    t.strictSame(report.roots.map(describe), ['find items'], 'a command outside of a trace is one');
    t.equal(report.roots[0]?.parentSpanId, undefined);
    t.equal(report.unsampled, 0);
    testBehaviour(t, report, await runWorkload(node, 'mongodb', 'bare', name, url));
  });
}

t.test('mongodb', async (t) => {
  const server = await mongodbOrSkip(t);
  if (server === undefined) return;
  for (const node of nodeEnds()) {
    const libraries = node.node === process.execPath ? LIBRARIES : LIBRARIES.filter(({ name }) => EVERYWHERE.has(name));
    for (const library of libraries) if (node.major >= library.leastNode) testLibrary(t, node, library, server.url);
  }
});

t.test('commands go on when the instrumentation cannot work', async (t) => {
  const server = await mongodbOrSkip(t);
  if (server === undefined) return;
  for (const name of ['mongodb5', 'mongodb']) {
    const bare = await runWorkload(process.execPath, 'mongodb', 'bare', name, server.url);
    const broken = await runWorkload(process.execPath, 'mongodb', 'broken', name, server.url);
    testBehaviour(t, broken, bare);
    t.equal(broken.messages.length, 2);
    t.match(broken.messages[0], /^warn: instrumentation mongodb failed/);
    t.match(broken.messages[1], /^error: instrumentation mongodb is off/);
  }
});
