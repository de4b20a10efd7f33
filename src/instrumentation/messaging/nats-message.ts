/** What is read of a message of NATS: a plain one, or one of JetStream, which has a plain one inside. */
import type { Attributes } from '@opentelemetry/api';
import { MESSAGING_CONSUMER_GROUP_NAME, MESSAGING_MESSAGE_ID } from '../semconv.js';
import type { Destination } from './messages.js';

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
export function isMessage(value: unknown): value is Message {
  // Replies belong to who has asked, and go on there.
  if (isPlain(value)) return !(value as Message).subject.startsWith('_INBOX.');
  if (typeof value !== 'object' || value === null || !('didAck' in value)) return false;
  // Entries of the key-value and object stores, which the library reads for itself.
  const { msg, subject } = value as unknown as Message;
  return isPlain(msg) && !/^\$(KV|O)\./.test(subject);
}

export function headersOf({ headers }: Message): Headers | undefined {
  return headers;
}

/** Subjects have ids in them; what was subscribed to has not. */
export function describeMessage(message: Message, subscription: string | undefined): Destination {
  const { subject } = message;
  if (message.msg === undefined) return { operation: 'process', name: subject, template: subscription };
  const { stream, consumer, streamSequence } = message.info ?? {};
  const attributes: Attributes = {};
  if (consumer !== undefined) attributes[MESSAGING_CONSUMER_GROUP_NAME] = consumer;
  if (stream !== undefined && streamSequence !== undefined) {
    attributes[MESSAGING_MESSAGE_ID] = `${stream}:${streamSequence}`;
  }
  return { operation: 'process', name: subject, template: subscription ?? stream, attributes };
}
