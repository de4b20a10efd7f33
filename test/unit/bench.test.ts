/**
 * The benchmark judges others, so its own judgement is tested: what it counts, what it refuses, when the gate closes.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import t from 'tap';
import { ROOT } from '../helpers/paths.js';
import { createRandom, randomSpans } from '../helpers/random-spans.js';

interface Counts {
  server: number;
  client: number;
  other: number;
}

interface Cell {
  group: string;
  scenario: string;
  mode: string;
  system: string;
}

interface Results {
  add(cell: Cell & { agent: string }, metrics: Record<string, number>): void;
  addFailure(cell: Cell & { agent: string }, reason: string): void;
  median(cell: Cell & { agent: string }, metric: string): number;
}

interface Lane {
  fire(done: (error?: Error) => void): void;
  close(): Promise<void>;
}

// A real import(): TypeScript would turn it into a require, which cannot load these files on every Node.
const importAny = new Function('url', 'return import(url)') as (url: string) => Promise<never>;
const load = <T>(file: string): Promise<T> => importAny(pathToFileURL(join(ROOT, 'bench', file)).href);

const CELL: Cell = { group: 'request', scenario: 'http-server', mode: 'always', system: 'cjs' };

t.test('spans of an OTLP request are counted by kind', async (t) => {
  const { count } = await load<{ count(body: Buffer): Counts }>('sinks/otlp.mjs');
  const spans = randomSpans(createRandom(7), 300, resourceFromAttributes({ 'service.name': 'bench' }));
  const expected = { server: 0, client: 0, other: 0 };
  for (const { kind } of spans) expected[kind === 1 ? 'server' : kind === 2 ? 'client' : 'other']++;
  t.ok(Math.min(...Object.values(expected)) > 0, 'every kind occurs');
  t.same(count(Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) ?? [])), expected);
  t.same(count(Buffer.alloc(0)), { server: 0, client: 0, other: 0 });
});

t.test('a cell with another number of spans than requests is refused', async (t) => {
  type Check = (run: { cell: object; requests: number; counts: Counts }) => number | undefined;
  const { checkSpans } = await load<{ checkSpans: Check }>('measure/check.mjs');
  const exact = { name: 'trace-agent', isExact: true };
  const check = (counts: Partial<Counts>, mode = 'always', agent: object = exact) =>
    checkSpans({
      cell: { scenario: { name: 'http-client', clientSpans: 1 }, mode, agent },
      requests: 10_000,
      counts: { server: 0, client: 0, other: 0, ...counts },
    });
  t.equal(check({ server: 10_000, client: 10_000 }), 1);
  t.throws(() => check({ server: 9_999, client: 9_999 }), /9999 SERVER spans at the sink, expected 10000/);
  t.throws(() => check({ server: 10_000, client: 9_999 }), /9999 CLIENT/);
  t.throws(() => check({ server: 10_000, client: 10_001 }), /10001 CLIENT/);
  t.equal(check({ server: 100, client: 100 }, '1%'), 1);
  t.throws(() => check({ server: 10_000, client: 10_000 }, '1%'), /expected 3\d to 16\d/);
  t.equal(check({}, 'excluded'), undefined);
  t.throws(() => check({ server: 1 }, 'excluded'), /expected 0/);
  const loose = { name: 'dd-trace', isExact: false };
  t.equal(check({ server: 5_000 }, 'always', loose), 0.5);
  t.throws(() => check({}, 'always', loose), /no SERVER span/);
});

t.test('a wrong answer ends the load', async (t) => {
  type Connect = (options: { port: number; path: string; count: number }) => Promise<Lane[]>;
  const { connectHttp } = await load<{ connectHttp: Connect }>('peer/http-lanes.mjs');
  const answers = ['hello', 'hello', 'hellO'];
  const server = createServer((_request, response) => response.end(answers.shift() ?? 'hello'));
  t.teardown(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const [lane] = (await connectHttp({ port, path: '/', count: 1 })) as [Lane];
  const ask = () => new Promise<Error | undefined>((resolve) => lane.fire(resolve));
  t.equal(await ask(), undefined);
  t.equal(await ask(), undefined);
  t.match((await ask())?.message, /wrong answer.*hellO/s);
  await lane.close();
});

t.test('the gate closes when a cost has grown by more than a third, and not before', async (t) => {
  type Verdict = { share: number; isRegressed: boolean };
  type Judge = (results: Results, cell: Cell, recorded?: { cells: (Cell & { share: number })[] }) => Verdict;
  const { judge } = await load<{ judge: Judge }>('regression.mjs');
  const { Results } = await load<{ Results: new () => Results }>('results.mjs');
  const judged = (ours: number[], share?: number) => {
    const results = new Results();
    for (const cpuMicros of [100, 120, 180]) results.add({ ...CELL, agent: 'bare' }, { cpuMicros });
    for (const cpuMicros of ours) results.add({ ...CELL, agent: 'trace-agent' }, { cpuMicros });
    return judge(results, CELL, share === undefined ? undefined : { cells: [{ ...CELL, share }] });
  };
  t.match(judged([190, 260, 300], 0.9), { share: 0.9, isRegressed: false });
  t.equal(judged([219], 0.9).isRegressed, false);
  t.equal(judged([221], 0.9).isRegressed, true);
  t.equal(judged([119], 0).isRegressed, false, 'noise');
  t.equal(judged([125], 0).isRegressed, true);
  t.equal(judged([500]).isRegressed, false, 'nothing recorded');
  t.equal(judged([], 0.9).isRegressed, true, 'nothing measured');
});

t.test('a cell that failed in one round has no figure', async (t) => {
  const { Results } = await load<{ Results: new () => Results }>('results.mjs');
  const results = new Results();
  const cell = { ...CELL, agent: 'trace-agent' };
  results.add(cell, { cpuMicros: 10 });
  t.equal(results.median(cell, 'cpuMicros'), 10);
  results.addFailure(cell, 'lost spans');
  t.ok(Number.isNaN(results.median(cell, 'cpuMicros')));
});
