/**
 * The last snapshot of a process, as a file that outlives it: the local socket dies with the process. Main thread and
 * worker threads; loaded only when OTEL_NODE_DIAGNOSTICS_DIRECTORY is set.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Name of this thread's files in the directory: the process id, for an application's worker thread with its number. */
export function threadName(): string {
  const { isMainThread, threadId } = require('node:worker_threads') as typeof import('node:worker_threads');
  return isMainThread ? String(process.pid) : `${process.pid}-${threadId}`;
}

/** Path of the local socket. */
export function socketPath(directory: string, name: string): string {
  return join(directory, `${name}.sock`);
}

/** Writes `<name>.json` and takes the socket's name away. Never throws. */
export function writeFinalSnapshot(directory: string, name: string, snapshot: object): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    writeFileSync(join(directory, `${name}.json`), JSON.stringify(snapshot), { mode: 0o600 });
    rmSync(socketPath(directory, name), { force: true });
  } catch {
    // The process is ending and the directory is gone or full: nobody to tell.
  }
}
