/**
 * Entries of Redis streams that carry the context, with node-redis 4 to 6 and ioredis 4 to 6 on a real server: what is
 * stored, what the application gets back in every form of reply (the same as bare), and what the spans say.
 */
import t, { type Test } from 'tap';
import { caseOf, type LeanReport, type LeanSpan, readReport } from '../helpers/lean.js';
import { nodeEnds } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';
import { serverOrSkip } from '../helpers/servers.js';

const LIBRARIES = ['redis40', 'redis4', 'redis50', 'redis', 'redis6', 'ioredis40', 'ioredis4', 'ioredis', 'ioredis6'];

type Variant = 'carrying' | 'inject' | 'extract' | 'own' | 'bare';

async function run(node: string, variant: Variant, library: string, url: string): Promise<LeanReport> {
  const file = 'databases/streams.cjs';
  return readReport(runApp({ node, preload: 'none', file, args: [variant, library, url] }), file);
}

type Entry = readonly (readonly [id: string, fields: readonly string[]])[];

function storedBy(report: LeanReport, name: string): readonly string[] {
  const { stored } = caseOf(report, name) as unknown as { stored?: Entry };
  return stored?.[0]?.[1] ?? [];
}

const CARRIED = /^00-([0-9a-f]{32})-([0-9a-f]{16})-(0[01])$/;
const IN_NO_TRACE = 'c'.repeat(32);

/** The context that an entry carries behind `own` fields, as the ids of a span. */
function carriedBy(t: Test, stored: readonly string[], own: number): readonly [string | undefined, string | undefined] {
  const added = stored.slice(2 * own);
  t.match(added, ['traceparent', CARRIED, 'trace-agent', '1']);
  t.equal(added.length, 4);
  const [, traceId, spanId] = CARRIED.exec(added[1] ?? '') ?? [];
  return [traceId, spanId];
}

const nameOf = ({ kind, name, attributes }: LeanSpan): string =>
  `${kind} ${name.replace(/127\.0\.0\.1:\d+/, 'server')}${attributes['error.type'] ? ' ERROR' : ''}`.toLowerCase();

/** By the case: kinds and names of the spans, in lower case. */
const ADDED: Readonly<Record<string, readonly string[]>> = {
  add: ['producer xadd orders'],
  'add, options': ['producer xadd orders'],
  'add, raw': ['producer xadd orders'],
  'add, lower case': ['producer xadd orders'],
  'add, bytes': ['producer xadd orders'],
  'add, carried by hand': ['client xadd server'],
  'add, baggage': ['producer xadd orders'],
  'add, no value': ['client xadd server error'],
  'add, no field': ['client xadd server error'],
  'add, no id': ['client xadd server error'],
  'add, too small': ['producer xadd orders error'],
  'add, nobody there': ['producer xadd nowhere'],
  transaction: ['client multi server'],
  'transaction of adds': ['producer multi xadd server'],
  'transaction of one': ['producer xadd orders'],
  pipeline: ['client pipeline server'],
  'add, not sampled': [],
  'add, suppressed': [],
  'add elsewhere': ['producer xadd others'],
  'add, alone': ['producer xadd orders'],
};

const READ: Readonly<Record<string, readonly string[]>> = {
  read: ['client receive orders'],
  'read, several': ['client receive'],
  'read, one': ['client receive orders'],
  'read, raw': ['client receive orders'],
  'read, bytes': ['client receive orders'],
  'read nothing': ['client xread server'],
  'read, not sampled': [],
  'read in a transaction': ['client multi server'],
  'read in a transaction of one': ['client receive orders'],
  'read in a pipeline': ['client pipeline server'],
  'group, one': ['client receive orders'],
  history: ['client receive orders'],
  claim: ['client receive orders'],
  'claim, ids': ['client xclaim server'],
  'claim all': ['client receive orders'],
  range: ['client xrange server'],
  'range, backwards': ['client xrevrange server'],
};

/** Fields of the application, where its entry is stored with a context besides. */
const STORED: Readonly<Record<string, number>> = {
  add: 2,
  'add, options': 1,
  'add, raw': 1,
  'add, lower case': 1,
  'add, bytes': 1,
  'add, baggage': 2,
  transaction: 1,
  'transaction of adds': 1,
  'transaction of one': 1,
  pipeline: 1,
};

function testSpans(t: Test, report: LeanReport): void {
  for (const [name, expected] of Object.entries({ ...ADDED, ...READ })) {
    const { spans, parent } = caseOf(report, name);
    t.strictSame(spans.map(nameOf), expected, name);
    if (name === 'add, alone') continue;
    for (const span of spans) t.equal(span.parentSpanId, parent.spanId, name);
  }
  const [added] = caseOf(report, 'add').spans;
  t.match(added?.attributes, {
    'db.system.name': 'redis',
    'db.operation.name': /^xadd$/i,
    'db.query.text': /^xadd orders \? \? \? \? \?$/i,
    'messaging.system': 'redis',
    'messaging.operation.name': /^xadd$/i,
    'messaging.operation.type': 'send',
    'messaging.destination.name': 'orders',
    'messaging.message.id': '1-1',
  });
  const [both] = caseOf(report, 'transaction of adds').spans;
  t.match(both?.attributes, { 'messaging.batch.message_count': 2, 'messaging.destination.name': 'orders' });
}

function testStored(t: Test, report: LeanReport): void {
  for (const [name, own] of Object.entries(STORED)) {
    const ids = carriedBy(t, storedBy(report, name), own);
    const [span] = caseOf(report, name).spans;
    t.strictSame(ids, [span?.traceId, span?.spanId], `${name}: the context of its span`);
  }
  t.equal(storedBy(report, 'add, carried by hand').length, 4, 'a context of the application goes alone');
  const [traceId] = carriedBy(t, storedBy(report, 'add, not sampled'), 1);
  t.equal(traceId, IN_NO_TRACE, 'who is not sampled says so');
  t.match(storedBy(report, 'add, not sampled')[3], /-00$/);
  t.equal(storedBy(report, 'add, suppressed').length, 2);
}

/** By the id of the entry; `orders` has had these before anything is read. */
function linksOf(report: LeanReport, name: string): (readonly [unknown, unknown, unknown])[] {
  const [span] = caseOf(report, name).spans;
  const links = (span as unknown as { links: { spanId: string; attributes: Record<string, unknown> }[] }).links;
  return links.map(({ spanId, attributes }) => [
    attributes['messaging.destination.name'],
    attributes['messaging.message.id'],
    spanId,
  ]);
}

function testLinks(t: Test, report: LeanReport): void {
  const idOf = (name: string): string | undefined => caseOf(report, name).spans[0]?.spanId;
  const first = ['orders', '1-1', idOf('add')];
  const second = ['orders', '2-1', idOf('add, options')];
  const both = [first, second];
  t.strictSame(linksOf(report, 'read, one'), [first]);
  t.match(caseOf(report, 'read, one').spans[0]?.attributes, {
    'db.operation.name': /^xread$/i,
    'messaging.operation.name': 'receive',
    'messaging.operation.type': 'receive',
    'messaging.destination.name': 'orders',
    'messaging.message.id': '1-1',
  });
  t.strictSame(linksOf(report, 'read, raw'), both);
  t.match(caseOf(report, 'read, raw').spans[0]?.attributes, { 'messaging.batch.message_count': 2 });
  for (const name of ['read in a transaction', 'read in a pipeline']) t.strictSame(linksOf(report, name), both, name);
  t.equal(linksOf(report, 'read').length, 5, 'no more links than a span may have');
  t.ok(Number(caseOf(report, 'read').spans[0]?.attributes['messaging.batch.message_count']) > 10);
  t.strictSame(linksOf(report, 'group, one'), [['orders', '3-2', idOf('add, lower case')]]);
  t.match(caseOf(report, 'group, one').spans[0]?.attributes, { 'messaging.consumer.group.name': 'workers' });
  t.match(caseOf(report, 'claim').spans[0]?.attributes, { 'messaging.consumer.group.name': 'workers' });
  t.strictSame(linksOf(report, 'claim'), [first]);
  t.strictSame(linksOf(report, 'range'), [], 'who looks at entries has received none');
}

/** By other ways of calling, as far as a release has them. */
const OTHER_WAYS = [
  'add, prefix',
  'add, callback',
  'add, before the connection is there',
  'add, automatic pipeline',
  'add, pool',
];

function testOtherWays(t: Test, report: LeanReport): void {
  const known = OTHER_WAYS.filter((name) => report.cases[name] !== undefined);
  for (const name of known) {
    const span = caseOf(report, name).spans.find(({ kind }) => String(kind) === 'PRODUCER');
    t.match(span?.name, /^xadd orders$/i, name);
    t.strictSame(carriedBy(t, storedBy(report, name), 1), [span?.traceId, span?.spanId], name);
  }
  for (const name of ['read, transformed', 'read, pool', 'read, callback']) {
    if (report.cases[name] !== undefined) {
      t.strictSame(caseOf(report, name).spans.map(nameOf), ['client receive orders'], name);
    }
  }
}

function testIoredis(t: Test, report: LeanReport): void {
  const one = caseOf(report, 'add, command by command').spans.map(nameOf);
  t.strictSame(one, ['client multi server', 'producer xadd orders', 'client exec server']);
}

const resultsOf = ({ cases }: LeanReport): Record<string, unknown> =>
  Object.fromEntries(Object.entries(cases).map(([name, { result }]) => [name, result]));

t.test('entries of Redis streams', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  const node = nodeEnds().at(-1)?.node ?? process.execPath;
  const reports = new Map<string, LeanReport>();
  const runBare = async (library: string): Promise<LeanReport> => {
    const report = reports.get(library) ?? (await run(node, 'bare', library, server.url));
    reports.set(library, report);
    return report;
  };
  for (const library of LIBRARIES) {
    await t.test(library, async (t) => {
      const bare = await runBare(library);
      const report = await run(node, 'carrying', library, server.url);
      t.equal(report.open, 0, 'every span has ended');
      t.strictSame(report.messages, []);
      t.strictSame(resultsOf(report), resultsOf(bare), 'what the application gets is what it gets bare');
      testStored(t, report);
      testSpans(t, report);
      testLinks(t, report);
      testOtherWays(t, report);
      if (library.startsWith('ioredis')) testIoredis(t, report);
    });
  }
  for (const broken of ['inject', 'extract'] as const) {
    await t.test(`${broken} throws`, async (t) => {
      for (const library of ['redis', 'ioredis']) {
        const bare = await runBare(library);
        const report = await run(node, broken, library, server.url);
        t.strictSame(resultsOf(report), resultsOf(bare), 'the application does not notice');
        t.equal(report.open, 0);
        const said = report.messages.map((message) => / (failed|is off after 10 faults)/.exec(message)?.[1]);
        t.strictSame(said, ['failed', 'is off after 10 faults'], 'it is said once, and once that it is off');
        if (broken === 'extract') carriedBy(t, storedBy(report, 'add'), 2);
      }
    });
  }
  await t.test('without the setting', async (t) => {
    for (const library of ['redis', 'ioredis']) {
      const bare = await runBare(library);
      const report = await run(node, 'own', library, server.url);
      t.strictSame(resultsOf(report), resultsOf(bare));
      const stored = ({ cases }: LeanReport) =>
        Object.keys(cases).map((name) => storedBy({ cases } as LeanReport, name));
      t.strictSame(stored(report), stored(bare), 'nothing is added to an entry');
      const kinds = Object.values(report.cases).flatMap(({ spans }) => spans.map(({ kind }) => kind));
      t.strictSame([...new Set(kinds)], ['CLIENT'], 'spans are those of commands');
    }
  });
});
