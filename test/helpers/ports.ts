/** Ports out of the way: those that connections and servers on port 0 get are above 32767 (on Linux; elsewhere higher). */
import { createServer } from 'node:net';

/** On which nobody listens: in no list of services. The fixtures have the same, in apps/calls.cjs. */
export const CLOSED_PORT = 10019;

const FIRST = 11_000;
const LAST = 32_000;

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE' || error.code === 'EACCES') resolve(false);
      else reject(error);
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}

/** For a server that takes no port 0. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST));
    if (await isFree(port)) return port;
  }
}
