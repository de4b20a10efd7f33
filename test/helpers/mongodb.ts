/**
 * A MongoDB-compatible server for process tests. Debian has none, so SecantusDB from PyPI stands in for it: the same
 * wire protocol and the same storage engine, written by others than the driver that talks to it.
 *
 *   python3 -m venv .servers && .servers/bin/pip install secantusdb==0.7.0b3
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { ROOT } from './paths.js';
import { findProgram, startServer } from './server-process.js';
import type { RunningServer } from './servers.js';

const PROGRAM = 'secantusd-py';

/** Like `serverOrSkip`: started for the test `t`, undefined and a skip when not installed, an error then in CI. */
export async function mongodbOrSkip(t: Test): Promise<RunningServer | undefined> {
  const local = join(ROOT, '.servers', 'bin', PROGRAM);
  const command = existsSync(local) ? local : findProgram(PROGRAM);
  if (command === undefined) {
    const reason = `${PROGRAM} is not installed (PyPI: secantusdb)`;
    if (process.env.CI) throw new Error(reason);
    t.pass('no MongoDB-compatible server on this machine', { skip: reason });
    return undefined;
  }
  const { port, stop } = await startServer('mongodb', (place) => {
    // Unlike PostgreSQL it may run as root, and its interpreter may be in a folder that only root can read.
    place.account = undefined;
    return {
      command,
      args: ['--host', '127.0.0.1', '--port', `${place.port}`, '--storage-path', ':memory:', '--standalone'],
      ready: /listening on/,
    };
  });
  t.teardown(stop);
  return { host: '127.0.0.1', port, url: `mongodb://127.0.0.1:${port}`, stop };
}
