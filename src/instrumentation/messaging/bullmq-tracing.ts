/**
 * The span of an `add` and of an attempt at a job: what takes the place of BullMQ's own telemetry, which knows where both
 * begin and end. Main thread; loaded with the library.
 */
import { type Attributes, createContextKey, SpanKind } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import type { AnyFunction } from '../patch.js';
import { MESSAGING_BATCH_MESSAGE_COUNT, MESSAGING_MESSAGE_ID } from '../semconv.js';
import { carrierOf, describeJob, isControlFlow, JOB_NAME, type Job, metadataOf } from './bullmq-job.js';
import { quietly } from './bullmq-quiet.js';
import type { Delivery, Destination, Messaging, Sending } from './messages.js';

/** How a job is added that comes again and again: by the application, or by BullMQ for the next time. */
export type Repeats = 'first' | 'next';
/** No trace may grow with such a job. */
export const REPEATS = createContextKey('trace-agent bullmq repeats');
/** The flow that is added, for each of its jobs. */
const SENDING = createContextKey('trace-agent bullmq sending');
/** The delivery of the job that is worked on, from BullMQ's `process` to the processor of the application. */
export const DELIVERY = createContextKey('trace-agent bullmq delivery');

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

export class Tracing {
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
