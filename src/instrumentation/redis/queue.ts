/**
 * redis 4: its commands reach the queue of a client by ways that cannot be changed, so the queue is where spans begin.
 * Which client it belongs to is learnt from the first call that comes by an ordinary way. Hot path.
 *
 *   client.get() ─► executor: this client is calling ─► transformed arguments ─► queue.addCommand(): the span
 *                      └─ closed or offline: the command is refused, and its span begins and ends here
 */
import { runAsDriver } from '../driver-context.js';
import { createTie } from '../operation.js';
import { type AnyFunction, patchMethod } from '../patch.js';
import { beginBatch, beginCommand, follow, isScript, type QueuedCommand, type RedisClient, send } from './client.js';
import { firstErrorOf } from './errors.js';
import type { BatchMode, RedisTracing } from './tracing.js';

interface CommandDefinition {
  transformArguments?(...args: unknown[]): readonly unknown[];
}

/** Which client a queue belongs to. */
const clients = createTie<RedisClient>();

/** Between the call of an executor and the queue, which are on one stack. */
let caller: RedisClient | undefined;
let isInBatch = false;

function isRefused({ isOpen, isReady, options }: RedisClient): boolean {
  return isOpen === false || (isReady === false && options?.disableOfflineQueue === true);
}

/** The arguments of a refused command, as far as they can be told. */
function refusedArguments([first, args, name]: readonly unknown[]): readonly unknown[] {
  if (Array.isArray(first)) return first;
  try {
    const made = (first as CommandDefinition).transformArguments?.(...(args as unknown[]));
    if (made !== undefined) return made;
  } catch {
    // The first argument may be options of the command.
  }
  return [typeof name === 'string' ? name : 'EVALSHA'];
}

/** For the methods of a client that put a command into its queue before they return. */
export function wrapExecutor(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function executor(this: RedisClient, ...parameters: unknown[]) {
    if (tracing.faults.isDisabled) return original.apply(this, parameters);
    if (isRefused(this)) {
      const span = beginCommand(this, refusedArguments(parameters), tracing);
      if (span === undefined) return original.apply(this, parameters);
      return follow(send(original, this, parameters, span, tracing), span, tracing, false);
    }
    const outer = caller;
    caller = this;
    try {
      return original.apply(this, parameters);
    } finally {
      caller = outer;
    }
  };
}

/** In legacy mode a client has its own `sendCommand`, which calls back and returns nothing. */
function wrapLegacySendCommand(original: AnyFunction): AnyFunction {
  return function sendCommand(this: RedisClient, ...parameters: unknown[]) {
    const outer = caller;
    caller = this;
    try {
      return original.apply(this, parameters);
    } finally {
      caller = outer;
    }
  };
}

const legacyClients = createTie<true>();

/** Wraps `connect`: until then a client of the legacy mode is not known to be one. */
export function wrapConnect(original: AnyFunction): AnyFunction {
  const detached = runAsDriver(original);
  return function connect(this: RedisClient, ...parameters: unknown[]) {
    if (Object.hasOwn(this, 'sendCommand') && legacyClients.get(this) === undefined) {
      legacyClients.set(this, true);
      patchMethod(this, 'sendCommand', wrapLegacySendCommand);
    }
    return detached.apply(this, parameters);
  };
}

export function clientOf(queue: object): RedisClient | undefined {
  const known = clients.get(queue);
  if (known !== undefined || caller === undefined) return known;
  clients.set(queue, caller);
  return caller;
}

interface Options {
  readonly chainId?: unknown;
}

/** What is chained is part of a batch. */
export function isPartOfBatch(options: unknown): boolean {
  return isInBatch || (options as Options | null | undefined)?.chainId !== undefined;
}

/** Wraps `addCommand` of the queue. QUIT is how a client closes. */
export function wrapAddCommand(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function addCommand(this: object, args: readonly unknown[], options?: Options) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const parameters = arguments as unknown as unknown[];
    if (tracing.faults.isDisabled || isPartOfBatch(options) || args[0] === 'QUIT') {
      return original.apply(this, parameters);
    }
    const span = beginCommand(clientOf(this), args, tracing);
    if (span === undefined) return original.apply(this, parameters);
    return follow(send(original, this, parameters, span, tracing), span, tracing, isScript(args));
  };
}

/** Those that make a batch a transaction, in redis 4.0. */
const FRAME = new Set<unknown>(['MULTI', 'EXEC']);

/** Those of a transaction are in the last reply; there are none when a key that it watched was changed. */
function errorOfTransaction(replies: unknown): unknown {
  const last = lastOf(replies);
  return last === null ? 'WatchError' : firstErrorOf(last);
}

const lastOf = (replies: unknown): unknown => (Array.isArray(replies) ? replies.at(-1) : undefined);

/** One call of `multiExecutor`. */
export interface BatchCall {
  readonly mode: BatchMode;
  /** Those of the application. */
  readonly counted: readonly QueuedCommand[];
  /** Sends commands in the place of those that were given. */
  run(commands: readonly QueuedCommand[]): Promise<unknown>;
  repliesIn(result: unknown): unknown;
  errorOf(result: unknown): unknown;
}

type Run = (commands: readonly QueuedCommand[]) => Promise<unknown>;

/** A transaction has a symbol of its own among the parameters, a pipeline has none. */
export function batchCall(commands: readonly QueuedCommand[], rest: readonly unknown[], original: Run): BatchCall {
  const isTransaction = rest.some((parameter) => typeof parameter === 'symbol');
  return {
    mode: isTransaction ? 'MULTI' : 'PIPELINE',
    counted: commands.filter(({ args }) => !FRAME.has(args[0])),
    run(sent) {
      isInBatch = true;
      try {
        return original(sent);
      } finally {
        isInBatch = false;
      }
    },
    repliesIn: isTransaction ? lastOf : (replies) => replies,
    errorOf: isTransaction ? errorOfTransaction : firstErrorOf,
  };
}

/** Wraps `multiExecutor`. */
export function wrapMultiExecutor(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function multiExecutor(this: RedisClient, commands: readonly QueuedCommand[], ...rest: unknown[]) {
    if (tracing.faults.isDisabled) return original.call(this, commands, ...rest);
    const call = batchCall(commands, rest, (sent) => original.call(this, sent, ...rest));
    const { mode, counted } = call;
    const isSent = counted.length > 0 || mode !== 'PIPELINE';
    const span = isSent ? beginBatch(this, mode, counted, tracing) : undefined;
    if (span === undefined) return call.run(commands);
    return follow(send(call.run, call, [commands], span, tracing), span, tracing, false, call.errorOf);
  };
}

/** Wraps the function that gives the class of clients a method for each command. */
export function wrapAttachCommands(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function attachCommands(
    this: unknown,
    config: { readonly BaseClass?: { readonly name: string }; readonly executor: AnyFunction },
    ...rest: unknown[]
  ) {
    const isClient = config.BaseClass?.name === 'RedisClient';
    const used = isClient ? { ...config, executor: wrapExecutor(config.executor, tracing) } : config;
    return original.call(this, used, ...rest);
  };
}
