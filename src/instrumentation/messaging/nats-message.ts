/** What is read of a message of NATS: a plain one, or one of JetStream, which has a plain one inside. */
import { type Attributes, propagation, ROOT_CONTEXT, type TextMapGetter } from '@opentelemetry/api';
import { MESSAGING_CONSUMER_GROUP_NAME, MESSAGING_MESSAGE_ID } from '../semconv.js';
import type { Arrival } from './asking.js';
import type { Delivery, Destination, Messaging } from './messages.js';

export interface Headers extends Iterable<[name: string, values: string[]]> {
  get(name: string): string;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  keys(): string[];
}

interface Message {
  readonly subject: string;
  readonly headers?: Headers | undefined;
  /** Of JetStream. */
  readonly msg?: object;
  readonly info?: { readonly stream?: string; readonly consumer?: string; readonly streamSequence?: number };
}

const isPlain = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && '_msg' in value && '_rdata' in value;

/** By its fields: the classes are not exported, and an application may have several releases. */
function isMessage(value: unknown): value is Message {
  // Replies belong to who has asked, and go on there.
  if (isPlain(value)) return !(value as Message).subject.startsWith('_INBOX.');
  if (typeof value !== 'object' || value === null || !('didAck' in value)) return false;
  // Entries of the key-value and object stores, which the library reads for itself.
  const { msg, subject } = value as unknown as Message;
  return isPlain(msg) && !/^\$(KV|O)\./.test(subject);
}

const getter: TextMapGetter<Headers | undefined> = {
  keys: (headers) => headers?.keys() ?? [],
  get(headers, name) {
    // Go's carriers write `Traceparent`.
    const given = headers?.keys().find((key) => key.toLowerCase() === name);
    return given === undefined ? undefined : headers?.get(given);
  },
};

/** Subjects have ids in them; what was subscribed to has not, and neither have the names of streams. */
function describe(operation: string, message: Message, subscription: string | undefined): Destination {
  const { subject } = message;
  if (message.msg === undefined) return { operation, name: subject, template: subscription };
  const { stream, consumer, streamSequence } = message.info ?? {};
  const attributes: Attributes = {};
  if (consumer !== undefined) attributes[MESSAGING_CONSUMER_GROUP_NAME] = consumer;
  if (stream !== undefined && streamSequence !== undefined) {
    attributes[MESSAGING_MESSAGE_ID] = `${stream}:${streamSequence}`;
  }
  return { operation, name: subject, template: stream, attributes };
}

/** Undefined for what is no message; never throws. */
export function deliver(messaging: Messaging, value: unknown, subscription?: string): Delivery | undefined {
  const { faults } = messaging;
  if (faults.isDisabled) return undefined;
  try {
    if (!isMessage(value)) return undefined;
    return messaging.receive(value.headers, () => describe('process', value, subscription), getter);
  } catch (error) {
    faults.record(error);
    return undefined;
  }
}

/** Undefined for what is no message. */
export function arrivalOf(value: unknown): Arrival | undefined {
  if (!isMessage(value)) return undefined;
  const producer = propagation.extract(ROOT_CONTEXT, value.headers, getter);
  return { destination: describe('receive', value, undefined), producer };
}
