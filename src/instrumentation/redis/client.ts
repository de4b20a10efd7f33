/**
 * node-redis's clients as both of its lines have them: where a client's commands go, and the span of a command or a
 * batch. Promises that are returned are not the client's own but settle like them: a handler on those would keep Node
 * from reporting a rejection that the application does not handle. Hot path.
 *
 * node-redis 5.12 publishes tracing channels. They are not used: with a subscriber each command, sampled or not, gets a
 * context object with its arguments turned into texts, and values of many commands are among them.
 */
import type { Span } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import { DRIVER_CONTEXT } from '../driver-context.js';
import { createTie } from '../operation.js';
import type { AnyFunction } from '../patch.js';
import { callOf } from './calls.js';
import { commandOf } from './commands.js';
import { Endpoint, UNKNOWN_ENDPOINT } from './endpoint.js';
import { firstErrorOf } from './errors.js';
import type { CommandView } from './query-text.js';
import { type BatchMode, batchOperation, type RedisTracing } from './tracing.js';

interface SocketOptions {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly path?: unknown;
}

/** The part of a client that we use. Since 5.0 applications hold proxies of it, and `_self` is what they stand for. */
export interface RedisClient {
  readonly _self?: RedisClient;
  readonly isOpen?: boolean;
  readonly isReady?: boolean;
  readonly options?: {
    readonly socket?: SocketOptions;
    readonly database?: unknown;
    readonly disableOfflineQueue?: boolean;
  };
}

/** Of a batch. */
export interface QueuedCommand {
  readonly args: readonly unknown[];
}

export const QUEUED: CommandView<QueuedCommand> = {
  name: ({ args }) => String(args[0]),
  args: ({ args }) => args,
  first: 1,
};

const endpoints = createTie<Endpoint>();

function readEndpoint({ options }: RedisClient, database: unknown): Endpoint {
  const { host = 'localhost', port, path } = options?.socket ?? {};
  return new Endpoint(path ?? host, path === undefined ? port : undefined, database);
}

export function endpointOf(client: RedisClient | undefined): Endpoint {
  if (client === undefined) return UNKNOWN_ENDPOINT;
  const self = client._self ?? client;
  const known = endpoints.get(self);
  if (known !== undefined) return known;
  const endpoint = readEndpoint(self, self.options?.database);
  endpoints.set(self, endpoint);
  return endpoint;
}

/** What a transaction selects is not seen. */
function selectDatabase(client: RedisClient | undefined, database: unknown): void {
  if (client === undefined) return;
  const self = client._self ?? client;
  if (endpointOf(self).database !== Number(database)) endpoints.set(self, readEndpoint(self, database));
}

/** Undefined when nothing is recorded, or a call that the command is part of knows what to do. Never throws. */
export function beginCommand(
  client: RedisClient | undefined,
  args: readonly unknown[],
  tracing: RedisTracing,
): Span | undefined {
  try {
    const name = String(args[0]);
    const context = activeContext();
    if (name === 'SELECT') selectDatabase(client, args[1]);
    if (context === DRIVER_CONTEXT && commandOf(name).isHousekeeping) return undefined;
    const call = callOf(context);
    if (call === undefined) {
      return tracing.isUnsampled(context) ? undefined : tracing.start(context, endpointOf(client), name, args, 1);
    }
    if (name !== 'ASKING') call.attempt(endpointOf(client), name, args, 1);
  } catch (error) {
    tracing.faults.record(error);
  }
  return undefined;
}

/** The same for the commands of a transaction or a pipeline. */
export function beginBatch(
  client: RedisClient,
  mode: BatchMode,
  commands: readonly QueuedCommand[],
  tracing: RedisTracing,
): Span | undefined {
  try {
    const context = activeContext();
    const call = callOf(context);
    if (call !== undefined) call.attemptBatch(endpointOf(client), mode, commands, QUEUED);
    else if (!tracing.isUnsampled(context)) {
      const operation = batchOperation(mode, commands, QUEUED);
      return tracing.startBatch(context, endpointOf(client), operation, commands, QUEUED);
    }
  } catch (error) {
    tracing.faults.record(error);
  }
  return undefined;
}

/** Calls the original, and ends the span if it throws. */
export function send(
  original: AnyFunction,
  self: unknown,
  parameters: readonly unknown[],
  span: Span,
  tracing: RedisTracing,
): Promise<unknown> {
  let promise: Promise<unknown> | undefined;
  try {
    promise = original.apply(self, parameters as unknown[]) as Promise<unknown>;
  } finally {
    if (promise === undefined) tracing.abandon(span);
  }
  return promise;
}

/** Ends the span when the promise settles; `errorOf` finds an error in a reply. */
export function follow(
  promise: Promise<unknown>,
  span: Span,
  tracing: RedisTracing,
  isScript: boolean,
  errorOf?: (reply: unknown) => unknown,
): Promise<unknown> {
  return promise.then(
    (reply) => {
      tracing.end(span, errorOf?.(reply));
      return reply;
    },
    (error: unknown) => {
      tracing.end(span, error, isScript);
      throw error;
    },
  );
}

export function isScript(args: readonly unknown[]): boolean {
  return commandOf(String(args[0])).script !== undefined;
}

/** Wraps `sendCommand` of redis 5 and 6, which every command goes through. */
export function wrapSendCommand(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function sendCommand(this: RedisClient, args: readonly unknown[]) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const parameters = arguments as unknown as unknown[];
    const span = tracing.faults.isDisabled ? undefined : beginCommand(this, args, tracing);
    if (span === undefined) return original.apply(this, parameters);
    return follow(send(original, this, parameters, span, tracing), span, tracing, isScript(args));
  };
}

/** Wraps `_executeMulti` or `_executePipeline` of redis 5 and 6. */
export function wrapBatch(original: AnyFunction, mode: BatchMode, tracing: RedisTracing): AnyFunction {
  return function executeBatch(this: RedisClient, commands: readonly QueuedCommand[]) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const parameters = arguments as unknown as unknown[];
    const span = tracing.faults.isDisabled ? undefined : beginBatch(this, mode, commands, tracing);
    if (span === undefined) return original.apply(this, parameters);
    return follow(send(original, this, parameters, span, tracing), span, tracing, false, firstErrorOf);
  };
}
