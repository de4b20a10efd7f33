/**
 * BullMQ 5 and 6: a span for each `add` and for each attempt at a job. The context travels where BullMQ keeps it for its
 * own telemetry (`opts.telemetry.metadata` of a job), never in `job.data`; a `telemetry` option of the application goes
 * before. What BullMQ says to Redis is its own business and makes no spans. Main thread; loaded with the library.
 */
import { type Attributes, type Context, createContextKey, SpanKind } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { leaveContext } from '../caller-context.js';
import { suppress } from '../context.js';
import { type AnyFunction, patchIfPresent, patchMethod } from '../patch.js';
import { MESSAGING_BATCH_MESSAGE_COUNT, MESSAGING_MESSAGE_ID } from '../semconv.js';
import type { CreateInstrumentation } from '../types.js';
import { BULLMQ } from './manifest.js';
import { type Delivery, type Destination, Messaging, type Sending } from './messages.js';

/** How a job is added that comes again and again: by the application, or by BullMQ for the next time. */
type Repeats = 'first' | 'next';
/** No trace may grow with such a job. */
const REPEATS = createContextKey('trace-agent bullmq repeats');
/** The flow that is added, for each of its jobs. */
const SENDING = createContextKey('trace-agent bullmq sending');
/** What was active before BullMQ talked to Redis, for the listeners that it calls meanwhile. */
const OUTER = createContextKey('trace-agent bullmq outer');
/** The delivery of the job that is worked on, from BullMQ's `process` to the processor of the application. */
const DELIVERY = createContextKey('trace-agent bullmq delivery');

type Callback = (span?: unknown, metadata?: string) => unknown;

/** `trace(telemetry, kind, queue, operation, destination, callback, metadata)` of BullMQ, which all operations go through. */
type TraceParameters = [
  telemetry: unknown,
  kind: number,
  queue: string,
  operation: string,
  destination: string,
  callback: Callback,
  metadata: string | undefined,
];

interface Job {
  readonly id?: string | undefined;
  readonly name?: string;
  readonly attemptsMade?: number;
}

const JOB_NAME = 'bullmq.job.name';
const ATTEMPTS_MADE = 'bullmq.job.attempts.made';

function carrierOf(metadata: string | undefined): Record<string, unknown> {
  if (metadata === undefined) return {};
  try {
    const carrier: unknown = JSON.parse(metadata);
    return typeof carrier === 'object' && carrier !== null ? (carrier as Record<string, unknown>) : {};
  } catch {
    // Of a telemetry of somebody else.
    return {};
  }
}

function metadataOf(inject: (carrier: Record<string, string>) => void): string | undefined {
  const carrier: Record<string, string> = {};
  inject(carrier);
  return Object.keys(carrier).length === 0 ? undefined : JSON.stringify(carrier);
}

/** What BullMQ says about its span: the ids of what was added are among it. */
class SpanView {
  readonly #sending: Sending;

  constructor(sending: Sending) {
    this.#sending = sending;
  }

  setAttributes(given: Record<string, unknown>): void {
    const attributes: Attributes = {};
    const id = given['bullmq.job.id'];
    const name = given[JOB_NAME];
    const count = given['bullmq.job.bulk.count'];
    if (typeof id === 'string') attributes[MESSAGING_MESSAGE_ID] = id;
    if (typeof name === 'string') attributes[JOB_NAME] = name;
    if (typeof count === 'number') attributes[MESSAGING_BATCH_MESSAGE_COUNT] = count;
    this.#sending.setAttributes(attributes);
  }
  setAttribute(): void {}
  addEvent(): void {}
  recordException(): void {}
}

const ADDS = new Set(['add', 'addBulk', 'addFlow', 'addBulkFlows']);

class Tracing {
  readonly messaging: Messaging;

  constructor(messaging: Messaging) {
    this.messaging = messaging;
  }

  wrapTrace(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function trace(this: unknown, ...parameters: unknown[]): unknown {
      const [telemetry, kind, queue, operation, , callback, metadata] = parameters as TraceParameters;
      if (telemetry || typeof callback !== 'function') return original.apply(this, parameters);
      const withOwn = (own: Callback): unknown =>
        original.call(this, telemetry, kind, queue, operation, '', own, metadata);
      if (kind === SpanKind.CONSUMER) return tracing.#process(queue, callback, metadata, withOwn);
      if (kind !== SpanKind.PRODUCER) return original.apply(this, parameters);
      if (operation === 'addNode') return tracing.#addNode(callback, withOwn);
      return ADDS.has(operation) ? tracing.#add(queue, operation, callback, withOwn) : original.apply(this, parameters);
    };
  }

  #tryTo<T>(make: () => T): T | undefined {
    if (this.messaging.faults.isDisabled) return undefined;
    try {
      return make();
    } catch (error) {
      this.messaging.faults.record(error);
      return undefined;
    }
  }

  /** BullMQ's own `add`: its parameters decide how it is called by `trace`. */
  #add(queue: string, operation: string, callback: Callback, call: (own: Callback) => unknown): unknown {
    const destination: Destination = { operation, name: queue || 'flow' };
    const repeats = activeContext().getValue(REPEATS) as Repeats | undefined;
    const sending = repeats === 'next' ? undefined : this.#tryTo(() => this.messaging.send(destination));
    if (sending === undefined) return call(callback);
    const metadata =
      repeats === 'first' ? undefined : this.#tryTo(() => metadataOf((carrier) => sending.inject(carrier)));
    const view = sending.isRecording ? new SpanView(sending) : undefined;
    const own = (): unknown =>
      quietly(
        (context) => context.setValue(SENDING, sending),
        () => callback(view, metadata),
      );
    return endWith(
      call(() => sending.run(own)),
      sending,
    );
  }

  /** Part of a flow, which has the span: each of its jobs gets its context. */
  #addNode(callback: Callback, call: (own: Callback) => unknown): unknown {
    const sending = activeContext().getValue(SENDING) as Sending | undefined;
    if (sending === undefined) return call(callback);
    const metadata = this.#tryTo(() => metadataOf((carrier) => sending.inject(carrier)));
    return call(() => callback(undefined, metadata));
  }

  #process(queue: string, callback: Callback, metadata: string | undefined, call: (own: Callback) => unknown): unknown {
    const describe = (): Destination => ({ operation: 'process', name: queue });
    const delivery = this.#tryTo(() => this.messaging.receive(carrierOf(metadata), describe));
    if (delivery === undefined) return call(callback);
    const context = delivery.context.setValue(DELIVERY, delivery);
    const done = (): void => delivery.end();
    const result = call(() => runIn(context, callback, undefined, []));
    // BullMQ's loop waits for it.
    Promise.resolve(result).then(done, done);
    return result;
  }

  /** Around the processor of the application. */
  wrapCallProcessJob(original: AnyFunction): AnyFunction {
    return function callProcessJob(this: unknown, ...parameters: unknown[]): unknown {
      const delivery = activeContext().getValue(DELIVERY) as Delivery | undefined;
      if (delivery === undefined) return original.apply(this, parameters);
      if (delivery.isRecording) delivery.setAttributes(describeJob(parameters[0] as Job));
      const result: unknown = runIn(delivery.context, original, this, parameters);
      if (!delivery.isRecording || !(result instanceof Promise)) return result;
      // BullMQ's loop waits for it.
      result.then(undefined, (error: unknown) => {
        if (!isControlFlow(error)) delivery.fail(error);
      });
      return result;
    };
  }
}

function describeJob({ id, name, attemptsMade }: Job): Attributes {
  const attributes: Attributes = {};
  if (id !== undefined) attributes[MESSAGING_MESSAGE_ID] = id;
  if (name !== undefined) attributes[JOB_NAME] = name;
  if (attemptsMade !== undefined) attributes[ATTEMPTS_MADE] = attemptsMade;
  return attributes;
}

/** Thrown by a processor to say that the job is not done yet. */
const CONTROL_FLOW = new Set(['DelayedError', 'RateLimitError', 'WaitingChildrenError', 'WaitingError']);

function isControlFlow(error: unknown): boolean {
  const { name, message } = (error ?? {}) as { name?: string; message?: string };
  return CONTROL_FLOW.has(name ?? '') || message === 'bullmq:rateLimitExceeded';
}

async function endWith(result: unknown, sending: Sending): Promise<unknown> {
  try {
    const value = await result;
    sending.end();
    return value;
  } catch (error) {
    sending.fail(error);
    sending.end();
    throw error;
  }
}

/** For a method that adds a job of a schedule. */
function wrapRepeating(original: AnyFunction, repeatsOf: (parameters: unknown[]) => Repeats | undefined): AnyFunction {
  return function add(this: unknown, ...parameters: unknown[]): unknown {
    const repeats = repeatsOf(parameters);
    if (repeats === undefined) return original.apply(this, parameters);
    const context = activeContext().setValue(REPEATS, repeats);
    return runIn(context, original, this, parameters);
  };
}

/** Without the spans of what BullMQ says to Redis. */
function quietly<Result>(derive: (context: Context) => Context, run: () => Result): Result {
  const outer = activeContext();
  return runIn(derive(suppress(outer)).setValue(OUTER, outer), run, undefined, []);
}

/** For a method that talks to Redis. */
function wrapQuiet(original: AnyFunction): AnyFunction {
  return function quiet(this: unknown, ...parameters: unknown[]): unknown {
    return quietly(
      (context) => context,
      () => original.apply(this, parameters),
    );
  };
}

/** For `emit`: listeners are the application's. */
function wrapEmit(original: AnyFunction): AnyFunction {
  return function emit(this: unknown, ...parameters: unknown[]): unknown {
    const outer = activeContext().getValue(OUTER) as Context | undefined;
    if (outer === undefined) return original.apply(this, parameters);
    return runIn(outer, original, this, parameters);
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
    for (const method of methods) patchIfPresent(prototype, method, wrapQuiet);
  };
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
    },
    [`${FOLDER}/queue-events.js`](exports) {
      const prototype = prototypeOf(exports, 'QueueEvents');
      patchIfPresent(prototype, 'run', (original) => leaveContext(wrapQuiet(original)));
      patchIfPresent(prototype, 'emit', leaveContext);
    },
    [`${FOLDER}/scripts.js`]: patchCommands('Scripts', ['execCommand']),
    [`${FOLDER}/redis-queue-backend.js`]: patchCommands('RedisQueueBackend', ['execCommand', 'waitForJob']),
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
