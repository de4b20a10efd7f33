/**
 * Databases through further drivers and mappers, caches and search: whole traces, with the real libraries and, where one
 * can be had, the real server.
 */
import { join } from 'node:path';
import { satisfies } from 'semver';
import t, { type Test } from 'tap';
import { awsOrSkip } from '../helpers/aws-server.js';
import { buildBetterSqlite3 } from '../helpers/better-sqlite3.js';
import { cassandraOrSkip } from '../helpers/cassandra.js';
import { testContainment } from '../helpers/containment.js';
import { installFixture } from '../helpers/fixture-install.js';
import { oldestAndNewest, testLibrary } from '../helpers/libraries.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { startOracleDouble } from '../helpers/oracle-double.js';
import { testScenario } from '../helpers/scenario.js';
import { searchOrSkip } from '../helpers/search.js';
import { type RunningServer, serverOrSkip } from '../helpers/servers.js';
import { startTdsDouble } from '../helpers/tds-double.js';
import * as data from '../libraries/data.js';
import { type LibraryCase, type LibraryCases, LOWEST_FIXTURE } from '../libraries/library-case.js';

const { folder, ...newest } = installFixture(data.FIXTURE);
const lowest = installFixture(LOWEST_FIXTURE);
const skip = newest.skip || lowest.skip;

type Env = Record<string, string>;
type Start = (t: Test) => Promise<RunningServer | undefined>;
const named = (name: Parameters<typeof serverOrSkip>[1]) => (t: Test) => serverOrSkip(t, name);

/** They take the longest to start: the others are tested meanwhile. */
const early = skip ? [] : [cassandraOrSkip(t), searchOrSkip(t, 'opensearch'), searchOrSkip(t, 'elasticsearch')];
for (const starting of early) starting.catch(() => 'fails where it is waited for');
const [cassandra, opensearch, elasticsearch] = early;

/** What the programs find in TEST_DATABASE_URL. */
const SERVERS: readonly [cases: LibraryCases, start: Start][] = [
  [data.ON_POSTGRESQL, named('postgres')],
  [data.ON_MARIADB, named('mariadb')],
  [data.ON_MONGODB, mongodbOrSkip],
  [data.ON_MEMCACHED, named('memcached')],
  [data.ON_AWS, awsOrSkip],
  [data.ON_CASSANDRA, async () => cassandra],
  [data.ON_OPENSEARCH, async () => opensearch],
  [data.ON_ELASTICSEARCH, async () => elasticsearch],
];

/** The lowest supported release, of instrumentations of our own; one cell is enough. */
function testLowest(t: Test, { scenario, lowest, needsNode }: LibraryCase, env: Env): void {
  if (lowest === undefined) return;
  const cell = { folder: LOWEST_FIXTURE, nodes: oldestAndNewest(`${needsNode ?? '*'} <24`).slice(0, 1) };
  testScenario(t, { ...scenario, forms: ['cjs'], ...lowest, ...cell, env, hasAllPreloads: false });
}

/** Each hook throws; in the newest release, on the Node.js that runs the tests, if it can run there. */
function testBroken(t: Test, library: LibraryCase, env: Env, isAlone = true): void {
  const { scenario, instrumentation, needsNode, meets } = library;
  if (meets === undefined) return;
  const nodes = nodeBinaries().filter(({ version }) => satisfies(version, needsNode ?? '*'));
  const node = nodes.find((binary) => binary.node === process.execPath) ?? nodes.at(-1);
  if (node === undefined) return;
  const program = { node: node.node, file: join(folder, `${scenario.name}.cjs`), env };
  const execArgv = scenario.execArgv?.(node) ?? [];
  t.test(`${scenario.name}: everything throws`, (t) =>
    testContainment(t, { instrumentation, meets, isAlone, program: { ...program, execArgv } }),
  );
}

for (const [cases, start] of SERVERS) {
  t.test(cases.map(({ library }) => library).join(', '), { skip }, async (t) => {
    const server = await start(t);
    if (server === undefined) return;
    for (const library of cases) {
      const env = { TEST_DATABASE_URL: server.url };
      testLibrary(t, library, env);
      testLowest(t, library, env);
      testBroken(t, library, env, false);
    }
  });
}

t.test('on both', { skip }, async (t) => {
  const [postgres, mariadb] = [await serverOrSkip(t, 'postgres'), await serverOrSkip(t, 'mariadb')];
  if (postgres === undefined || mariadb === undefined) return;
  const env = { TEST_DATABASE_URL: postgres.url, TEST_MYSQL_URL: mariadb.url };
  for (const library of data.ON_BOTH) testLibrary(t, library, env);
});

t.test('SQL Server', { skip }, async (t) => {
  const env = { TEST_DATABASE_URL: await startTdsDouble(t) };
  for (const library of data.ON_SQL_SERVER) {
    testLibrary(t, library, env);
    testLowest(t, library, env);
    testBroken(t, library, env);
  }
});

t.test('Oracle Database', { skip }, async (t) => {
  const env = { TEST_DATABASE_URL: await startOracleDouble(t) };
  for (const library of data.ON_ORACLE) {
    testLibrary(t, library, env);
    testLowest(t, library, env);
    testBroken(t, library, env);
  }
});

t.test('in the process', { skip }, async (t) => {
  for (const library of data.IN_PROCESS) {
    testLibrary(t, library);
    testBroken(t, library, {});
  }
});

t.test('compiled', { skip }, async (t) => {
  const nodes = nodeBinaries().filter(({ node }) => node === process.execPath);
  const built = buildBetterSqlite3(join(folder, 'node_modules/better-sqlite3'));
  const old = 'skip' in built ? built : buildBetterSqlite3(join(lowest.folder, 'node_modules/better-sqlite3'), built);
  if ('skip' in built || 'skip' in old) {
    t.pass('no compiler', built);
    return;
  }
  for (const library of data.COMPILED) {
    const cell = { ...library.scenario, nodes, hasAllPreloads: false };
    testScenario(t, { ...cell, env: { TEST_BINDING: built.binding } });
    if (library.lowest !== undefined) {
      testScenario(t, { ...cell, env: { TEST_BINDING: old.binding }, folder: LOWEST_FIXTURE, forms: ['cjs'] });
    }
    testBroken(t, library, { TEST_BINDING: built.binding });
  }
});
