/**
 * Next.js 14 and 15, with the application and the requests of the test for 16, and `next dev` of all three. By hand, because
 * each build takes most of a minute: `npm run frameworks:next`, or NEXT_RELEASES=14,15,16 for some of them.
 */
import { dirname, join } from 'node:path';
import t from 'tap';
import { installFixture } from '../helpers/fixture-install.js';
import { buildNextApp, copyStandalone, layOutNextApp } from '../helpers/next-app.js';
import { ROWS, type Row } from '../helpers/next-rows.js';
import { testServer } from '../helpers/next-server.js';
import { isAtLeast, nodeBinaries } from '../helpers/node-versions.js';
import { findFreePort } from '../helpers/ports.js';
import type { RunOptions } from '../helpers/run-app.js';

const asked = process.env.NEXT_RELEASES?.split(',').map(Number) ?? [];
if (asked.length === 0) t.pass('by hand', { skip: 'npm run frameworks:next' });

/** Where older releases answer otherwise. */
function rowsFor(major: number): readonly Row[] {
  if (major >= 16) return ROWS;
  // The router of the browser needs no address of its own yet.
  return ROWS.map((row) => (row.headers !== undefined && row.status === 307 ? { ...row, status: 200 } : row));
}

const argsOf = (command: string): string[] => [command, '--port', '0', '--hostname', 'localhost'];

for (const major of [14, 15] as const) {
  if (!asked.includes(major)) continue;
  const { folder } = installFixture(`next${major}`);
  layOutNextApp(folder, major);
  const rows = rowsFor(major);
  const next: RunOptions = { file: join(folder, 'node_modules/next/dist/bin/next'), cwd: join(folder, 'next') };

  t.test(`next build of ${major} is left alone`, async (t) => {
    const { output, spans } = await buildNextApp(folder);
    t.notMatch(output, /trace-agent/);
    t.strictSame(spans, []);
  });

  for (const binary of nodeBinaries().filter((node) => isAtLeast(node, 18, 19))) {
    t.test(`next start of ${major} on Node ${binary.version}`, (t) =>
      testServer(t, { ...next, args: argsOf('start'), node: binary.node }, rows),
    );
  }

  t.test(`the standalone output of ${major}`, async (t) => {
    const file = copyStandalone(folder, t.testdir());
    await testServer(t, { file, cwd: dirname(file), env: { PORT: String(await findFreePort()) } }, rows);
  });
}

/** A page of each kind: `next dev` builds each when it is asked for. */
const DEV_PATHS = [
  '/',
  '/blog/fetching',
  '/blog/broken',
  '/api/items/7',
  '/legacy/7',
  '/api/users/7',
  '/checked/7',
  '/nowhere/7',
];

for (const major of [14, 15, 16] as const) {
  if (!asked.includes(major)) continue;
  const { folder } = installFixture(major === 16 ? 'frameworks' : `next${major}`);
  const rows = rowsFor(major).filter(({ path, method }) => method === undefined && DEV_PATHS.includes(path));
  t.test(`next dev of ${major}`, (t) => {
    const file = join(folder, 'node_modules/next/dist/bin/next');
    return testServer(t, { file, cwd: join(folder, 'next'), args: argsOf('dev') }, rows, true);
  });
}
