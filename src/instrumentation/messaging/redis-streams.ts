/**
 * Redis streams whose entries carry the context: what is added to an XADD, what is taken out of a reply, and what their
 * spans say besides what those of all commands do. For the instrumentations of node-redis and ioredis; loaded only with
 * OTEL_NODE_REDIS_STREAM_CONTEXT.
 */
import {
  type Attributes,
  type Context,
  type Link,
  propagation,
  ROOT_CONTEXT,
  type Span,
  trace,
} from '@opentelemetry/api';
import type { AgentConfig } from '../../config/types.js';
import {
  MESSAGING_BATCH_MESSAGE_COUNT,
  MESSAGING_CONSUMER_GROUP_NAME,
  MESSAGING_DESTINATION_NAME,
  MESSAGING_MESSAGE_ID,
  MESSAGING_OPERATION_NAME,
  MESSAGING_OPERATION_TYPE,
  MESSAGING_SYSTEM,
} from '../semconv.js';
import { type Entry, fieldsOf, getter, hasField, nameOf, takeEntries, withFields } from './redis-entries.js';

/** A name that things have, too. */
const BAGGAGE = 'baggage';
const RECEIVE = 'receive';

/** `name` in capitals; `first` is the position of the first argument behind it. */
export interface StreamCommand {
  readonly name: string;
  readonly args: readonly unknown[];
  readonly first: 0 | 1;
}

/** What of an XADD may be carried: its fields begin there. */
function roomOf({ args, first }: StreamCommand): number | undefined {
  const fields = fieldsOf(args, first);
  if (fields === undefined) return undefined;
  // The application carries a context itself.
  const taken = propagation.fields().filter((name) => name !== BAGGAGE);
  return hasField(args, fields, taken) ? undefined : fields;
}

/** The arguments of an XADD with the context as further fields; as they are where nothing may be added. */
function carry(command: StreamCommand, context: Context): readonly unknown[] {
  const fields = roomOf(command);
  if (fields === undefined) return command.args;
  const carrier: Record<string, string> = {};
  propagation.inject(context, carrier);
  if (carrier[BAGGAGE] !== undefined && hasField(command.args, fields, [BAGGAGE])) delete carrier[BAGGAGE];
  return withFields(command.args, carrier);
}

/** What the span of an XADD says; undefined when its entry carries nothing. */
function describeSending(command: StreamCommand, operation: string): Attributes | undefined {
  if (roomOf(command) === undefined) return undefined;
  return {
    [MESSAGING_SYSTEM]: 'redis',
    [MESSAGING_OPERATION_NAME]: operation,
    [MESSAGING_OPERATION_TYPE]: 'send',
    [MESSAGING_DESTINATION_NAME]: nameOf(command.args[command.first]),
  };
}

/** The reply to an XADD. */
function describeSent(span: Span, reply: unknown): void {
  const id = reply instanceof Uint8Array ? nameOf(reply) : reply;
  // In a transaction the reply is that it waits.
  if (typeof id === 'string' && /^\d+-\d+$/.test(id)) span.setAttribute(MESSAGING_MESSAGE_ID, id);
}

/** `XREADGROUP GROUP workers one ...`, `XCLAIM orders workers ...` */
function groupOf({ name, args, first }: StreamCommand): string | undefined {
  if (name === 'XREAD') return undefined;
  return nameOf(args[first + 1]);
}

export type { Entry };

export class RedisStreams {
  readonly carry = carry;
  readonly describeSending = describeSending;
  readonly describeSent = describeSent;
  readonly #maxLinks: number;

  constructor({ limits }: AgentConfig) {
    this.#maxLinks = limits.span.linkCountLimit;
  }

  /** Takes out of a reply what was added to its entries, which go into `entries` if anybody wants them. */
  take({ name, args, first }: StreamCommand, reply: unknown, entries?: Entry[]): void {
    takeEntries(name, args, first, reply, entries);
  }

  /** Of all that several commands have brought, or of one. */
  link(span: Span, entries: readonly Entry[]): void {
    const links = this.#linksTo(entries);
    if (links.length > 0) span.addLinks(links);
  }

  /** Makes the span of a command that has brought entries one that has received them. */
  describeReceived(span: Span, command: StreamCommand, entries: readonly Entry[]): void {
    const streams = new Set(entries.map(({ stream }) => stream));
    const [name] = streams;
    const attributes: Attributes = {
      [MESSAGING_SYSTEM]: 'redis',
      [MESSAGING_OPERATION_NAME]: RECEIVE,
      [MESSAGING_OPERATION_TYPE]: RECEIVE,
    };
    const group = groupOf(command);
    if (group !== undefined) attributes[MESSAGING_CONSUMER_GROUP_NAME] = group;
    if (streams.size === 1) attributes[MESSAGING_DESTINATION_NAME] = name;
    if (entries.length === 1) attributes[MESSAGING_MESSAGE_ID] = entries[0]?.id;
    else attributes[MESSAGING_BATCH_MESSAGE_COUNT] = entries.length;
    span.setAttributes(attributes);
    span.updateName(streams.size === 1 ? `${RECEIVE} ${name}` : RECEIVE);
    this.link(span, entries);
  }

  #linksTo(entries: readonly Entry[]): Link[] {
    const links: Link[] = [];
    for (const { stream, id, fields } of entries) {
      if (links.length >= this.#maxLinks) break;
      const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, fields, getter));
      const attributes = { [MESSAGING_DESTINATION_NAME]: stream, [MESSAGING_MESSAGE_ID]: id };
      if (context !== undefined) links.push({ context, attributes });
    }
    return links;
  }
}
