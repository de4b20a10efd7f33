/**
 * Pipelines and transactions of ioredis: one span each, from `exec` to the last reply. A pipeline that ioredis makes of
 * commands that were called one by one (`enableAutoPipelining`) is none of the application's: there each command has its
 * span, in the context it was called in.
 */
import { activeContext } from '../active-context.js';
import { createTie } from '../operation.js';
import type { AnyFunction } from '../patch.js';
import type { Endpoint } from '../redis/endpoint.js';
import { Operation } from '../redis/operation.js';
import type { BatchMode, RedisTracing } from '../redis/tracing.js';
import { COMMANDS, type Command, endpointOf, type Redis } from './client.js';

export interface Pipeline {
  readonly redis: Redis;
  readonly _queue: readonly Command[];
  /** Above zero when `exec` belongs to a transaction that is being put into the pipeline. */
  readonly _transactions: number;
  resolve: AnyFunction;
  reject: AnyFunction;
}

/** `[error, value]` for each command. */
type Replies = readonly (readonly [error: unknown, value: unknown])[];

/** What ioredis puts around commands. */
const FRAME = new Set(['multi', 'exec', 'asking']);

/** The error of a command, and of one inside of a transaction. */
function errorOf(reply: Replies[number] | undefined): unknown {
  if (reply === undefined) return undefined;
  const [error, value] = reply;
  if (error) return error;
  return Array.isArray(value) ? value.find((item) => item instanceof Error) : undefined;
}

function firstErrorOf(replies: unknown): unknown {
  if (!Array.isArray(replies)) return undefined;
  for (const reply of replies as Replies) {
    const error = errorOf(reply);
    if (error !== undefined) return error;
  }
  return undefined;
}

/** What becomes of the spans of a pipeline. */
interface Batch {
  /** Undefined where each command has its own. */
  readonly operation?: Operation;
  moveTo(node: Endpoint): void;
  end(replies: unknown): void;
  fail(error: unknown): void;
}

const batches = createTie<Batch>();
/** Commands of automatic pipelines, in their order. */
const automatic = createTie<(Operation | undefined)[]>();

/** What the commands of a pipeline belong to that is being sent. */
export function operationOf(pipeline: Pipeline): Operation | undefined {
  return batches.get(pipeline)?.operation;
}

/** The same for the command that was put last into an automatic pipeline; undefined for other pipelines. */
export function lastOfAutomatic(pipeline: Pipeline): Operation | undefined {
  return automatic.get(pipeline)?.at(-1);
}

export function isAutomatic(pipeline: Pipeline): boolean {
  return automatic.get(pipeline) !== undefined;
}

/** The batch whose commands are being sent, all on one stack. */
let sending: Batch | undefined;

/** A command of the batch is about to be sent there. */
export function movePipeline(redis: Redis): void {
  sending?.moveTo(endpointOf(redis));
}

function modeOf(queue: readonly Command[]): BatchMode {
  return queue[0]?.name === 'multi' && queue.at(-1)?.name === 'exec' ? 'MULTI' : 'PIPELINE';
}

function beginBatch(pipeline: Pipeline, tracing: RedisTracing): Batch | undefined {
  const context = activeContext();
  if (tracing.isUnsampled(context)) return undefined;
  const { _queue: queue, redis } = pipeline;
  // Nothing is sent.
  if (queue.length === 0) return undefined;
  const operation = new Operation(tracing, context);
  const commands = queue.filter(({ name }) => !FRAME.has(name));
  const mode = modeOf(queue);
  operation.attemptBatch(endpointOf(redis), mode, commands, COMMANDS);
  return {
    operation,
    moveTo: (node) => operation.moveTo(node),
    end: (replies) => operation.end(firstErrorOf(replies)),
    fail: (error) => operation.end(error),
  };
}

/** Of commands that began before. */
function adoptAutomatic(operations: readonly (Operation | undefined)[]): Batch {
  return {
    moveTo(node) {
      for (const operation of operations) operation?.moveTo(node);
    },
    end(replies) {
      for (const [index, operation] of operations.entries()) operation?.end(errorOf((replies as Replies)[index]));
    },
    fail(error) {
      for (const operation of operations) operation?.end(error);
    },
  };
}

/** The promise of a pipeline is settled by functions that it keeps. */
function endWithReplies(pipeline: Pipeline, batch: Batch, tracing: RedisTracing): void {
  const { resolve, reject } = pipeline;
  const guarded = (tell: (argument: unknown) => void, settle: AnyFunction): AnyFunction => {
    return function settled(this: unknown, ...parameters: unknown[]) {
      try {
        tell(parameters[0]);
      } catch (error) {
        tracing.faults.record(error);
      }
      return settle.apply(this, parameters);
    };
  };
  pipeline.resolve = guarded(batch.end, resolve);
  pipeline.reject = guarded(batch.fail, reject);
}

/** The batch of a pipeline that is sent for the first time. */
function begin(pipeline: Pipeline, tracing: RedisTracing): Batch | undefined {
  const operations = automatic.get(pipeline);
  const batch = operations === undefined ? beginBatch(pipeline, tracing) : adoptAutomatic(operations);
  if (batch === undefined) return undefined;
  batches.set(pipeline, batch);
  endWithReplies(pipeline, batch, tracing);
  return batch;
}

/** Wraps `exec`. A pipeline of a cluster executes again: when the cluster is ready, when it was redirected. */
export function wrapExec(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function exec(this: Pipeline) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const parameters = arguments as unknown as unknown[];
    if (tracing.faults.isDisabled || this._transactions > 0) return original.apply(this, parameters);
    const outer = sending;
    try {
      sending = batches.get(this) ?? begin(this, tracing);
    } catch (error) {
      tracing.faults.record(error);
    }
    try {
      return original.apply(this, parameters);
    } finally {
      sending = outer;
    }
  };
}

/** By which ioredis marks its automatic pipelines; undefined in releases that have none. */
export interface AutomaticMark {
  symbol: symbol | undefined;
}

/** Wraps `sendCommand` of a pipeline, which puts a command into it. */
export function wrapQueueCommand(original: AnyFunction, mark: AutomaticMark, tracing: RedisTracing): AnyFunction {
  return function sendCommand(this: Pipeline & Record<symbol, unknown>, command: Command) {
    if (mark.symbol !== undefined && this[mark.symbol] !== undefined && !tracing.faults.isDisabled) {
      try {
        if (batches.get(this) === undefined) queueAutomatic(this, command, tracing);
      } catch (error) {
        tracing.faults.record(error);
      }
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

function queueAutomatic(pipeline: Pipeline, { name, args }: Command, tracing: RedisTracing): void {
  const context = activeContext();
  const operation = tracing.isUnsampled(context) ? undefined : new Operation(tracing, context);
  const { redis } = pipeline;
  operation?.attempt(endpointOf(redis), name, args, 0);
  const operations = automatic.get(pipeline);
  if (operations === undefined) automatic.set(pipeline, [operation]);
  else operations.push(operation);
}
