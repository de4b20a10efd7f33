/**
 * Commands of node-redis whose entries carry the context: an XADD is sent with further fields, which are taken out of
 * replies again before the client makes anything of them. Arguments of the application are copied, replies are the
 * client's own. Only with OTEL_NODE_REDIS_STREAM_CONTEXT; other commands go the way they go without it.
 */
import type { Span } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import { ContextWithSpan } from '../context.js';
import type { AnyFunction } from '../patch.js';
import { callOf } from './calls.js';
import {
  beginBatch,
  beginCommand,
  follow,
  type QueuedCommand,
  type RedisClient,
  send,
  wrapBatch,
  wrapSendCommand,
} from './client.js';
import { firstErrorOf } from './errors.js';
import { batchCall, clientOf, isPartOfBatch, wrapAddCommand, wrapMultiExecutor } from './queue.js';
import { type Follower, roleOf, type StreamTracing } from './stream-tracing.js';
import type { BatchMode } from './tracing.js';

type Args = readonly unknown[];
type Send<Sent> = (sent: Sent) => Promise<unknown>;

/** What one call does; `change` says what is sent in the place of what was given. */
interface Steps<Sent> {
  readonly given: Sent;
  readonly hasSeveral: boolean;
  begin(): Span | undefined;
  change(given: Sent, context: ReturnType<typeof activeContext>): Sent;
  send: Send<Sent>;
  settle(follower: Follower | undefined, reply: unknown): void;
  errorOf?(reply: unknown): unknown;
}

function trace<Sent>(tracing: StreamTracing, steps: Steps<Sent>): Promise<unknown> {
  const { given, hasSeveral } = steps;
  const context = activeContext();
  // Of a cluster, which has the span.
  const call = callOf(context);
  let span: Span | undefined;
  let sent = given;
  try {
    if (!tracing.faults.isDisabled) {
      span = steps.begin();
      const own = span ?? call?.span;
      sent = steps.change(given, own === undefined ? context : new ContextWithSpan(context, own));
    }
  } catch (error) {
    tracing.faults.record(error);
  }
  const settle = (reply: unknown): unknown => {
    steps.settle(span === undefined ? call : { span, hasSeveral }, reply);
    return steps.errorOf?.(reply);
  };
  if (span !== undefined) return follow(send(steps.send, steps, [sent], span, tracing), span, tracing, false, settle);
  return steps.send(sent).then((reply) => {
    settle(reply);
    return reply;
  });
}

function traceCommand(
  tracing: StreamTracing,
  given: Args,
  begin: () => Span | undefined,
  send: Send<Args>,
): Promise<unknown> {
  const name = String(given[0]);
  return trace(tracing, {
    given,
    hasSeveral: false,
    begin,
    change: (args, context) => tracing.carry(name, args, 1, context),
    send,
    settle: (follower, reply) => tracing.settle(follower, name, given, 1, reply),
  });
}

const hasRole = ({ args }: QueuedCommand): boolean => roleOf(args[0]) !== undefined;

interface BatchSteps {
  readonly commands: readonly QueuedCommand[];
  /** Without those that only make it a transaction. */
  readonly counted: readonly QueuedCommand[];
  begin(): Span | undefined;
  send: Send<readonly QueuedCommand[]>;
  /** Those of what is counted, in its order. */
  repliesIn(result: unknown): unknown;
  errorOf(result: unknown): unknown;
}

function traceBatch(tracing: StreamTracing, steps: BatchSteps): Promise<unknown> {
  const { commands, counted } = steps;
  const hasSeveral = counted.length > 1;
  return trace(tracing, {
    given: commands,
    hasSeveral,
    begin: steps.begin,
    change: (given, context) =>
      given.map((command) => {
        const args = tracing.carry(String(command.args[0]), command.args, 1, context);
        return args === command.args ? command : { ...command, args };
      }),
    send: steps.send,
    settle(follower, result) {
      const replies = steps.repliesIn(result);
      if (!Array.isArray(replies)) return;
      for (const [index, { args }] of counted.entries()) {
        tracing.settle(follower, String(args[0]), args, 1, (replies as unknown[])[index]);
      }
    },
    errorOf: steps.errorOf,
  });
}

/** Wraps `sendCommand` of redis 5 and 6. */
export function wrapStreamSendCommand(original: AnyFunction, tracing: StreamTracing): AnyFunction {
  const plain = wrapSendCommand(original, tracing);
  return function sendCommand(this: RedisClient, args: Args, ...rest: unknown[]) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (roleOf(args?.[0]) === undefined) return plain.apply(this, arguments as unknown as unknown[]);
    const begin = (): Span | undefined => beginCommand(this, args, tracing);
    return traceCommand(tracing, args, begin, (sent) => original.call(this, sent, ...rest));
  };
}

/** Wraps `_executeMulti` or `_executePipeline` of redis 5 and 6. */
export function wrapStreamBatch(original: AnyFunction, mode: BatchMode, tracing: StreamTracing): AnyFunction {
  const plain = wrapBatch(original, mode, tracing);
  return function executeBatch(this: RedisClient, commands: readonly QueuedCommand[], ...rest: unknown[]) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (!commands.some(hasRole)) return plain.apply(this, arguments as unknown as unknown[]);
    return traceBatch(tracing, {
      commands,
      counted: commands,
      begin: () => beginBatch(this, mode, commands, tracing),
      send: (sent) => original.call(this, sent, ...rest),
      repliesIn: (result) => result,
      errorOf: firstErrorOf,
    });
  };
}

/** Wraps `addCommand` of the queue of redis 4. */
export function wrapStreamAddCommand(original: AnyFunction, tracing: StreamTracing): AnyFunction {
  const plain = wrapAddCommand(original, tracing);
  return function addCommand(this: object, args: Args, ...rest: unknown[]) {
    if (roleOf(args[0]) === undefined || isPartOfBatch(rest[0])) {
      // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
      return plain.apply(this, arguments as unknown as unknown[]);
    }
    const begin = (): Span | undefined => beginCommand(clientOf(this), args, tracing);
    return traceCommand(tracing, args, begin, (sent) => original.call(this, sent, ...rest));
  };
}

/** Wraps `multiExecutor` of redis 4. */
export function wrapStreamMultiExecutor(original: AnyFunction, tracing: StreamTracing): AnyFunction {
  const plain = wrapMultiExecutor(original, tracing);
  return function multiExecutor(this: RedisClient, commands: readonly QueuedCommand[], ...rest: unknown[]) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (!commands.some(hasRole)) return plain.apply(this, arguments as unknown as unknown[]);
    const call = batchCall(commands, rest, (sent) => original.call(this, sent, ...rest));
    const { mode, counted, run, repliesIn, errorOf } = call;
    const begin = (): Span | undefined => beginBatch(this, mode, counted, tracing);
    return traceBatch(tracing, { commands, counted, begin, send: run, repliesIn, errorOf });
  };
}
