/** Redis: GET gives "hello", INFO says that the data is loaded, everything else is OK. */
import { createServer } from 'node:net';

const INFO = 'redis_version:7.2.0\r\nloading:0\r\n';
const ANSWERS = new Map([
  ['get', Buffer.from('$5\r\nhello\r\n')],
  ['info', Buffer.from(`$${INFO.length}\r\n${INFO}\r\n`)],
]);
const OK = Buffer.from('+OK\r\n');

/** The first word of the command at `offset` and where the next command begins; undefined while it is not whole. */
function readCommand(bytes, offset) {
  const endOfCount = bytes.indexOf('\r\n', offset);
  if (endOfCount < 0) return undefined;
  let next = endOfCount + 2;
  let name;
  for (let words = Number(bytes.toString('latin1', offset + 1, endOfCount)); words > 0; words--) {
    const endOfLength = bytes.indexOf('\r\n', next);
    if (endOfLength < 0) return undefined;
    const length = Number(bytes.toString('latin1', next + 1, endOfLength));
    const start = endOfLength + 2;
    next = start + length + 2;
    if (bytes.length < next) return undefined;
    name ??= bytes.toString('latin1', start, start + length).toLowerCase();
  }
  return { name, next };
}

function serve(socket) {
  let pending = Buffer.alloc(0);
  socket.setNoDelay();
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    let offset = 0;
    const answers = [];
    for (let command = readCommand(pending, 0); command !== undefined; command = readCommand(pending, offset)) {
      offset = command.next;
      answers.push(ANSWERS.get(command.name) ?? OK);
    }
    pending = pending.subarray(offset);
    if (answers.length > 0) socket.write(answers.length === 1 ? answers[0] : Buffer.concat(answers));
  });
}

export const startRedis = () => createServer(serve);
