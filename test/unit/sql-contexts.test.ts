/**
 * What outlives a request does not hold its context: clients and pools of pg and mysql2 that a request makes, their
 * sockets, idle timers and reconnects. The context is gone once the request is over, while what it made is still in use.
 * Without us it stays, which shows that the test can fail.
 */
import t, { type Test } from 'tap';
import { nodeEnds } from '../helpers/node-versions.js';
import { type ServerName, serverOrSkip } from '../helpers/servers.js';
import { folderOf, runSql } from '../helpers/sql.js';

/** What happens, in the order of the alphabet. */
const CLIENT = ['close', 'data', 'end', 'error', 'notification'];
const PG_POOL = ['close', 'data', 'error', 'idle timer', 'new connection', 'removed'];
const POOL = ['close', 'data', 'idle timer', 'new connection'];
/** It has no idle timer, so that a second connection is left. */
const FIRST_POOL = ['close', 'data'];

type Row = readonly [library: string, what: string, happens: readonly string[]];

const ROWS: Readonly<Record<string, { server: ServerName; rows: readonly Row[] }>> = {
  pg: {
    server: 'postgres',
    rows: [
      ['pg', 'client', CLIENT],
      ['pg', 'pool', PG_POOL],
      ['pg80', 'client', CLIENT],
      ['pg80', 'pool', PG_POOL],
    ],
  },
  mysql2: {
    server: 'mariadb',
    rows: [
      ['mysql2', 'pool', POOL],
      ['mysql2', 'promise', POOL],
      ['mysql2-311', 'pool', POOL],
      ['mysql2-14', 'pool', FIRST_POOL],
      ['mysql2-14', 'promise', FIRST_POOL],
    ],
  },
};

/** Everything at `where`, apart from what is made for somebody who asks later. */
function allAt(where: string, happens: readonly string[]): Record<string, string> {
  return Object.fromEntries(happens.map((what) => [what, what === 'new connection' ? 'nothing' : where]));
}

function testRow(t: Test, name: string, [library, what, happens]: Row, url: string): void {
  for (const { node, version } of nodeEnds()) {
    t.test(`${library}, ${what}, on Node ${version}`, async (t) => {
      const own = await runSql(node, 'context.cjs', name, what, 'own', folderOf(library), url);
      t.strictSame(own.messages, []);
      t.equal(own.open, 0);
      t.strictSame(own.collected, { atOnce: true, later: true }, 'nothing holds the context of the request');
      t.strictSame(own.seen, allAt('nothing', happens), 'in the context of nobody');
    });
  }
}

function testBare(t: Test, name: string, [library, what, happens]: Row, url: string): void {
  t.test(`${library}, ${what}: without us the context stays`, async (t) => {
    const bare = await runSql(process.execPath, 'context.cjs', name, what, 'bare', folderOf(library), url);
    t.match(bare.collected, { atOnce: false });
    t.strictSame(bare.seen, allAt('the request', happens));
  });
}

for (const [name, { server, rows }] of Object.entries(ROWS)) {
  t.test(name, async (t) => {
    const running = await serverOrSkip(t, server);
    if (running === undefined) return;
    for (const row of rows) testRow(t, name, row, running.url);
    for (const row of rows.slice(0, 2)) testBare(t, name, row, running.url);
  });
}
