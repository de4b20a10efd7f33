/**
 * Spans of Redis commands where entries of streams carry the context (OTEL_NODE_REDIS_STREAM_CONTEXT): that of an XADD is
 * its producer's, and that of a command which has brought entries is linked to theirs. Without the setting nothing of
 * this is in use. Hot path: a command is told from others by its name.
 */
import { type Attributes, type Context, type Span, SpanKind } from '@opentelemetry/api';
import type { Entry, RedisStreams, StreamCommand } from '../messaging/redis-streams.js';
import { DB_OPERATION_NAME, MESSAGING_BATCH_MESSAGE_COUNT, MESSAGING_DESTINATION_NAME } from '../semconv.js';
import type { InstrumentationContext } from '../types.js';
import type { Endpoint } from './endpoint.js';
import type { CommandView } from './query-text.js';
import { batchAttributes, RedisTracing } from './tracing.js';

/** `browse`: shows entries to somebody who need not be a consumer. */
type Role = 'send' | 'receive' | 'browse';

const ROLES = new Map<string, Role>([
  ['XADD', 'send'],
  ['XREADGROUP', 'receive'],
  ['XREAD', 'receive'],
  ['XCLAIM', 'receive'],
  ['XAUTOCLAIM', 'receive'],
  ['XRANGE', 'browse'],
  ['XREVRANGE', 'browse'],
]);

const LETTER_X = 0x78;
const TO_LOWER_CASE = 0x20;

/** Undefined for what has nothing to do with entries of streams. */
export function roleOf(name: unknown): Role | undefined {
  if (typeof name !== 'string' || (name.charCodeAt(0) | TO_LOWER_CASE) !== LETTER_X) return undefined;
  return ROLES.get(name) ?? ROLES.get(name.toUpperCase());
}

const commandIn = (name: string, args: readonly unknown[], first: 0 | 1): StreamCommand => ({
  name: name.toUpperCase(),
  args,
  first,
});

type Messaging = typeof import('../messaging/libraries.js');

/** What of a call gets to know about its reply. */
export interface Follower {
  readonly span: Span | undefined;
  /** Not of one command alone. */
  readonly hasSeveral: boolean;
}

export class StreamTracing extends RedisTracing {
  readonly #streams: RedisStreams;
  /** Spans that have the name of their stream. */
  readonly #named = new WeakSet<Span>();

  constructor(
    name: string,
    scope: string,
    context: InstrumentationContext,
    isCancellation?: (error: unknown) => boolean,
  ) {
    super(name, scope, context, isCancellation);
    this.#streams = (require('../messaging/libraries.js') as Messaging).redisStreams(context.config);
  }

  /** The span of an XADD is given even where it is not recorded: the entry says so to its consumer. */
  override start(
    parent: Context,
    to: Endpoint,
    name: string,
    args: readonly unknown[],
    first: 0 | 1,
  ): Span | undefined {
    const sending = this.#sendingOf(name, args, first);
    if (sending === undefined) return super.start(parent, to, name, args, first);
    const attributes = { ...to.attributes, [DB_OPERATION_NAME]: name, ...sending };
    const options = { kind: SpanKind.PRODUCER, attributes };
    const span = this.tracer.startSpan(`${name} ${sending[MESSAGING_DESTINATION_NAME]}`, options, parent);
    this.#named.add(span);
    return span.isRecording() ? this.describe(span, name, args, first) : span;
  }

  override startBatch<C>(
    parent: Context,
    to: Endpoint,
    operation: string,
    commands: readonly C[],
    view: CommandView<C>,
  ): Span | undefined {
    const sendings: Attributes[] = [];
    for (const command of commands) {
      const sending = this.#sendingOf(view.name(command), view.args(command), view.first);
      if (sending !== undefined) sendings.push(sending);
    }
    if (sendings.length === 0 || commands.length === 1) return super.startBatch(parent, to, operation, commands, view);
    const attributes = batchAttributes(to, operation, commands);
    const isSending = sendings.length === commands.length;
    const options = isSending
      ? { kind: SpanKind.PRODUCER, attributes: { ...attributes, ...joined(sendings) } }
      : { kind: SpanKind.CLIENT, attributes };
    const span = this.tracer.startSpan(to.nameOf(operation), options, parent);
    return span.isRecording() ? this.describeBatch(span, commands, view) : span;
  }

  #sendingOf(name: string, args: readonly unknown[], first: 0 | 1): Attributes | undefined {
    if (roleOf(name) !== 'send') return undefined;
    return this.#streams.describeSending(commandIn(name, args, first), name);
  }

  override move(span: Span, to: Endpoint, operation: string): void {
    super.move(span, to, operation, !this.#named.has(span));
  }

  /** The arguments to send: those of an XADD with the context, others as they are. */
  carry(name: string, args: readonly unknown[], first: 0 | 1, context: Context): readonly unknown[] {
    return roleOf(name) === 'send' ? this.#streams.carry(commandIn(name, args, first), context) : args;
  }

  /**
   * Takes out of a reply what its entries carry, and tells the span of the call what has come. To be called before the span
   * ends; a second call finds nothing. Never throws.
   */
  settle(follower: Follower | undefined, name: string, args: readonly unknown[], first: 0 | 1, reply: unknown): void {
    const role = roleOf(name);
    if (role === undefined) return;
    try {
      const command = commandIn(name, args, first);
      const span = follower?.span;
      if (role === 'send') {
        if (span !== undefined && follower?.hasSeveral === false) this.#streams.describeSent(span, reply);
        return;
      }
      if (span === undefined || role === 'browse' || this.faults.isDisabled) {
        this.#streams.take(command, reply);
        return;
      }
      const entries: Entry[] = [];
      this.#streams.take(command, reply, entries);
      if (entries.length === 0) return;
      if (follower?.hasSeveral === true) this.#streams.link(span, entries);
      else this.#streams.describeReceived(span, command, entries);
    } catch (error) {
      this.faults.record(error);
    }
  }
}

/** Of several XADDs. */
function joined(sendings: readonly Attributes[]): Attributes {
  const [first = {}] = sendings;
  const { [MESSAGING_DESTINATION_NAME]: name, ...others } = first;
  const isSame = sendings.every((sending) => sending[MESSAGING_DESTINATION_NAME] === name);
  return {
    ...others,
    [MESSAGING_BATCH_MESSAGE_COUNT]: sendings.length,
    ...(isSame && { [MESSAGING_DESTINATION_NAME]: name }),
  };
}

/** What both instrumentations make. */
export function createTracing(
  name: string,
  scope: string,
  context: InstrumentationContext,
  isCancellation?: (error: unknown) => boolean,
): RedisTracing {
  const Tracing = context.config.carriesRedisStreamContext ? StreamTracing : RedisTracing;
  return new Tracing(name, scope, context, isCancellation);
}
