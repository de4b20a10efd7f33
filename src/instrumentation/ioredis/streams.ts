/**
 * Commands of ioredis whose entries carry the context: an XADD gets further fields before it is written, once, however
 * often it is sent; replies lose them again before ioredis, and transformers of the application, make anything of them.
 * Only with OTEL_NODE_REDIS_STREAM_CONTEXT.
 */
import { activeContext } from '../active-context.js';
import { createTie } from '../operation.js';
import type { AnyFunction } from '../patch.js';
import type { Operation } from '../redis/operation.js';
import { roleOf, type StreamTracing } from '../redis/stream-tracing.js';
import type { Command } from './client.js';
import { isCommand, operations } from './command.js';
import { isAutomatic, lastOfAutomatic, operationOf, type Pipeline } from './pipeline.js';

interface StreamCommand extends Command {
  args: readonly unknown[];
}

function isStreamCommand(command: Partial<Command> | null | undefined): command is StreamCommand {
  return roleOf(command?.name) !== undefined && isCommand(command);
}

class Streams {
  readonly #tracing: StreamTracing;
  /** Whose span is told what has come; null for nobody's. */
  readonly #prepared = createTie<Operation | null>();

  constructor(tracing: StreamTracing) {
    this.#tracing = tracing;
  }

  /** A command by itself, whose span has begun if there is one. */
  prepareSingle(command: StreamCommand): void {
    this.#tryTo(() => {
      if (this.#prepared.get(command) !== undefined) return;
      const operation = operations.get(command) ?? undefined;
      this.#prepare(command, operation);
      if (operation?.isRecording === true) this.#settleFirst(command);
    });
  }

  preparePipeline(pipeline: Pipeline): void {
    this.#tryTo(() => {
      for (const command of pipeline._queue) {
        if (isStreamCommand(command)) this.#prepare(command, operationOf(pipeline));
      }
    });
  }

  prepareAutomatic(pipeline: Pipeline, command: StreamCommand): void {
    this.#tryTo(() => {
      if (isAutomatic(pipeline)) this.#prepare(command, lastOfAutomatic(pipeline));
    });
  }

  settle(command: StreamCommand, reply: unknown): void {
    this.#tracing.settle(this.#prepared.get(command) ?? undefined, command.name, command.args, 0, reply);
  }

  #prepare(command: StreamCommand, operation: Operation | undefined): void {
    if (this.#prepared.get(command) !== undefined) return;
    this.#prepared.set(command, operation ?? null);
    command.args = this.#tracing.carry(command.name, command.args, 0, operation?.context ?? activeContext());
  }

  /** The span ends with the reply, before ioredis has looked at it. */
  #settleFirst(command: StreamCommand): void {
    const { resolve } = command;
    const settle = (reply: unknown): void => this.settle(command, reply);
    command.resolve = function resolveCommand(this: unknown, ...parameters: unknown[]) {
      settle(parameters[0]);
      return resolve.apply(this, parameters);
    };
  }

  #tryTo(run: () => void): void {
    if (this.#tracing.faults.isDisabled) return;
    try {
      run();
    } catch (error) {
      this.#tracing.faults.record(error);
    }
  }
}

/** For `sendCommand` of a client of one server. Commands with a stream are part of a pipeline. */
function wrapSendCommand(original: AnyFunction, streams: Streams): AnyFunction {
  return function sendCommand(this: unknown, command: Partial<Command>, stream?: unknown) {
    if (stream === undefined && isStreamCommand(command)) streams.prepareSingle(command);
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

/** For that of a cluster: what waits until it is ready is prepared in the context of the caller. */
function wrapClusterSendCommand(original: AnyFunction, streams: Streams): AnyFunction {
  return function sendCommand(this: unknown, command: Partial<Command>, stream?: unknown) {
    try {
      // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
      return original.apply(this, arguments as unknown as unknown[]);
    } finally {
      if (stream === undefined && isStreamCommand(command)) streams.prepareSingle(command);
    }
  };
}

/** For `exec`, which writes the commands. */
function wrapExec(original: AnyFunction, streams: Streams): AnyFunction {
  return function exec(this: Pipeline) {
    if (!(this._transactions > 0)) streams.preparePipeline(this);
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

function wrapQueueCommand(original: AnyFunction, streams: Streams): AnyFunction {
  return function sendCommand(this: Pipeline, command: Partial<Command>) {
    if (isStreamCommand(command)) streams.prepareAutomatic(this, command);
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

/** Each command of a transaction meets it, too, with its part of the reply to EXEC. */
function wrapTransformReply(original: AnyFunction, streams: Streams): AnyFunction {
  return function transformReply(this: StreamCommand, ...parameters: unknown[]) {
    if (isStreamCommand(this)) streams.settle(this, parameters[0]);
    return original.apply(this, parameters);
  };
}

/** What each method is wrapped in besides; `below` the wrapper that makes spans: a command has its own by then. */
export interface StreamWrappers {
  readonly below: {
    command(original: AnyFunction): AnyFunction;
    exec(original: AnyFunction): AnyFunction;
    queue(original: AnyFunction): AnyFunction;
  };
  clusterCommand(wrapped: AnyFunction): AnyFunction;
  transformReply(original: AnyFunction): AnyFunction;
}

export function streamWrappers(tracing: StreamTracing): StreamWrappers {
  const streams = new Streams(tracing);
  return {
    below: {
      command: (original) => wrapSendCommand(original, streams),
      exec: (original) => wrapExec(original, streams),
      queue: (original) => wrapQueueCommand(original, streams),
    },
    clusterCommand: (wrapped) => wrapClusterSendCommand(wrapped, streams),
    transformReply: (original) => wrapTransformReply(original, streams),
  };
}
