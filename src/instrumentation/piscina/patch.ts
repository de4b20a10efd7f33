/**
 * A task of piscina runs in the context of who has called `pool.run()`: the pool's own message to the thread takes the
 * trace context along, which the thread takes out again. Any thread; the task's data and its result are not touched.
 *
 *   run(task) ─► TaskInfo, an AsyncResource ─ queue ─► postTask ─► { task, taskId, filename, name, + context }
 *                                                                       │ port
 *   handler(task), in that context ◄─ onMessage ◄─ event, or receiveMessageOnPort after Atomics.wait
 */
import { syncBuiltinESMExports } from 'node:module';
import type { Context } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { describeContext, type HandedContext, type HandedSpan, restoreContext } from '../handed-context.js';
import { createTie } from '../operation.js';
import { type AnyFunction, Faults, patchMethod } from '../patch.js';
import type { AttachContext, CreateInstrumentation } from '../types.js';
import { PISCINA } from './manifest.js';

type Threads = typeof import('node:worker_threads');

/** Beside `task` in the pool's message. */
const KEY = 'org.trace-agent.context';
/** Node: lib/internal/event_target.js; what a port calls with each message, whoever listens and how. */
const DISPATCH = Symbol.for('nodejs.internal.kHybridDispatch');

interface TaskInfo {
  runInAsyncScope<T>(run: () => T): T;
}

interface WorkerInfo {
  readonly port: object;
}

interface PoolFile {
  readonly WorkerInfo: { readonly prototype: object };
}

interface TaskMessage {
  readonly taskId: number;
  [KEY]?: HandedContext | null;
}

function isTask(message: unknown): message is TaskMessage {
  if (typeof message !== 'object' || message === null) return false;
  return 'taskId' in message && 'task' in message && 'filename' in message;
}

const readContext = (): HandedContext | null => describeContext(activeContext());

/** In the thread that has the pool. */
function patchPool({ WorkerInfo }: PoolFile, faults: Faults): void {
  const known = createTie<true>();
  /** For the message that is about to be posted. */
  let handed: HandedContext | null | undefined;

  const wrapPost = (original: AnyFunction): AnyFunction =>
    function postMessage(this: unknown, message, ...rest) {
      if (handed !== undefined && isTask(message)) {
        message[KEY] = handed;
        handed = undefined;
      }
      return original.call(this, message, ...rest);
    };
  const prepare = ({ port }: WorkerInfo, task: TaskInfo): void => {
    if (known.get(port) === undefined) {
      patchMethod(port, 'postMessage', wrapPost);
      known.set(port, true);
    }
    // Posted when a thread is free, in the context of whose task was done there: the caller's is the task's.
    handed = task.runInAsyncScope(readContext);
  };
  patchMethod(
    WorkerInfo.prototype,
    'postTask',
    (original) =>
      function postTask(this: WorkerInfo, ...parameters) {
        try {
          if (!faults.isDisabled) prepare(this, parameters[0]);
        } catch (error) {
          faults.record(error);
        }
        try {
          return original.apply(this, parameters);
        } finally {
          handed = undefined;
        }
      },
  );
}

/** The tasks of this thread of a pool. */
class Tasks {
  readonly #attach: AttachContext;
  readonly #running = new Map<number, HandedSpan>();
  #attached: ReturnType<AttachContext> | undefined;

  constructor(attach: AttachContext) {
    this.#attach = attach;
  }

  /** The context that the task is to run in; undefined for any other message. */
  start(message: unknown): Context | undefined {
    if (!isTask(message)) return undefined;
    const handed = message[KEY] ?? null;
    delete message[KEY];
    const { context, span } = restoreContext(handed);
    if (span !== undefined) this.#running.set(message.taskId, span);
    return context;
  }

  /**
   * Piscina reads messages in a loop at the end of the task before, so in that one's context: the next task's is
   * active until the next message, or that there is none, is read.
   */
  startHere(message: unknown): void {
    const { dispose } = this;
    dispose();
    const context = this.start(message);
    if (context !== undefined) this.#attached = this.#attach(context);
  }

  readonly dispose = (): void => {
    this.#attached?.dispose();
    this.#attached = undefined;
  };

  /** What a task leaves behind has its context for a while only. */
  end(response: unknown): void {
    if (typeof response !== 'object' || response === null || !('taskId' in response)) return;
    const taskId = response.taskId as number;
    const span = this.#running.get(taskId);
    if (span === undefined) return;
    span.endedAtMillis ??= Date.now();
    this.#running.delete(taskId);
  }
}

/** In a thread of the pool. */
function patchThread(faults: Faults, attach: AttachContext): void {
  const threads = require('node:worker_threads') as Threads;
  const tasks = new Tasks(attach);
  const contained = <T>(run: () => T): T | undefined => {
    try {
      return faults.isDisabled ? undefined : run();
    } catch (error) {
      faults.record(error);
      return undefined;
    }
  };
  const { prototype } = threads.MessagePort;
  patchMethod(
    prototype,
    DISPATCH,
    (original) =>
      function dispatch(this: unknown, ...parameters) {
        const context = parameters[1] === 'message' ? contained(() => tasks.start(parameters[0])) : undefined;
        if (context === undefined) return original.apply(this, parameters);
        return runIn(context, original, this, parameters);
      },
  );
  patchMethod(
    prototype,
    'postMessage',
    (original) =>
      function postMessage(this: unknown, ...parameters) {
        contained(() => tasks.end(parameters[0]));
        return original.apply(this, parameters);
      },
  );
  patchMethod(
    threads,
    'receiveMessageOnPort',
    (original) =>
      function receiveMessageOnPort(this: unknown, ...parameters) {
        const entry = original.apply(this, parameters);
        contained(() => tasks.startHere(entry?.message));
        return entry;
      },
  );
  syncBuiltinESMExports();
}

export const create: CreateInstrumentation = ({ log, attachContext }) => {
  const { module, versions } = PISCINA;
  const faults = new Faults('piscina', log);
  return {
    targets: [
      {
        module,
        versions,
        file: 'dist/worker_pool/index.js',
        patch(exports) {
          patchPool(exports as PoolFile, faults);
          return exports;
        },
      },
      {
        module,
        versions,
        file: 'dist/worker.js',
        patch(exports) {
          if (attachContext !== undefined) patchThread(faults, attachContext);
          return exports;
        },
      },
    ],
  };
};
