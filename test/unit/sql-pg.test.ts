/**
 * Everything one can do with a client of pg, against a real PostgreSQL: as without us, and one span for each query.
 *
 *   parent (INTERNAL) -> SELECT items (CLIENT)
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { onlySpan } from '../helpers/lean.js';
import { nodeEnds } from '../helpers/node-versions.js';
import { ROOT } from '../helpers/paths.js';
import { serverOrSkip } from '../helpers/servers.js';
import { compareWithBare, folderOf, type SqlReport } from '../helpers/sql.js';

/** The CLIENT spans of each case, by name; with `error.type` when they failed. */
const SPANS: Record<string, readonly string[]> = {
  text: ['SELECT'],
  values: ['SELECT items'],
  'empty values': ['SELECT'],
  config: ['SELECT'],
  'config and values': ['SELECT'],
  callback: ['SELECT'],
  'values and callback': ['SELECT'],
  'config with callback': ['SELECT'],
  'config and callback': ['SELECT'],
  'no value of a call with callback': ['SELECT'],
  named: ['SELECT items'],
  'named again': ['SELECT items'],
  'two statements': ['SELECT SELECT'],
  transaction: ['BEGIN', 'UPDATE items', 'COMMIT'],
  'transaction that is rolled back': ['BEGIN', 'SELECT no_such_table ERROR 42P01', 'SELECT ERROR 25P02', 'ROLLBACK'],
  notification: ['LISTEN', 'NOTIFY'],
  queue: ['SELECT', 'SELECT', 'SELECT'],
  'undefined table': ['SELECT no_such_table ERROR 42P01'],
  'undefined table, callback': ['SELECT no_such_table ERROR 42P01'],
  'unique violation': ['INSERT items ERROR 23505'],
  'bad value': ['SELECT ERROR 22P02'],
  nothing: [],
  'callback is no function': ['SELECT ERROR _OTHER'],
  'no text': ['postgres ERROR Error'],
  'values are no list': ['SELECT ERROR Error'],
  'row that cannot be parsed': ['SELECT ERROR RangeError'],
  'throwing getter': [],
  'throwing submit': ['SELECT ERROR _OTHER'],
  query: ['SELECT'],
  'query that fails': ['SELECT no_such_table ERROR 42P01'],
  'query with callback': ['SELECT'],
  'query again': ['SELECT', 'SELECT'],
  'cursor with callbacks': ['SELECT generate_series'],
  'cursor read by somebody else': ['SELECT generate_series'],
  cursor: ['SELECT generate_series'],
  'events of a cursor': ['SELECT generate_series'],
  'cursor that fails': ['SELECT no_such_table ERROR 42P01'],
  stream: ['SELECT generate_series'],
  'stream by events': ['SELECT generate_series'],
  'stream that fails': ['SELECT no_such_table ERROR 42P01'],
  'stream that is left': ['SELECT generate_series'],
  'copy in': ['COPY items'],
  'copy in that fails': ['COPY items ERROR 22P02'],
  'copy out': ['COPY items'],
  'copy out that fails': ['COPY no_such_table ERROR 42P01'],
  pool: ['SELECT'],
  'pool, values': ['SELECT'],
  'pool, callback': ['SELECT'],
  'pool, checked out': ['SELECT'],
  'pool, checked out by callback': ['SELECT'],
  'pool that fails': ['SELECT no_such_table ERROR 42P01'],
  waiting: ['SELECT', 'SELECT', 'SELECT'],
  'waiting for a promise': ['SELECT', 'SELECT', 'SELECT'],
  suppressed: [],
  'without parent': ['SELECT'],
  'pool, nothing free': [],
  'pool, client given back broken': ['SELECT'],
  'pool, end': [],
  'pool, new client': ['SELECT', 'SELECT'],
  'pool, onConnect': ['SELECT', 'SELECT'],
  'client that has ended': ['SELECT ERROR Error'],
  'connection that breaks': ['SELECT ERROR 57P01'],
  'connection that breaks under a queue': ['SELECT ERROR Error', 'SELECT ERROR Error'],
  timeout: ['SELECT ERROR Error'],
  refused: ['SELECT ERROR Error'],
  pipeline: ['SELECT', 'SELECT no_such_table ERROR 42P01', 'SELECT'],
};

/** What the client is called: folder of pg, `js` or `native`, and the folders of pg-pool and pg-cursor if they are others. */
const CLIENTS: Record<string, readonly [folder: string, ...more: string[]]> = {
  'the newest pg': [folderOf('pg'), 'js'],
  'the oldest pg': [folderOf('pg80'), 'js'],
  'the oldest pool and cursor': [folderOf('pg80'), 'js', folderOf('pg-pool20'), folderOf('pg-cursor20')],
};

function checkAttributes(t: Test, own: SqlReport, port: number): void {
  t.strictSame(onlySpan(own, 'text').attributes, {
    'db.system.name': 'postgresql',
    'db.namespace': 'postgres',
    'db.query.summary': 'SELECT',
    'db.query.text': 'SELECT ? AS name, ? AS id',
    'server.address': '127.0.0.1',
    'server.port': port,
  });
  const textOf = (name: string) => onlySpan(own, name).attributes['db.query.text'];
  t.equal(textOf('values'), 'SELECT id FROM items WHERE name = $1 LIMIT 1', 'with values it stays as it is');
  t.equal(textOf('named again'), 'SELECT id FROM items WHERE id = $1', 'known from the first time');
  const { status, events, attributes } = onlySpan(own, 'unique violation');
  t.match(attributes, { 'db.response.status_code': '23505', 'error.type': '23505' });
  t.strictSame(status, { code: 2, message: 'unique_violation' }, 'not the message, which quotes values');
  t.strictSame(events, []);
  const ended = onlySpan(own, 'client that has ended');
  t.strictSame(ended.status.message, 'Client was closed and is not queryable', 'an error of the driver says all');
  t.strictSame(ended.events, [{ name: 'exception', type: 'Error' }]);
  t.notOk('db.response.status_code' in ended.attributes);
}

t.test('pg', async (t) => {
  const server = await serverOrSkip(t, 'postgres');
  if (server === undefined) return;
  for (const { node, version } of nodeEnds()) {
    for (const [client, [folder, ...more]] of Object.entries(CLIENTS)) {
      await t.test(`${client} on Node ${version}`, async (t) => {
        const own = await compareWithBare(t, node, 'pg.cjs', [folder, server.url, ...more], SPANS);
        if (client === 'the newest pg') t.strictSame(Object.keys(own.cases), Object.keys(SPANS), 'all cases ran');
        checkAttributes(t, own, server.port);
      });
    }
  }
});

/** Its addon is of one Node.js, the one that installed it, and needs libpq. */
function hasNativeClient(): boolean {
  try {
    createRequire(join(ROOT, 'package.json'))('pg-native');
    return true;
  } catch {
    return false;
  }
}

t.test('the native client of pg', { skip: hasNativeClient() ? false : 'pg-native is not installed' }, async (t) => {
  const server = await serverOrSkip(t, 'postgres');
  if (server === undefined) return;
  const parameters = [folderOf('pg'), server.url, 'native'];
  const own = await compareWithBare(t, process.execPath, 'pg.cjs', parameters, SPANS);
  checkAttributes(t, own, server.port);
});
