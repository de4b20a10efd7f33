/**
 * Databases through further drivers and mappers, caches and search: whole traces, with the real libraries and, where one
 * can be had, the real server.
 */
import { cpSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { awsOrSkip } from '../helpers/aws-server.js';
import { buildBetterSqlite3 } from '../helpers/better-sqlite3.js';
import { installFixture } from '../helpers/fixture-install.js';
import { oldestAndNewest, testLibrary } from '../helpers/libraries.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { FIXTURES } from '../helpers/paths.js';
import { testScenario } from '../helpers/scenario.js';
import { startSearchDouble } from '../helpers/search-double.js';
import { type RunningServer, serverOrSkip } from '../helpers/servers.js';
import * as data from '../libraries/data.js';
import type { LibraryCase, LibraryCases } from '../libraries/library-case.js';

const { folder, skip } = installFixture(data.FIXTURE);

type Start = (t: Test) => Promise<RunningServer | undefined>;
const named = (name: Parameters<typeof serverOrSkip>[1]) => (t: Test) => serverOrSkip(t, name);

/** What the programs find in TEST_DATABASE_URL. */
const SERVERS: readonly [cases: LibraryCases, start: Start][] = [
  [data.ON_POSTGRESQL, named('postgres')],
  [data.ON_MARIADB, named('mariadb')],
  [data.ON_MONGODB, mongodbOrSkip],
  [data.ON_MEMCACHED, named('memcached')],
  [data.ON_AWS, awsOrSkip],
];

/** Of libraries with instrumentations of our own, the folder of an early release. Before 2.4 mysql sends transactions by itself. */
const OLDEST: Readonly<Record<string, string>> = { postgres: 'postgres30', mysql: 'mysql25' };

/** The same program beside a copy of that release, under the name by which the agent knows it. */
function testOldest(t: Test, { library, scenario }: LibraryCase, release: string, env: Record<string, string>): void {
  t.test(release, async (t) => {
    const root = t.testdir();
    const app = join(root, data.FIXTURE);
    cpSync(join(FIXTURES, 'apps/calls.cjs'), join(root, 'apps/calls.cjs'));
    for (const ending of ['cjs', 'mjs', 'run.cjs']) {
      cpSync(join(folder, `${scenario.name}.${ending}`), join(app, `${scenario.name}.${ending}`));
    }
    const copy = join(app, 'node_modules', library);
    cpSync(join(folder, 'node_modules', release), copy, { recursive: true });
    // What it depends on.
    symlinkSync(join(folder, 'node_modules'), join(root, 'node_modules'));
    testScenario(t, {
      ...scenario,
      folder: app,
      env,
      hasAllPreloads: false,
      nodes: oldestAndNewest('<24').slice(0, 1),
    });
  });
}

for (const [cases, start] of SERVERS) {
  t.test(cases.map(({ library }) => library).join(', '), { skip }, async (t) => {
    const server = await start(t);
    if (server === undefined) return;
    for (const library of cases) {
      const env = { TEST_DATABASE_URL: server.url };
      testLibrary(t, library, env);
      const oldest = OLDEST[library.library];
      if (oldest !== undefined) testOldest(t, library, oldest, env);
    }
  });
}

t.test('on both', { skip }, async (t) => {
  const [postgres, mariadb] = [await serverOrSkip(t, 'postgres'), await serverOrSkip(t, 'mariadb')];
  if (postgres === undefined || mariadb === undefined) return;
  const env = { TEST_DATABASE_URL: postgres.url, TEST_MYSQL_URL: mariadb.url };
  for (const library of data.ON_BOTH) testLibrary(t, library, env);
});

t.test('searching', { skip }, async (t) => {
  const env = { TEST_DATABASE_URL: await startSearchDouble(t) };
  for (const library of data.SEARCHING) testLibrary(t, library, env);
});

t.test('in the process', { skip }, async (t) => {
  for (const library of data.IN_PROCESS) testLibrary(t, library);
});

t.test('compiled', { skip }, async (t) => {
  const built = buildBetterSqlite3(join(folder, 'node_modules/better-sqlite3'));
  if ('skip' in built) {
    t.pass('no compiler', built);
    return;
  }
  const env = { TEST_BINDING: built.binding };
  const nodes = nodeBinaries().filter(({ node }) => node === process.execPath);
  for (const { scenario } of data.COMPILED) testScenario(t, { ...scenario, env, nodes, hasAllPreloads: false });
});
