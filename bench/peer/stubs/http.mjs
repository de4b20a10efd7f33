/** A service that answers "hello" to every request; its clients keep one request under way on a connection. */
import { createServer } from 'node:net';

/** Clients keep their connections while the application waits for its turn. */
const KEEP_ALIVE = 'Connection: keep-alive\r\nKeep-Alive: timeout=600';
const ANSWER = Buffer.from(
  `HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n${KEEP_ALIVE}\r\n\r\nhello`,
  'latin1',
);
const END_OF_HEAD = Buffer.from('\r\n\r\n', 'latin1');

export function startHttp() {
  return createServer((socket) => {
    socket.setNoDelay();
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      if (END_OF_HEAD.compare(chunk, chunk.length - 4, chunk.length) === 0) socket.write(ANSWER);
    });
  });
}
