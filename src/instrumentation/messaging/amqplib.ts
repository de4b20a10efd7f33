/**
 * RabbitMQ's `get()`, which the official instrumentation of amqplib leaves alone: a span `receive` for a message that has
 * come, linked to its producer. Main thread; loaded with the library.
 */
import { type Attributes, propagation, ROOT_CONTEXT } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import { bindTo } from '../caller-context.js';
import { joinedDestination } from '../message-words.js';
import { type AnyFunction, copyShape, patchMethod } from '../patch.js';
import {
  MESSAGING_MESSAGE_CONVERSATION_ID,
  MESSAGING_MESSAGE_ID,
  MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY,
  SERVER_ADDRESS,
  SERVER_PORT,
} from '../semconv.js';
import type { CreateInstrumentation } from '../types.js';
import type { Arrival, Asking, AskRules } from './asking.js';
import { AMQPLIB } from './manifest.js';
import { type Destination, Messaging } from './messages.js';

interface Message {
  readonly fields?: { readonly exchange?: string; readonly routingKey?: string };
  readonly properties?: {
    readonly headers?: object | undefined;
    readonly messageId?: string | undefined;
    readonly correlationId?: string | undefined;
  };
}

interface Channel {
  readonly connection: object;
}

/** Where the official instrumentation notes down what it has learnt from the URL. */
const OF_CONNECTION = 'opentelemetry.amqplib.connection.attributes';

function serverOf({ connection }: Channel): Attributes {
  const key = Object.getOwnPropertySymbols(connection).find(({ description }) => description === OF_CONNECTION);
  if (key === undefined) return {};
  const known = (connection as Record<symbol, Attributes>)[key] ?? {};
  return { [SERVER_ADDRESS]: known[SERVER_ADDRESS], [SERVER_PORT]: known[SERVER_PORT] };
}

function arrivalOf(message: Message, queue: string, channel: Channel): Arrival {
  const { exchange, routingKey } = message.fields ?? {};
  const { headers, messageId, correlationId } = message.properties ?? {};
  const destination: Destination = {
    operation: 'receive',
    name: joinedDestination(exchange, routingKey, queue),
    title: queue,
    attributes: {
      [MESSAGING_RABBITMQ_DESTINATION_ROUTING_KEY]: routingKey,
      [MESSAGING_MESSAGE_ID]: messageId,
      [MESSAGING_MESSAGE_CONVERSATION_ID]: correlationId,
      ...serverOf(channel),
    },
  };
  return { destination, producer: propagation.extract(ROOT_CONTEXT, headers ?? {}) };
}

function rulesFor(channel: Channel, queue: string): AskRules {
  return {
    // `false` when the queue is empty.
    arrivalOf: (value) => (value ? arrivalOf(value as Message, queue, channel) : undefined),
    failedAt: () => ({ operation: 'receive', name: queue, attributes: serverOf(channel) }),
  };
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

function wrapCallback(original: AnyFunction, asking: Asking): AnyFunction {
  const callback = function callback(this: unknown, ...parameters: unknown[]): unknown {
    const [error, message] = parameters;
    if (error) asking.fail(error);
    else asking.end(message);
    return original.apply(this, parameters);
  };
  copyShape(callback, original);
  return callback;
}

function wrapGet(original: AnyFunction, messaging: Messaging): AnyFunction {
  const ask = (channel: Channel, queue: unknown): Asking | undefined => {
    try {
      return messaging.ask(rulesFor(channel, String(queue)));
    } catch (error) {
      messaging.faults.record(error);
      return undefined;
    }
  };
  return function get(this: Channel, ...parameters: unknown[]): unknown {
    const asking = ask(this, parameters[0]);
    if (asking === undefined) return original.apply(this, parameters);
    const [queue, options, callback, ...rest] = parameters;
    if (typeof callback === 'function') {
      const own = wrapCallback(bindTo(activeContext(), callback as AnyFunction), asking);
      return original.call(this, queue, options, own, ...rest);
    }
    const result: unknown = original.apply(this, parameters);
    // Older releases give promises that are not Node's.
    return isThenable(result) ? asking.follow(result) : result;
  };
}

export const create: CreateInstrumentation = (context) => {
  const messaging = new Messaging('amqplib', AMQPLIB.scope, context, 'rabbitmq');
  const { module, versions } = AMQPLIB;
  const patch = (exports: unknown): unknown => {
    const { prototype } = (exports as { Channel: { prototype: object } }).Channel;
    patchMethod(prototype, 'get', (original) => wrapGet(original, messaging));
    return exports;
  };
  const files = ['lib/channel_model.js', 'lib/callback_model.js'];
  return { targets: files.map((file) => ({ module, file, versions, patch })) };
};
