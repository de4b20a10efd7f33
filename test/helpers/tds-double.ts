/**
 * Answers like Microsoft SQL Server (TDS 7.4) to what the program of the tests asks: logins, batches, procedures,
 * transactions and prepared statements; every query has one row, and one of a table with no such name fails. A double: the
 * server itself is in no package registry. Spec: MS-TDS 2.2.
 */
import { createServer, type Socket } from 'node:net';
import type { Test } from 'tap';

const HEADER_LENGTH = 8;
const END_OF_MESSAGE = 1;

/** Types of messages. */
const BATCH = 1;
const CALL = 3;
const RESULT = 4;
const TRANSACTION = 14;
const LOGIN = 16;
const PRELOGIN = 18;

/** Tokens of a result. */
const COLUMNS = 0x81;
const ERROR = 0xaa;
const RETURN_VALUE = 0xac;
const RETURN_STATUS = 0x79;
const LOGIN_ACKNOWLEDGED = 0xad;
const ROW = 0xd1;
const ENVIRONMENT = 0xe3;
const DONE = 0xfd;
const DONE_CALL = 0xfe;
const DONE_IN_CALL = 0xff;

const DATABASE_CHANGED = 1;
/** By the number of what a transaction manager is asked to do: what has changed then. */
const CHANGES: Readonly<Record<number, number>> = { 5: 8, 7: 9, 8: 10 };

/** The server's own procedures may be called by a number instead of their name. */
const PROCEDURES: Readonly<Record<number, string>> = {
  10: 'sp_executesql',
  11: 'sp_prepare',
  12: 'sp_execute',
  15: 'sp_unprepare',
};
const NO_SUCH_TABLE = 208;
const INTEGER = 0x26;

const u8 = (...values: number[]): Buffer => Buffer.from(values);
const u16 = (value: number): Buffer => u8(value & 255, value >> 8);
const u32 = (value: number): Buffer => Buffer.concat([u16(value & 0xffff), u16(value >>> 16)]);
const ucs2 = (text: string): Buffer => Buffer.from(text, 'utf16le');
const shortText = (text: string): Buffer => Buffer.concat([u8(text.length), ucs2(text)]);
const longText = (text: string): Buffer => Buffer.concat([u16(text.length), ucs2(text)]);

/** With its length in front. */
function token(type: number, ...parts: Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([u8(type), u16(content.length), content]);
}

function done(type: number, { rows = 0, failed = false, more = false } = {}): Buffer {
  const status = (more ? 1 : 0) | (failed ? 2 : 0) | (failed ? 0 : 16);
  return Buffer.concat([u8(type), u16(status), u16(0), u32(rows), u32(0)]);
}

const integer = (value: number): Buffer => Buffer.concat([u8(4), u32(value)]);
const integerType = Buffer.concat([u32(0), u16(0), u8(INTEGER, 4)]);

const oneRow = Buffer.concat([u8(COLUMNS), u16(1), integerType, shortText('value'), u8(ROW), integer(7)]);

const loggedIn = Buffer.concat([
  token(ENVIRONMENT, u8(DATABASE_CHANGED), shortText('shop'), shortText('master')),
  token(LOGIN_ACKNOWLEDGED, u8(1, 0x74, 0, 0, 4), shortText('double'), u8(16, 0, 0, 0)),
  done(DONE),
]);

const preloginAnswer = (() => {
  const [version, encryption] = [u8(16, 0, 0, 0, 0, 0), u8(2)];
  const start = 2 * 5 + 1;
  const entry = (option: number, offset: number, length: number) => u8(option, 0, offset, 0, length);
  return Buffer.concat([
    entry(0, start, version.length),
    entry(1, start + version.length, encryption.length),
    u8(255),
    version,
    encryption,
  ]);
})();

const failure = token(
  ERROR,
  u32(NO_SUCH_TABLE),
  u8(1, 16),
  longText("Invalid object name 'no_such_table', asked for 'secret'."),
  shortText('double'),
  shortText(''),
  u32(1),
);

const says = (message: Buffer, text: string): boolean => message.includes(ucs2(text));

function answerToBatch(message: Buffer): Buffer {
  if (says(message, 'no_such_table')) return Buffer.concat([failure, done(DONE, { failed: true })]);
  return Buffer.concat(says(message, 'SELECT') ? [oneRow, done(DONE, { rows: 1 })] : [done(DONE, { rows: 1 })]);
}

function procedureOf(message: Buffer): string {
  const start = message.readUInt32LE(0);
  const length = message.readUInt16LE(start);
  if (length === 0xffff) return PROCEDURES[message.readUInt16LE(start + 2)] ?? '';
  return message.toString('utf16le', start + 2, start + 2 + length * 2);
}

const handle = Buffer.concat([u8(RETURN_VALUE), u16(0), shortText('handle'), u8(1), integerType, integer(1)]);

function answerToCall(message: Buffer): Buffer {
  const end = [Buffer.concat([u8(RETURN_STATUS), u32(0)]), done(DONE_CALL)];
  const procedure = procedureOf(message);
  if (procedure === 'sp_prepare') return Buffer.concat([handle, ...end]);
  if (procedure !== 'sp_executesql' && procedure !== 'sp_execute') return Buffer.concat(end);
  if (says(message, 'no_such_table')) {
    return Buffer.concat([
      failure,
      done(DONE_IN_CALL, { failed: true, more: true }),
      done(DONE_CALL, { failed: true }),
    ]);
  }
  const isWriting = ['INSERT', 'UPDATE', 'DELETE'].some((word) => says(message, word));
  return Buffer.concat([...(isWriting ? [] : [oneRow]), done(DONE_IN_CALL, { rows: 1, more: true }), ...end]);
}

/** The new descriptor of a transaction that begins, or the old one of one that ends. */
function answerToTransaction(message: Buffer): Buffer {
  const request = message.readUInt16LE(message.readUInt32LE(0));
  const descriptor = u8(8, 1, 0, 0, 0, 0, 0, 0, 0);
  const values = request === 5 ? [descriptor, u8(0)] : [u8(0), descriptor];
  return Buffer.concat([token(ENVIRONMENT, u8(CHANGES[request] ?? 0), ...values), done(DONE)]);
}

const ANSWERS: Readonly<Record<number, (message: Buffer) => Buffer>> = {
  [BATCH]: answerToBatch,
  [CALL]: answerToCall,
  [TRANSACTION]: answerToTransaction,
  [LOGIN]: () => loggedIn,
  [PRELOGIN]: () => preloginAnswer,
};

function serve(socket: Socket): void {
  let received = Buffer.alloc(0);
  let message = Buffer.alloc(0);
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= HEADER_LENGTH && received.length >= received.readUInt16BE(2)) {
      const [type = 0, status = 0] = received;
      const length = received.readUInt16BE(2);
      message = Buffer.concat([message, received.subarray(HEADER_LENGTH, length)]);
      received = received.subarray(length);
      if ((status & END_OF_MESSAGE) === 0) continue;
      const answer = ANSWERS[type]?.(message) ?? done(DONE, { failed: true });
      message = Buffer.alloc(0);
      const header = u8(RESULT, END_OF_MESSAGE, 0, 0, 0, 0, 1, 0);
      header.writeUInt16BE(HEADER_LENGTH + answer.length, 2);
      socket.write(Buffer.concat([header, answer]));
    }
  });
  socket.on('error', () => socket.destroy());
}

/** Listens until the test `t` ends; resolves with its URL. */
export async function startTdsDouble(t: Test): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    serve(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `tds://127.0.0.1:${(server.address() as { port: number }).port}`;
}
