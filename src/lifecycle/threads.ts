/**
 * Told of the worker threads that this thread of the application starts; finds out which of them have ended, without a
 * listener on an application's object. Imports nothing of ours.
 */
import { subscribe } from 'node:diagnostics_channel';

/** The part of a `Worker` that is used. */
interface Thread {
  /** Node: -1 once the thread has ended. */
  readonly threadId: number;
}

export interface ThreadListener {
  /** True for a thread that the agent itself has started. */
  isOurs(worker: object): boolean;
  /** Called for each new thread before it runs, within the application's call. */
  onStarted(): void;
}

export interface Threads {
  /** Ids of those that have ended since the last call. */
  ended(): number[];
}

/** Watches for the life of the process. `listen` is called with each thread that is started, and may return nobody. */
export function watchThreads(listen: () => ThreadListener | undefined): Threads {
  const seen = new WeakSet<object>();
  const running = new Map<number, Thread>();
  const onThread = (thread: Thread): void => {
    // Node's own, which runs module hooks.
    if (seen.has(thread) || thread.constructor.name === 'InternalWorker') return;
    const listener = listen();
    if (listener === undefined || listener.isOurs(thread)) return;
    seen.add(thread);
    running.set(thread.threadId, thread);
    listener.onStarted();
  };
  // Newer Node tells at once; older (18) in the next tick.
  subscribe('worker_threads', (message) => onThread((message as { worker: Thread }).worker));
  process.on('worker', (worker) => onThread(worker as unknown as Thread));
  return {
    ended() {
      const ids = [...running].filter(([, { threadId }]) => threadId === -1).map(([id]) => id);
      for (const id of ids) running.delete(id);
      return ids;
    },
  };
}
