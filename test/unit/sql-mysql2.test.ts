/**
 * Everything one can do with a connection of mysql2, against a real MariaDB: as without us, and one span for each query.
 *
 *   parent (INTERNAL) -> SELECT items (CLIENT)
 */
import t, { type Test } from 'tap';
import { onlySpan } from '../helpers/lean.js';
import { nodeEnds } from '../helpers/node-versions.js';
import { serverOrSkip } from '../helpers/servers.js';
import { compareWithBare, folderOf, type SqlReport } from '../helpers/sql.js';

/** The CLIENT spans of each case, by name; with `error.type` when they failed. */
const SPANS: Record<string, readonly string[]> = {
  text: ['SELECT'],
  values: ['SELECT items'],
  'one value': ['SELECT'],
  'no values': ['SELECT'],
  options: ['SELECT'],
  'options with values': ['SELECT'],
  'options and values': ['SELECT'],
  names: ['SELECT'],
  execute: ['SELECT'],
  'execute with values': ['SELECT items'],
  'execute with options': ['SELECT'],
  statement: ['SELECT', 'SELECT'],
  transaction: ['START TRANSACTION', 'UPDATE items', 'COMMIT'],
  'transaction that is rolled back': ['START TRANSACTION', 'SELECT no_such_table ERROR 1146', 'ROLLBACK'],
  'options are used again': ['SELECT', 'SELECT'],
  command: ['SELECT'],
  'change of the user': [],
  ping: [],
  queue: ['SELECT', 'SELECT', 'SELECT'],
  'undefined table': ['SELECT no_such_table ERROR 1146'],
  duplicate: ['INSERT items ERROR 1062'],
  syntax: ['test ERROR 1064'],
  'execute, undefined table': ['SELECT no_such_table ERROR 1146'],
  'undefined value': ['SELECT ERROR _OTHER'],
  nothing: ['test ERROR _OTHER'],
  events: ['SELECT items'],
  'events of execute': ['SELECT items'],
  'events of a failure': ['SELECT no_such_table ERROR 1146'],
  'events of a failed execute': ['SELECT no_such_table ERROR 1146'],
  stream: ['SELECT seq_1_to_100'],
  promise: ['SELECT'],
  'promise, values': ['SELECT'],
  'promise, execute': ['SELECT'],
  'promise, failure': ['SELECT no_such_table ERROR 1146'],
  'promise, statement': ['SELECT'],
  pool: ['SELECT'],
  'pool, values': ['SELECT'],
  'pool, execute': ['SELECT'],
  'pool, events': ['SELECT'],
  'pool, promise': ['SELECT'],
  'pool, checked out': ['SELECT'],
  'pool, nothing free': [],
  'pool that fails': ['SELECT no_such_table ERROR 1146'],
  waiting: ['SELECT', 'SELECT', 'SELECT'],
  'waiting for a promise': ['SELECT', 'SELECT', 'SELECT'],
  suppressed: [],
  'without parent': ['SELECT'],
  'pool, end': [],
  'pool, new connection': ['SELECT', 'SELECT'],
  cluster: ['SELECT'],
  'cluster, query': ['SELECT'],
  'connection that breaks under a queue': [
    'SELECT ERROR PROTOCOL_CONNECTION_LOST',
    'SELECT ERROR PROTOCOL_CONNECTION_LOST',
  ],
  'events of a connection that breaks': ['SELECT ERROR _OTHER', 'SELECT ERROR _OTHER'],
  'connection that was destroyed': ['SELECT ERROR _OTHER'],
  'connection that is killed': ['SELECT', 'KILL ERROR 1927'],
  timeout: ['SELECT ERROR PROTOCOL_SEQUENCE_TIMEOUT'],
  refused: ['SELECT ERROR ECONNREFUSED'],
};

/** Connections got a base class in 3.11.5. */
const VERSIONS: Record<string, string> = { newest: 'mysql2', '3.11.4': 'mysql2-311', oldest: 'mysql2-14' };

function checkAttributes(t: Test, own: SqlReport, port: number): void {
  t.strictSame(onlySpan(own, 'text').attributes, {
    'db.system.name': 'mysql',
    'db.namespace': 'test',
    'db.query.summary': 'SELECT',
    'db.query.text': 'SELECT ? AS name, ? AS id',
    'server.address': '127.0.0.1',
    'server.port': port,
  });
  const { attributes } = onlySpan(own, 'values');
  const parameterized = 'SELECT id FROM items WHERE name = ? LIMIT 1';
  t.equal(attributes['db.query.text'], parameterized, 'with values it stays as it is');
  const duplicate = onlySpan(own, 'duplicate');
  t.match(duplicate.attributes, { 'db.response.status_code': '1062', 'error.type': '1062' });
  t.strictSame(duplicate.status, { code: 2, message: 'ER_DUP_ENTRY' }, 'not the message, which quotes values');
  t.strictSame(duplicate.events, []);
}

t.test('mysql2', async (t) => {
  const server = await serverOrSkip(t, 'mariadb');
  if (server === undefined) return;
  for (const { node, version } of nodeEnds()) {
    for (const [release, name] of Object.entries(VERSIONS)) {
      await t.test(`the ${release} mysql2 on Node ${version}`, async (t) => {
        const own = await compareWithBare(t, node, 'mysql2.cjs', [folderOf(name), server.url], SPANS);
        if (release === 'newest') t.strictSame(Object.keys(own.cases), Object.keys(SPANS), 'all cases ran');
        checkAttributes(t, own, server.port);
      });
    }
  }
});
