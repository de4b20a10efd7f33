/** MySQL: the server half of the mysql2 package; every query gives one row, "hello". */
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../apps/package.json', import.meta.url));

const VAR_STRING = 0xfd;
const UTF8 = 0x21;
const COLUMN = {
  catalog: 'def',
  schema: 'bench',
  table: 'users',
  orgTable: 'users',
  name: 'name',
  orgName: 'name',
  characterSet: UTF8,
  columnLength: 40,
  columnType: VAR_STRING,
  flags: 0,
  decimals: 0,
};
const HANDSHAKE = {
  protocolVersion: 10,
  serverVersion: '8.0.36',
  connectionId: 1,
  statusFlags: 2,
  characterSet: UTF8,
  capabilityFlags: 0xffffff,
};

export function startMysql() {
  const mysql = require('mysql2');
  const server = mysql.createServer();
  server.on('connection', (connection) => {
    // An answer is several small writes: with Nagle's algorithm each query would wait 40 ms for an acknowledgement.
    connection.stream.setNoDelay();
    connection.serverHandshake(HANDSHAKE);
    connection.on('query', () => connection.writeTextResult([{ name: 'hello' }], [COLUMN]));
    connection.on('error', () => {});
  });
  return { address: () => server._server.address(), listen: (...options) => server.listen(...options) };
}
