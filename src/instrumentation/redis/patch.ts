/**
 * Traces node-redis 4 to 6. Main thread; loaded when the application first loads the package of its client. Methods of
 * its classes are replaced, no export is; and what outlives a call is kept out of the context of the caller.
 */
import { runAsDriver } from '../driver-context.js';
import { type AnyFunction, patchIfPresent, patchMethod } from '../patch.js';
import type { CreateInstrumentation, PatchTarget } from '../types.js';
import { wrapAttachConfig, wrapCall } from './calls.js';
import { wrapBatch, wrapSendCommand } from './client.js';
import { classOf } from './errors.js';
import { REDIS } from './manifest.js';
import { wrapAddCommand, wrapAttachCommands, wrapConnect, wrapExecutor, wrapMultiExecutor } from './queue.js';
import {
  wrapStreamAddCommand,
  wrapStreamBatch,
  wrapStreamMultiExecutor,
  wrapStreamSendCommand,
} from './stream-commands.js';
import { createTracing, StreamTracing } from './stream-tracing.js';
import type { BatchMode, RedisTracing } from './tracing.js';

interface Class {
  readonly prototype: object;
}

/** By name of the export. */
type Exports = Readonly<Record<string, Class | AnyFunction>>;
type Patch = (exports: Exports, tracing: RedisTracing) => void;

function classIn(exports: Exports, name = 'default'): object {
  const found = exports[name];
  if (typeof found !== 'function') throw new TypeError(`no class ${name} is exported`);
  return (found as Class).prototype;
}

function patchCalls(prototype: object, names: readonly string[], tracing: RedisTracing): void {
  for (const name of names) patchIfPresent(prototype, name, (original) => wrapCall(original, tracing));
}

/** What commands go through. Where entries of streams carry the context it is another wrapper, chosen here, once. */
const commands = {
  add(original: AnyFunction, tracing: RedisTracing): AnyFunction {
    const isStreams = tracing instanceof StreamTracing;
    return isStreams ? wrapStreamAddCommand(original, tracing) : wrapAddCommand(original, tracing);
  },
  multi(original: AnyFunction, tracing: RedisTracing): AnyFunction {
    const isStreams = tracing instanceof StreamTracing;
    return isStreams ? wrapStreamMultiExecutor(original, tracing) : wrapMultiExecutor(original, tracing);
  },
  send(original: AnyFunction, tracing: RedisTracing): AnyFunction {
    const isStreams = tracing instanceof StreamTracing;
    return isStreams ? wrapStreamSendCommand(original, tracing) : wrapSendCommand(original, tracing);
  },
  batch(original: AnyFunction, mode: BatchMode, tracing: RedisTracing): AnyFunction {
    const isStreams = tracing instanceof StreamTracing;
    return isStreams ? wrapStreamBatch(original, mode, tracing) : wrapBatch(original, mode, tracing);
  },
};

/** Files of redis 4. */
const FILES_4: Readonly<Record<string, Patch>> = {
  'dist/lib/commander.js': (exports, tracing) => {
    // Renamed in 4.1.
    const name = exports.attachCommands === undefined ? 'extendWithCommands' : 'attachCommands';
    patchMethod(exports, name, (original) => wrapAttachCommands(original, tracing));
  },
  'dist/lib/client/commands-queue.js': (exports, tracing) => {
    patchMethod(classIn(exports), 'addCommand', (original) => commands.add(original, tracing));
  },
  'dist/lib/client/index.js': (exports, tracing) => {
    const prototype = classIn(exports);
    const execute = (original: AnyFunction): AnyFunction => wrapExecutor(original, tracing);
    patchMethod(prototype, 'sendCommand', execute);
    for (const name of ['commandsExecutor', 'executeFunction', 'executeScript', 'SELECT']) {
      patchIfPresent(prototype, name, execute);
    }
    patchMethod(prototype, 'multiExecutor', (original) => commands.multi(original, tracing));
    patchCalls(prototype, ['executeScript'], tracing);
    patchMethod(prototype, 'connect', wrapConnect);
  },
  'dist/lib/cluster/index.js': (exports, tracing) => {
    patchCalls(classIn(exports), ['sendCommand', 'executeFunction', 'executeScript'], tracing);
    patchMethod(classIn(exports), 'connect', runAsDriver);
  },
  'dist/lib/cluster/multi-command.js': (exports, tracing) => {
    patchCalls(classIn(exports), ['exec', 'execAsPipeline'], tracing);
  },
};

/** Files of redis 5 and 6. */
const FILES_5: Readonly<Record<string, Patch>> = {
  'dist/lib/commander.js': (exports, tracing) => {
    patchMethod(exports, 'attachConfig', (original) => wrapAttachConfig(original, tracing));
  },
  'dist/lib/client/index.js': (exports, tracing) => {
    const prototype = classIn(exports);
    patchMethod(prototype, 'sendCommand', (original) => commands.send(original, tracing));
    patchMethod(prototype, '_executeMulti', (original) => commands.batch(original, 'MULTI', tracing));
    patchMethod(prototype, '_executePipeline', (original) => commands.batch(original, 'PIPELINE', tracing));
    patchCalls(prototype, ['_executeScript'], tracing);
    patchMethod(prototype, 'connect', runAsDriver);
  },
  'dist/lib/client/pool.js': (exports, tracing) => {
    const prototype = classIn(exports, 'RedisClientPool');
    patchCalls(prototype, ['sendCommand'], tracing);
    // What waits for a client is run by whoever gives one back, and the timer of idle ones is set on this way.
    patchMethod(prototype, 'execute', runAsDriver);
    patchMethod(prototype, 'connect', runAsDriver);
  },
  'dist/lib/cluster/index.js': (exports, tracing) => {
    const prototype = classIn(exports);
    patchCalls(prototype, ['_execute' in prototype ? '_execute' : 'sendCommand'], tracing);
    patchMethod(prototype, 'connect', runAsDriver);
  },
  'dist/lib/cluster/multi-command.js': (exports, tracing) => {
    patchCalls(classIn(exports), ['exec', 'execAsPipeline'], tracing);
  },
  'dist/lib/sentinel/index.js': (exports, tracing) => {
    patchCalls(classIn(exports), ['_execute'], tracing);
    patchCalls(classIn(exports, 'RedisSentinelClient'), ['_execute'], tracing);
    patchMethod(classIn(exports), 'connect', runAsDriver);
  },
};

function targetsOf(
  module: string,
  versions: readonly string[],
  files: Readonly<Record<string, Patch>>,
  tracing: RedisTracing,
): PatchTarget[] {
  return Object.entries(files).map(([file, patch]) => ({
    module,
    file,
    versions,
    patch(exports) {
      patch(exports as Exports, tracing);
      return exports;
    },
  }));
}

export const create: CreateInstrumentation = (context) => {
  // node-redis has a class for it: the signal of a command was aborted before it was sent.
  const isCancellation = (error: unknown): boolean => classOf(error) === 'AbortError';
  const tracing = createTracing('redis', REDIS.scope, context, isCancellation);
  const [first, current] = REDIS.packages;
  return {
    targets: [
      // A facade over the packages below.
      { module: REDIS.module, versions: REDIS.versions, isForTestedOnly: true, patch: (exports) => exports },
      ...targetsOf(first, REDIS.versions4, FILES_4, tracing),
      ...targetsOf(current, REDIS.versions4, FILES_4, tracing),
      ...targetsOf(current, REDIS.versions5, FILES_5, tracing),
    ],
  };
};
