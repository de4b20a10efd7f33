/**
 * The exporting worker thread as the application's thread sees it: start, talk, block under a deadline, notice its end.
 * Loads `node:worker_threads` when a worker is started, not before.
 *
 * Node: a worker inherits --require/--import unless execArgv is given, and given alone it makes Node parse NODE_OPTIONS
 * again; so execArgv is empty and the environment is our own. stdout and stderr are piped by default, which creates
 * this thread's process.stdout and process.stderr (and loads tty and net) on its behalf: `true` keeps them apart.
 * A `message` listener on the Worker keeps the process alive even after unref(), on our own port it does not.
 */
import type { Worker } from 'node:worker_threads';
import type { Channel, ChannelOptions } from './channel.js';
import {
  type FromExporter,
  PROTOCOL_VERSION,
  SLOT_COUNT,
  SLOT_SIGNAL,
  type ToExporter,
  type WorkerStart,
} from './protocol.js';

/** Heap limits of the worker in MiB; requests and chunks live outside that heap. */
const RESOURCE_LIMITS = { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 2 };

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined ? `${error.name}: ${error.message}` : `${code}: ${error.message}`;
}

const exporterThreads = new WeakSet<object>();
let isStarting = false;

/** True for a `Worker` that is an exporter of ours and no thread of the application, also while it is being made. */
export function isExporterThread(worker: object): boolean {
  return isStarting || exporterThreads.has(worker);
}

function startWorker(create: () => Worker): Worker {
  isStarting = true;
  try {
    const worker = create();
    exporterThreads.add(worker);
    return worker;
  } finally {
    isStarting = false;
  }
}

/** Starts the worker. Throws where workers are impossible: permission model, no memory, no thread. */
export function openWorkerChannel(options: ChannelOptions): Channel {
  const { Worker, MessageChannel, receiveMessageOnPort } =
    require('node:worker_threads') as typeof import('node:worker_threads');
  const { events } = options;
  const slots = new Int32Array(new SharedArrayBuffer(SLOT_COUNT * Int32Array.BYTES_PER_ELEMENT));
  const { port1: port, port2: workerPort } = new MessageChannel();
  const start: WorkerStart = {
    traceAgent: PROTOCOL_VERSION,
    settings: options.settings,
    slots: slots.buffer as SharedArrayBuffer,
    port: workerPort,
  };
  const worker = startWorker(
    () =>
      new Worker(options.exporterFile, {
        name: 'trace-agent',
        workerData: start,
        transferList: [workerPort],
        execArgv: [],
        env: { ...options.environment },
        stdin: false,
        stdout: true,
        stderr: true,
        trackUnmanagedFds: false,
        resourceLimits: RESOURCE_LIMITS,
      }),
  );
  worker.unref();
  let cause = 'it ended by itself';
  let isOpen = true;
  let seen = 0;
  worker.on('error', (error) => {
    cause = describe(error);
  });
  worker.on('exit', () => {
    if (!isOpen) return;
    isOpen = false;
    port.close();
    events.onExit(cause);
  });
  port.on('message', (message: FromExporter) => events.onMessage(message));
  port.unref();

  return {
    canBlock: true,
    post: (message: ToExporter) => port.postMessage(message),
    drain() {
      seen = Atomics.load(slots, SLOT_SIGNAL);
      for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
        events.onMessage(next.message as FromExporter);
      }
    },
    // Sleeps only if nothing was signalled since the last drain, so no message can be missed.
    wait: (timeoutMillis) => void Atomics.wait(slots, SLOT_SIGNAL, seen, timeoutMillis),
    setReferenced(isReferenced) {
      if (isReferenced) port.ref();
      else port.unref();
    },
    close() {
      if (!isOpen) return;
      isOpen = false;
      port.close();
      void worker.terminate();
    },
  };
}
