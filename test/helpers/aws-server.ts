/**
 * A local server that speaks the protocols of AWS, for process tests: moto, from PyPI.
 *
 *   python3 -m venv .servers && .servers/bin/pip install 'moto[server]==5.2.5'
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { ROOT } from './paths.js';
import { findProgram, startServer } from './server-process.js';
import type { RunningServer } from './servers.js';

const PROGRAM = 'moto_server';

/** Like `serverOrSkip`: started for the test `t`, undefined and a skip when not installed, an error then in CI. */
export async function awsOrSkip(t: Test): Promise<RunningServer | undefined> {
  const local = join(ROOT, '.servers', 'bin', PROGRAM);
  const command = existsSync(local) ? local : findProgram(PROGRAM);
  if (command === undefined) {
    const reason = `${PROGRAM} is not installed (PyPI: moto[server])`;
    if (process.env.CI) throw new Error(reason);
    t.pass('no server for AWS on this machine', { skip: reason });
    return undefined;
  }
  const { port, stop } = await startServer('aws', (place) => {
    // Its interpreter may be in a folder that only root can read.
    place.account = undefined;
    return { command, args: ['-H', '127.0.0.1', '-p', `${place.port}`], ready: /Running on/ };
  });
  t.teardown(stop);
  return { host: '127.0.0.1', port, url: `http://127.0.0.1:${port}`, stop };
}
