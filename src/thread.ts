/**
 * Which kind of thread this is, without `node:worker_threads`: loading that costs a process without workers 5 ms, because
 * it loads Node's streams. No imports, no work at load time.
 */

/**
 * True on the main thread. Node marks what a worker must not call (`process.abort` and its like) with `disabled`.
 * Node: lib/internal/process/worker_thread_only.js; a test holds this against `isMainThread` on every supported line.
 */
export function isMainThread(): boolean {
  return (process.abort as { disabled?: boolean }).disabled !== true;
}

/**
 * True in Node's own loader thread, which re-runs preloads but never runs an application. Where Node does not say so
 * (before 22.14) that thread is the one whose worker data is null; an application's has undefined or its own.
 */
export function isLoaderThread(): boolean {
  if (isMainThread()) return false;
  const { isInternalThread, workerData } = require('node:worker_threads') as {
    isInternalThread?: boolean;
    workerData: unknown;
  };
  return isInternalThread ?? workerData === null;
}
