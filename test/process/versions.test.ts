/**
 * The lowest and the newest supported release of every library that an own instrumentation is for, and two that do not
 * exist: one newer than the supported range that looks the same, and one that looks different.
 */
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { minVersion, satisfies } from 'semver';
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { type NodeBinary, nodeBinaries, nodeEnds } from '../helpers/node-versions.js';
import { FIXTURES, ROOT } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';

interface Row {
  /** Folder in src/instrumentation; the program is test/fixtures/versions/<instrumentation>.cjs. */
  readonly instrumentation: string;
  readonly module: string;
  readonly stdout: string;
  /** Kind and name of the spans that the instrumentation makes or names. */
  readonly spans: readonly string[];
  /** Folders in node_modules with the lowest and the newest release. */
  readonly lowest: string;
  readonly newest: string;
  readonly newestNeeds?: string;
  /** JavaScript after the entry's own that makes it look different and still work; absent: nothing is patched. */
  readonly otherShape?: string;
}

const ROWS: readonly Row[] = [
  {
    instrumentation: 'fastify',
    module: 'fastify',
    stdout: '200 {"id":"1"}\n',
    spans: ['SERVER GET /users/:id'],
    lowest: 'fastify40',
    newest: 'fastify',
  },
  {
    instrumentation: 'grpc',
    module: '@grpc/grpc-js',
    stdout: 'said hello\n',
    spans: ['CLIENT versions.Echo/Say', 'SERVER versions.Echo/Say'],
    lowest: 'grpc18',
    newest: '@grpc/grpc-js',
    otherShape: `
      const { Server } = exports;
      class Hidden {}
      Object.defineProperty(exports, 'Channel', { value: Hidden });
      Object.defineProperty(exports, 'Server', { value: function Server_() { return new Server(); } });`,
  },
  {
    instrumentation: 'piscina',
    module: 'piscina',
    stdout: 'the same trace\n',
    spans: ['INTERNAL run'],
    lowest: 'piscina46',
    newest: 'piscina5',
    newestNeeds: '>=20.0.0',
  },
  {
    instrumentation: 'undici',
    module: 'undici',
    stdout: '200 answer\n',
    spans: ['CLIENT GET'],
    lowest: 'undici5',
    newest: 'undici8',
    newestNeeds: '>=22.19.0',
  },
  {
    instrumentation: 'web',
    module: 'express',
    stdout: '200 {"id":"1"}\n',
    spans: ['SERVER GET /users/:id'],
    lowest: 'express48',
    newest: 'express',
  },
];

/** Libraries that need a server: a unit test runs these releases (folders in node_modules) with all that they do. */
const WITH_SERVER: Readonly<Record<string, { readonly test: string; readonly lowest: string }>> = {
  ioredis: { test: 'ioredis', lowest: 'ioredis40' },
  mongodb: { test: 'mongodb', lowest: 'mongodb4' },
  mysql2: { test: 'sql-mysql2', lowest: 'mysql2-14' },
  pg: { test: 'sql-pg', lowest: 'pg80' },
  redis: { test: 'redis', lowest: 'redis40' },
};

interface Manifest {
  readonly module?: string;
  readonly versions?: readonly string[];
}

function manifestOf(instrumentation: string): Manifest {
  const file = join(ROOT, 'build/src/instrumentation', instrumentation, 'manifest.js');
  return Object.values(require(file) as Record<string, Manifest>)[0] as Manifest;
}

function versionOf(folder: string): string {
  return (JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string }).version;
}

/** Lays the program beside a copy of the library under its own name; its dependencies are found further up. */
function layOut(t: Test, row: Row, folder: string): { file: string; library: string } {
  const app = t.testdir();
  const library = join(app, 'node_modules', row.module);
  mkdirSync(dirname(library), { recursive: true });
  cpSync(join(ROOT, 'node_modules', folder), library, { recursive: true });
  const file = join(app, 'app.cjs');
  cpSync(join(FIXTURES, 'versions', `${row.instrumentation}.cjs`), file);
  return { file, library };
}

function setVersion(library: string, version: string): void {
  const file = join(library, 'package.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), version }));
}

async function run(t: Test, { node }: NodeBinary, file: string) {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app' };
  const app = runApp({ node, file, env, cwd: dirname(file) });
  const { code } = await app.exited;
  const lines = app
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('trace-agent'))
    .slice(1);
  return { code, stdout: app.stdout(), lines, spans: collector.spans().map(({ kind, name }) => `${kind} ${name}`) };
}

for (const node of nodeEnds()) {
  for (const row of ROWS) {
    for (const which of ['lowest', 'newest'] as const) {
      if (which === 'newest' && !satisfies(node.version, row.newestNeeds ?? '*')) continue;
      t.test(`${row.instrumentation}: ${which} supported release on Node ${node.version}`, async (t) => {
        const { file, library } = layOut(t, row, row[which]);
        t.comment(`${row.module} ${versionOf(library)}`);
        const { code, stdout, lines, spans } = await run(t, node, file);
        t.strictSame({ code, stdout, lines }, { code: 0, stdout: row.stdout, lines: [] });
        for (const span of row.spans) t.ok(spans.includes(span), `${span} in ${spans}`);
      });
    }
  }
}

const [current] = nodeBinaries().filter(({ node }) => node === process.execPath);
for (const row of current === undefined ? [] : ROWS) {
  const range = (manifestOf(row.instrumentation).versions ?? []).join(' || ');
  const folder = satisfies(current?.version ?? '', row.newestNeeds ?? '*') ? row.newest : row.lowest;
  const isUnbounded = satisfies('99.0.0', range);

  t.test(`${row.instrumentation}: a newer release that looks the same is traced`, async (t) => {
    const { file, library } = layOut(t, row, folder);
    setVersion(library, '99.0.0');
    const { code, stdout, lines, spans } = await run(t, current as NodeBinary, file);
    t.match({ code, stdout }, { code: 0, stdout: row.stdout });
    for (const span of row.spans) t.ok(spans.includes(span), `${span} in ${spans}`);
    const line = `trace-agent info TA2020: ${row.module} 99.0.0 is newer than the supported ${range}; it looks the same and is traced`;
    t.strictSame(lines, isUnbounded ? [] : [line]);
  });

  if (row.otherShape === undefined) continue;
  t.test(`${row.instrumentation}: a newer release that looks different is left as it is`, async (t) => {
    const { file, library } = layOut(t, row, folder);
    setVersion(library, '99.0.0');
    appendFileSync(require.resolve(library), row.otherShape ?? '');
    const { code, stdout, lines, spans } = await run(t, current as NodeBinary, file);
    t.match({ code, stdout }, { code: 0, stdout: row.stdout });
    t.notOk(spans.some((span) => row.spans.includes(span)));
    t.ok(lines.length >= 1, 'it is said');
    const start = `trace-agent warn TA2001: ${row.module} 99.0.0 is newer than the supported ${range} and looks different: `;
    for (const line of lines) t.ok(line.startsWith(start), line);
  });
}

t.test('the lowest and the newest supported release of every own instrumentation are among them', async (t) => {
  const folder = join(ROOT, 'src/instrumentation');
  const own = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'patch.ts')));
  // Built-ins come with Node.js, whose lines the other tests run on.
  const withPackage = own.filter((name) => manifestOf(name).versions !== undefined);
  const known = [...ROWS.map((row) => row.instrumentation), ...Object.keys(WITH_SERVER)];
  t.strictSame(known.sort(), withPackage.sort());
  for (const [instrumentation, { test, lowest }] of Object.entries(WITH_SERVER)) {
    const range = (manifestOf(instrumentation).versions ?? []).join(' || ');
    t.ok(readFileSync(join(ROOT, `test/unit/${test}.test.ts`), 'utf8').includes(`'${lowest}'`), lowest);
    const version = versionOf(join(ROOT, 'node_modules', lowest));
    const isLeast = version.split('.').slice(0, 2).join() === minVersion(range)?.raw.split('.').slice(0, 2).join();
    t.ok(isLeast, `${lowest} is ${version}, the range begins at ${range}`);
  }
  for (const row of ROWS) {
    const ranges = manifestOf(row.instrumentation).versions ?? [];
    const lowest = versionOf(join(ROOT, 'node_modules', row.lowest));
    const newest = versionOf(join(ROOT, 'node_modules', row.newest));
    const least = minVersion(ranges.join(' || '));
    // Of undici 5 the first releases do not run on any supported Node.js line.
    t.equal(
      lowest
        .split('.')
        .slice(0, row.module === 'undici' ? 1 : 2)
        .join(),
      least?.raw
        .split('.')
        .slice(0, row.module === 'undici' ? 1 : 2)
        .join(),
    );
    t.ok(satisfies(newest, ranges.join(' || ')), `${row.module} ${newest} is supported`);
    const following = `${Number(newest.split('.')[0]) + 1}.0.0`;
    t.equal(satisfies(following, ranges.join(' || ')), row.module === 'undici', `${following} is beyond the range`);
  }
});
