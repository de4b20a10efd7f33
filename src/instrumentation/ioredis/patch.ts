/**
 * Traces ioredis 4 to 6: its clients, clusters and pipelines. Main thread; loaded with ioredis. Methods of three classes
 * are replaced, no export is.
 *
 * ioredis 5.11 publishes tracing channels. They are not used: a command is published when it is written, not when it is
 * called, and with a subscriber its arguments are turned into texts for each, sampled or not.
 */
import { runAsDriver } from '../driver-context.js';
import { type AnyFunction, patchIfPresent, patchMethod } from '../patch.js';
import { createTracing, StreamTracing } from '../redis/stream-tracing.js';
import type { RedisTracing } from '../redis/tracing.js';
import type { CreateInstrumentation } from '../types.js';
import { wrapClusterSendCommand, wrapSendCommand } from './command.js';
import { IOREDIS } from './manifest.js';
import { type AutomaticMark, wrapExec, wrapQueueCommand } from './pipeline.js';
import { type StreamWrappers, streamWrappers } from './streams.js';

interface Class {
  readonly prototype: object;
}

interface Exports extends Class {
  readonly Cluster: Class;
  readonly Pipeline: Class;
  readonly Command: Class;
}

const same = (original: AnyFunction): AnyFunction => original;
const WITHOUT_STREAMS = { command: same, exec: same, queue: same } satisfies StreamWrappers['below'];

function prototypeOf(Exported: Class | undefined, methods: readonly string[]): object {
  const prototype = Exported?.prototype as Record<string, unknown> | undefined;
  for (const name of methods) {
    if (typeof prototype?.[name] !== 'function') throw new TypeError(`no method ${name}`);
  }
  return prototype as object;
}

function patchClasses(exports: Exports, mark: AutomaticMark, tracing: RedisTracing): void {
  const redis = prototypeOf(exports, ['sendCommand', 'connect']);
  const cluster = prototypeOf(exports.Cluster, ['sendCommand', 'connect']);
  const pipeline = prototypeOf(exports.Pipeline, ['sendCommand', 'exec']);
  const streams = tracing instanceof StreamTracing ? streamWrappers(tracing) : undefined;
  if (streams !== undefined) {
    patchMethod(prototypeOf(exports.Command, ['transformReply']), 'transformReply', streams.transformReply);
  }
  const below = streams?.below ?? WITHOUT_STREAMS;
  const ofCluster = streams?.clusterCommand ?? same;
  patchMethod(redis, 'sendCommand', (original) => wrapSendCommand(below.command(original), tracing));
  patchMethod(cluster, 'sendCommand', (original) => ofCluster(wrapClusterSendCommand(original, tracing)));
  patchMethod(pipeline, 'exec', (original) => wrapExec(below.exec(original), tracing));
  patchMethod(pipeline, 'sendCommand', (original) => wrapQueueCommand(below.queue(original), mark, tracing));
  patchMethod(redis, 'connect', runAsDriver);
  patchMethod(cluster, 'connect', runAsDriver);
  // A redirect that a pipeline met makes the cluster ask for its slots in the context of the caller.
  patchIfPresent(cluster, 'refreshSlotsCache', runAsDriver);
}

export const create: CreateInstrumentation = (context) => {
  const tracing = createTracing('ioredis', IOREDIS.scope, context);
  const mark: AutomaticMark = { symbol: undefined };
  const { module, versions } = IOREDIS;
  return {
    targets: [
      {
        module,
        file: 'built/autoPipelining.js',
        versions,
        patch(exports) {
          mark.symbol = (exports as { readonly kExec?: symbol }).kExec;
          return exports;
        },
      },
      {
        module,
        versions,
        patch(exports) {
          patchClasses(exports as Exports, mark, tracing);
          return exports;
        },
      },
    ],
  };
};
