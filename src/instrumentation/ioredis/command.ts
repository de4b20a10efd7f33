/**
 * The span of one command of ioredis, tied to the object that the command is from its call to its reply: it comes by
 * again when it waited offline, when it is sent anew after a reconnect, and on each node of a cluster that it is
 * redirected to. Its own `resolve` and `reject` tell of its end, so no promise is touched. Hot path.
 *
 *   Cluster.sendCommand() ─ tie ─► Redis.sendCommand() ─► written ─► reply ─► command.resolve(): end of the span
 *                                     ▲    with the node it goes to         │
 *                                     └────────────── MOVED, ASK ◄──────────┘  the cluster's own reject() is first
 */
import type { Context } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import { DRIVER_CONTEXT } from '../driver-context.js';
import { createTie } from '../operation.js';
import type { AnyFunction } from '../patch.js';
import { commandOf } from '../redis/commands.js';
import { serverCodeOf } from '../redis/errors.js';
import { Operation } from '../redis/operation.js';
import type { RedisTracing } from '../redis/tracing.js';
import { type Command, endpointOf, isScript, type Redis } from './client.js';
import { movePipeline } from './pipeline.js';

/** Null: nothing is recorded, whenever the command comes by. */
export const operations = createTie<Operation | null>();

function endWithReply(command: Command, operation: Operation): void {
  const { resolve, reject } = command;
  command.resolve = function resolveCommand(this: unknown, ...parameters: unknown[]) {
    operation.end();
    return resolve.apply(this, parameters);
  };
  command.reject = function rejectCommand(this: unknown, ...parameters: unknown[]) {
    const [error] = parameters;
    if (isScript(command) && serverCodeOf(error) === 'NOSCRIPT') operation.endRepeated(error);
    else operation.end(error);
    return reject.apply(this, parameters);
  };
}

/** What opens a connection, keeps it and closes it. */
function isHousekeeping({ name }: Command, context: Context): boolean {
  return name === 'quit' || (context === DRIVER_CONTEXT && commandOf(name).isHousekeeping);
}

/** Undefined when there is nothing to do for the command; remembers it in any case. */
function begin(command: Command, tracing: RedisTracing): Operation | undefined {
  const context = activeContext();
  if (tracing.isUnsampled(context) || isHousekeeping(command, context)) {
    operations.set(command, null);
    return undefined;
  }
  const operation = new Operation(tracing, context);
  operations.set(command, operation);
  return operation;
}

function attempt(command: Command, redis: Redis, tracing: RedisTracing): void {
  const known = operations.get(command);
  const operation = known === undefined ? begin(command, tracing) : known;
  operation?.attempt(endpointOf(redis), command.name, command.args, 0);
  if (known === undefined && operation?.isRecording) endWithReply(command, operation);
}

export function isCommand(command: Partial<Command> | null | undefined): command is Command {
  return typeof command?.resolve === 'function' && typeof command.name === 'string';
}

/** Wraps `sendCommand` of a client of one server. Commands with a stream are part of a pipeline, which has the span. */
export function wrapSendCommand(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function sendCommand(this: Redis, command: Command, stream?: unknown) {
    if (!tracing.faults.isDisabled) {
      try {
        if (stream !== undefined) movePipeline(this);
        else if (isCommand(command)) attempt(command, this, tracing);
      } catch (error) {
        tracing.faults.record(error);
      }
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

/** Before the cluster puts its own `reject` in front, which does not pass on what is only a redirect. */
function beginInCluster(command: Command, tracing: RedisTracing): Operation | undefined {
  if (operations.get(command) !== undefined) return undefined;
  const operation = begin(command, tracing);
  if (operation !== undefined) endWithReply(command, operation);
  return operation;
}

/** Wraps `sendCommand` of a cluster. The span begins with the node, or without one when none is known yet. */
export function wrapClusterSendCommand(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function sendCommand(this: Redis, command: Command, stream?: unknown) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const parameters = arguments as unknown as unknown[];
    if (tracing.faults.isDisabled || stream !== undefined || !isCommand(command)) {
      return original.apply(this, parameters);
    }
    let operation: Operation | undefined;
    try {
      operation = beginInCluster(command, tracing);
    } catch (error) {
      tracing.faults.record(error);
    }
    const { name, args } = command;
    try {
      return original.apply(this, parameters);
    } finally {
      operation?.attemptAnywhere(name, args, 0);
    }
  };
}
