/**
 * BullMQ 5 and 6: a span for each `add`, for each attempt at a job and for each that is fetched by hand. The context travels where BullMQ keeps it for its
 * own telemetry (`opts.telemetry.metadata` of a job), never in `job.data`; a `telemetry` option of the application goes
 * before. Main thread; loaded with the library.
 */
import { activeContext, runIn } from '../active-context.js';
import { leaveContext } from '../caller-context.js';
import { type AnyFunction, patchIfPresent, patchMethod } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { wrapGetNextJob, wrapMove } from './bullmq-fetch.js';
import { wrapEmit, wrapQuiet, wrapQuietCommand } from './bullmq-quiet.js';
import { REPEATS, type Repeats, Tracing } from './bullmq-tracing.js';
import { BULLMQ } from './manifest.js';
import { Messaging } from './messages.js';

/** For a method that adds a job of a schedule. */
function wrapRepeating(original: AnyFunction, repeatsOf: (parameters: unknown[]) => Repeats | undefined): AnyFunction {
  return function add(this: unknown, ...parameters: unknown[]): unknown {
    const repeats = repeatsOf(parameters);
    if (repeats === undefined) return original.apply(this, parameters);
    const context = activeContext().setValue(REPEATS, repeats);
    return runIn(context, original, this, parameters);
  };
}

/** `add(name, data, options)` */
function repeatsOfAdd([, , options]: unknown[]): Repeats | undefined {
  return (options as { repeat?: unknown } | null | undefined)?.repeat ? 'first' : undefined;
}

/** `upsertJobScheduler(id, repeat, name, data, options, { override })` */
function repeatsOfScheduler(parameters: unknown[]): Repeats {
  return (parameters[5] as { override?: unknown } | undefined)?.override === false ? 'next' : 'first';
}

type Prototypes = Readonly<Record<string, { readonly prototype?: object } | undefined>>;

function prototypeOf(exports: unknown, name: string): object {
  const prototype = (exports as Prototypes)[name]?.prototype;
  if (prototype === undefined) throw new TypeError(`no class ${name}`);
  return prototype;
}

const FOLDER = 'dist/cjs/classes';

/** By the file that has them. */
function patchesOf(tracing: Tracing): Record<string, (exports: unknown) => void> {
  const patchTrace = (exports: unknown): void => {
    const { trace } = exports as { trace?: { length: number } };
    if (trace?.length !== 7) throw new TypeError('no trace function of the known kind');
    patchMethod(exports as object, 'trace', (original) => tracing.wrapTrace(original));
  };
  const patchCommands = (name: string, methods: readonly string[]) => (exports: unknown) => {
    const prototype = prototypeOf(exports, name);
    patchIfPresent(prototype, 'execCommand', wrapQuietCommand);
    for (const method of methods) patchIfPresent(prototype, method, wrapQuiet);
  };
  const { messaging } = tracing;
  return {
    'dist/cjs/utils/index.js': patchTrace,
    'dist/cjs/utils.js': patchTrace,
    [`${FOLDER}/queue.js`](exports) {
      const prototype = prototypeOf(exports, 'Queue');
      patchMethod(prototype, 'add', (original) => wrapRepeating(original, repeatsOfAdd));
      patchIfPresent(prototype, 'emit', wrapEmit);
    },
    [`${FOLDER}/job-scheduler.js`](exports) {
      const prototype = prototypeOf(exports, 'JobScheduler');
      patchMethod(prototype, 'upsertJobScheduler', (original) => wrapRepeating(original, repeatsOfScheduler));
    },
    [`${FOLDER}/worker.js`](exports) {
      const prototype = prototypeOf(exports, 'Worker');
      patchMethod(prototype, 'callProcessJob', (original) => tracing.wrapCallProcessJob(original));
      patchMethod(prototype, 'run', leaveContext);
      patchIfPresent(prototype, 'waitForJob', wrapQuiet);
      patchMethod(prototype, 'getNextJob', (original) => wrapGetNextJob(original, messaging));
    },
    [`${FOLDER}/job.js`](exports) {
      const prototype = prototypeOf(exports, 'Job');
      for (const name of ['moveToCompleted', 'moveToFailed']) {
        patchMethod(prototype, name, (original) => wrapMove(original, messaging));
      }
    },
    [`${FOLDER}/queue-events.js`](exports) {
      const prototype = prototypeOf(exports, 'QueueEvents');
      patchIfPresent(prototype, 'run', (original) => leaveContext(wrapQuiet(original)));
      patchIfPresent(prototype, 'emit', leaveContext);
    },
    [`${FOLDER}/scripts.js`]: patchCommands('Scripts', []),
    [`${FOLDER}/redis-queue-backend.js`]: patchCommands('RedisQueueBackend', ['waitForJob']),
    [`${FOLDER}/redis-connection.js`]: patchCommands('RedisConnection', ['init']),
  };
}

export const create: CreateInstrumentation = (context) => {
  const { module, versions } = BULLMQ;
  const patches = patchesOf(new Tracing(new Messaging('bullmq', BULLMQ.scope, context)));
  return {
    targets: Object.entries(patches).map(([file, patch]) => ({
      module,
      file,
      versions,
      patch(exports) {
        patch(exports);
        return exports;
      },
    })),
  };
};
