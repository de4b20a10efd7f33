/**
 * A Redis cluster of three nodes through both clients: one span a command, with the node that answered, also when the
 * first node that was asked is not the one, and none for what a client asks a cluster for itself.
 */
import t, { type Test } from 'tap';
import { type DatabaseReport, describeRedisSpan, runWorkload, steady } from '../helpers/databases.js';
import { caseOf, type LeanCase, type LeanSpan } from '../helpers/lean.js';
import { redisClusterOrSkip } from '../helpers/redis-cluster.js';

type Owners = Readonly<Record<string, number>>;

/** Spans of a case, in any order: a command, and the key whose node it goes to. */
type Expected = Readonly<Record<string, readonly (readonly [span: string, key: string | undefined])[]>>;

const BOTH: Expected = {
  nodes: [
    ['SET | SET a ?', 'a'],
    ['SET | SET b ?', 'b'],
    ['SET | SET c ?', 'c'],
  ],
  get: [['GET | GET a', 'a']],
  raw: [['GET | GET a', 'a']],
  'wrong type': [['LPUSH | LPUSH a ? ! WRONGTYPE', 'a']],
  script: [['EVALSHA | EVALSHA sha 1 script ?', 'script']],
  transaction: [['MULTI x2 | SET multi ?; GET multi', 'multi']],
  pipeline: [['PIPELINE x2 | SET multi ?; GET multi', 'multi']],
  'failing transaction': [['MULTI x2 | SET multi ?; LPUSH multi ? ! WRONGTYPE', 'multi']],
  moved: [['GET | GET moved', 'moved']],
  'known to have moved': [['GET | GET moved', 'moved']],
  asked: [['GET | GET asked', 'asked']],
};

const AUTOMATIC: Expected = {
  'automatic pipeline': [
    ['GET | GET a', 'a'],
    ['GET | GET b', 'b'],
    ['GET | GET c', 'c'],
  ],
};

const MOVED_TRANSACTION: Expected = {
  'moved transaction': [['MULTI x2 | SET movedMulti ?; GET movedMulti', 'movedMulti']],
};

const IOREDIS: Expected = {
  ...BOTH,
  ...MOVED_TRANSACTION,
  'before the connection is there': [
    ['GET | GET a', 'a'],
    // It waits in a queue of the cluster, which sends one command after another.
    ['PIPELINE GET x2 | GET a', undefined],
  ],
  'after the end': [['GET | GET a ! Error', undefined]],
};

/** A client of redis 6 splits a command for several nodes, which is one span for each of them. */
const SPLIT: Expected = {
  'many nodes': [
    ['MGET | MGET a', 'a'],
    ['MGET | MGET b', 'b'],
    ['MGET | MGET c', 'c'],
  ],
};

const LIBRARIES: readonly (readonly [name: string, expected: Expected])[] = [
  ['redis40', BOTH],
  ['redis4', BOTH],
  ['redis50', BOTH],
  ['redis', BOTH],
  ['redis6', { ...BOTH, ...MOVED_TRANSACTION, ...SPLIT }],
  ['ioredis40', IOREDIS],
  ['ioredis4', { ...IOREDIS, ...AUTOMATIC }],
  ['ioredis', { ...IOREDIS, ...AUTOMATIC }],
  ['ioredis6', { ...IOREDIS, ...AUTOMATIC }],
];

/** ioredis spells commands in lower case. */
const comparable = (span: LeanSpan): string =>
  `${describeRedisSpan(span).replace(/\b(?:set|get|lpush|evalsha)\b/g, (name) => name.toUpperCase())} at ${span.attributes['server.port']}`;

function testCases(t: Test, report: DatabaseReport, expected: Expected): void {
  const owners = report.owners as Owners;
  for (const [name, spans] of Object.entries(expected)) {
    const found = caseOf(report, name);
    const wanted = spans.map(([text, key]) => `${text} at ${key === undefined ? undefined : owners[key]}`);
    t.strictSame(found.spans.map(comparable).sort(), wanted.sort(), name);
    for (const span of found.spans) {
      const port = span.attributes['server.port'];
      const server = port === undefined ? '' : ` 127.0.0.1:${port}`;
      t.equal(span.name, `${span.attributes['db.operation.name']}${server}`, `${name}: named after the node`);
      t.equal(span.parentSpanId, found.parent.spanId, name);
    }
  }
}

/** A cluster that a request makes: its connections, and the timer by which it asks for its slots. */
async function testContexts(t: Test, url: string): Promise<void> {
  for (const library of ['redis', 'redis4', 'ioredis', 'ioredis4', 'ioredis40']) {
    const { collected, seen } = await runWorkload(process.execPath, 'context', 'own', library, 'cluster', url);
    t.strictSame(collected, { atOnce: true, later: true }, `${library}: nothing holds the context of the request`);
    t.strictSame(seen, library.startsWith('ioredis') ? { refresh: 'nothing' } : {}, library);
  }
}

type Stored = LeanCase & { readonly stored?: readonly string[] };

/** Entries carry the context of the one span of their call, wherever it was sent. */
function testStreams(t: Test, { cases }: DatabaseReport): void {
  for (const [name, { spans, stored, parent }] of Object.entries(cases as Record<string, Stored>)) {
    const [span, ...others] = spans;
    t.strictSame(others, [], `${name}: one span`);
    t.equal(span?.parentSpanId, parent.spanId, name);
    if (stored === undefined) {
      t.match(span, { kind: 'CLIENT', name: /^receive (added|movedAdd)$/ }, name);
      continue;
    }
    t.match(span, { kind: 'PRODUCER', name: /^(xadd (added|movedAdd|askedAdd)|MULTI xadd 127\.0\.0\.1:\d+)$/i }, name);
    const carried = ['traceparent', `00-${span?.traceId}-${span?.spanId}-01`, 'trace-agent', '1'];
    t.strictSame(stored.slice(2), carried, `${name}: the context, once`);
  }
  t.notMatch(JSON.stringify([cases.read?.result, cases['read, moved']?.result]), 'traceparent');
}

t.test('clusters', async (t) => {
  const ports = await redisClusterOrSkip(t);
  if (ports === undefined) return;
  await testContexts(t, `redis://127.0.0.1:${ports[0]}`);
  for (const library of ['redis4', 'redis6', 'ioredis40', 'ioredis6']) {
    const report = await runWorkload(process.execPath, 'redis-cluster', 'streams', library, ...ports.map(String));
    t.strictSame(report.messages, [], 'nothing of ours failed');
    await t.test(`streams, ${library}`, async (t) => testStreams(t, report));
  }
  for (const [library, expected] of LIBRARIES) {
    await t.test(library, async (t) => {
      const run = (variant: 'own' | 'bare'): Promise<DatabaseReport> =>
        runWorkload(process.execPath, 'redis-cluster', variant, library, ...ports.map(String));
      const report = await run('own');
      t.equal(report.open, 0, 'no span stays open');
      t.strictSame(report.messages, [], 'nothing of ours failed');
      t.strictSame(report.connecting, [], 'connecting is no command');
      testCases(t, report, expected);
      t.equal(caseOf(report, 'moved transaction').spans.length, 1, 'a redirect makes no further span');
      t.equal(report.roots.length, 1);
      const bare = await run('bare');
      t.strictSame(Object.keys(report.cases), Object.keys(bare.cases));
      for (const name of Object.keys(bare.cases)) {
        const [ours, theirs] = [caseOf(report, name).result, caseOf(bare, name).result];
        t.equal(steady(ours), steady(theirs), `${name}: the same result`);
      }
    });
  }
});
