/** PostgreSQL, as far as a client that asks for one row of one text column goes; every query gives "hello". */
import { createServer } from 'node:net';

const TEXT_OID = 25;

/** One message: its type, its length (which counts itself), its body. */
function message(type, ...parts) {
  const body = Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(`${part}\0`) : part)));
  const head = Buffer.alloc(5);
  head.write(type, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const int16 = (value) => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};

const READY = message('Z', Buffer.from('I'));
const STARTED = Buffer.concat([
  message('R', int32(0)),
  message('S', 'server_version', '16.0'),
  message('S', 'client_encoding', 'UTF8'),
  message('K', int32(1), int32(1)),
  READY,
]);
const ROW = Buffer.concat([
  message('T', int16(1), 'name', int32(0), int16(0), int32(TEXT_OID), int16(-1), int32(-1), int16(0)),
  message('D', int16(1), int32(5), Buffer.from('hello')),
  message('C', 'SELECT 1'),
]);
const SIMPLE_ANSWER = Buffer.concat([ROW, READY]);
const EXTENDED_ANSWER = Buffer.concat([message('1'), message('2'), ROW, READY]);

const QUERY = 'Q'.charCodeAt(0);
const SYNC = 'S'.charCodeAt(0);
const TERMINATE = 'X'.charCodeAt(0);

function serve(socket) {
  let pending = Buffer.alloc(0);
  let isStarted = false;
  socket.setNoDelay();
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    for (;;) {
      // The first message has no type.
      const head = isStarted ? 1 : 0;
      if (pending.length < head + 4) return;
      const size = head + pending.readInt32BE(head);
      if (pending.length < size) return;
      const type = pending[0];
      pending = pending.subarray(size);
      if (!isStarted) socket.write(STARTED);
      else if (type === QUERY) socket.write(SIMPLE_ANSWER);
      else if (type === SYNC) socket.write(EXTENDED_ANSWER);
      else if (type === TERMINATE) socket.end();
      isStarted = true;
    }
  });
}

export const startPostgres = () => createServer(serve);
