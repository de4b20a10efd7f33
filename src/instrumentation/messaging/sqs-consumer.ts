/**
 * sqs-consumer: it has a function for each message, so that a span can be around the work on it, in the trace of its
 * producer; around a batch, linked to all. What carries the context is asked of SQS besides, and taken out of the answer
 * again. Main thread; loaded with the library.
 */
import { type Attributes, createContextKey, propagation, ROOT_CONTEXT, type TextMapGetter } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { removeUnasked } from '../aws-input.js';
import { leaveContext } from '../caller-context.js';
import { type AnyFunction, patchMethod } from '../patch.js';
import { MESSAGING_BATCH_MESSAGE_COUNT, MESSAGING_MESSAGE_ID } from '../semconv.js';
import type { CreateInstrumentation } from '../types.js';
import { SQS_CONSUMER } from './manifest.js';
import { type Delivery, type Destination, Messaging } from './messages.js';

interface Message {
  readonly MessageId?: string;
  readonly MessageAttributes?: MessageAttributes;
}

type MessageAttributes = Readonly<Record<string, { readonly StringValue?: string } | undefined>>;

interface Consumer {
  readonly queueUrl?: unknown;
}

interface Output {
  readonly Messages?: readonly Message[];
}

/** From `processMessage` to the function that calls the application's. */
const DELIVERY = createContextKey('trace-agent sqs-consumer delivery');

const getter: TextMapGetter<MessageAttributes | undefined> = {
  keys: (attributes) => Object.keys(attributes ?? {}),
  get: (attributes, name) => attributes?.[name]?.StringValue,
};

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function destinationOf({ queueUrl }: Consumer, attributes: Attributes): Destination {
  return { operation: 'process', name: String(queueUrl).split('/').at(-1) ?? '', attributes };
}

class Tracing {
  readonly #messaging: Messaging;
  /** What messages carry, as long as the library has them. */
  readonly #carriers = new WeakMap<object, MessageAttributes>();

  constructor(messaging: Messaging) {
    this.#messaging = messaging;
  }

  #tryTo<T>(make: () => T): T | undefined {
    if (this.#messaging.faults.isDisabled) return undefined;
    try {
      return make();
    } catch (error) {
      this.#messaging.faults.record(error);
      return undefined;
    }
  }

  /** `receiveMessage(input)`, with an input that the library makes for each call. */
  wrapReceive(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function receiveMessage(this: unknown, ...parameters: unknown[]): unknown {
      const [input, ...rest] = parameters;
      const names = tracing.#tryTo(() => propagation.fields());
      if (names === undefined || !isObject(input)) return original.apply(this, parameters);
      const { MessageAttributeNames: given } = input as { MessageAttributeNames?: unknown };
      const asked: readonly unknown[] = Array.isArray(given) ? given : [];
      const own = { ...input, MessageAttributeNames: [...new Set([...asked, ...names])] };
      const result: unknown = original.call(this, own, ...rest);
      if (!(result instanceof Promise)) return result;
      return result.then((output: Output | undefined) => {
        tracing.#tryTo(() => tracing.#keep(output?.Messages ?? [], asked));
        return output;
      });
    };
  }

  #keep(messages: readonly Message[], asked: readonly unknown[]): void {
    for (const message of messages) {
      if (message.MessageAttributes !== undefined) this.#carriers.set(message, { ...message.MessageAttributes });
    }
    removeUnasked(messages, asked);
  }

  /** The library catches what the application throws, and then asks for the next messages. */
  wrapProcess(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function processMessage(this: Consumer, ...parameters: unknown[]): unknown {
      const delivery = tracing.#tryTo(() => tracing.#deliver(this, parameters[0] as Message));
      return delivery === undefined
        ? original.apply(this, parameters)
        : runUntilDone(delivery, original, this, parameters);
    };
  }

  #deliver(consumer: Consumer, message: Message): Delivery {
    const attributes: Attributes = {};
    if (message.MessageId !== undefined) attributes[MESSAGING_MESSAGE_ID] = message.MessageId;
    const describe = (): Destination => destinationOf(consumer, attributes);
    return this.#messaging.receive(this.#carriers.get(message), describe, getter);
  }

  wrapProcessBatch(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function processMessageBatch(this: Consumer, ...parameters: unknown[]): unknown {
      const delivery = tracing.#tryTo(() => tracing.#deliverAll(this, parameters[0] as readonly Message[]));
      return delivery === undefined
        ? original.apply(this, parameters)
        : runUntilDone(delivery, original, this, parameters);
    };
  }

  #deliverAll(consumer: Consumer, messages: readonly Message[]): Delivery {
    const producers = messages.map((message) => propagation.extract(ROOT_CONTEXT, this.#carriers.get(message), getter));
    const attributes = { [MESSAGING_BATCH_MESSAGE_COUNT]: messages.length };
    return this.#messaging.receiveAll(producers, destinationOf(consumer, attributes));
  }
}

function runUntilDone(delivery: Delivery, original: AnyFunction, self: unknown, parameters: unknown[]): unknown {
  const done = (): void => delivery.end();
  const result: unknown = runIn(delivery.context.setValue(DELIVERY, delivery), original, self, parameters);
  // The library waits for it.
  Promise.resolve(result).then(done, done);
  return result;
}

/** Around the function of the application. */
function wrapExecute(original: AnyFunction): AnyFunction {
  return function execute(this: unknown, ...parameters: unknown[]): unknown {
    const delivery = activeContext().getValue(DELIVERY) as Delivery | undefined;
    const result: unknown = original.apply(this, parameters);
    if (delivery?.isRecording !== true || !(result instanceof Promise)) return result;
    // The library waits for it, with an error of its own around that of the application.
    result.then(undefined, (error: unknown) => {
      const { cause } = (error ?? {}) as { cause?: unknown };
      delivery.fail(cause instanceof Error ? cause : error);
    });
    return result;
  };
}

export const create: CreateInstrumentation = (context) => {
  const { module, versions, scope } = SQS_CONSUMER;
  const tracing = new Tracing(new Messaging('sqs-consumer', scope, context, 'aws_sqs'));
  const patch = (exports: unknown): unknown => {
    const { prototype } = (exports as { Consumer: { prototype: object } }).Consumer;
    const wraps: Record<string, (original: AnyFunction) => AnyFunction> = {
      // Else all that it ever does belongs to what ran when it was started.
      start: leaveContext,
      receiveMessage: (original) => tracing.wrapReceive(original),
      processMessage: (original) => tracing.wrapProcess(original),
      processMessageBatch: (original) => tracing.wrapProcessBatch(original),
      executeHandler: wrapExecute,
      executeBatchHandler: wrapExecute,
    };
    for (const name of Object.keys(wraps)) {
      if (typeof (prototype as Record<string, unknown>)[name] !== 'function') throw new TypeError(`no ${name}`);
    }
    for (const [name, wrap] of Object.entries(wraps)) patchMethod(prototype, name, wrap);
    return exports;
  };
  return { targets: [{ module, versions, patch }] };
};
