/**
 * Traces the servers and clients of @grpc/grpc-js. Main thread; loaded when the application first loads the package.
 * Replaces four methods of its Server class and one of its Channel class; no export and no instance is changed.
 */
import { AGENT_VERSION } from '../../version.js';
import { Faults, patchMethod } from '../patch.js';
import type { CreateInstrumentation, PatchTarget } from '../types.js';
import { type GrpcTracing, wrapCreateCall } from './client.js';
import { GRPC } from './manifest.js';
import { wrapRegister, wrapRunHandler, wrapStreamHandler } from './server.js';

interface Class {
  readonly prototype: Record<string, unknown>;
}

interface Exports {
  readonly Channel: Class;
  readonly Server: Class;
}

/** One of the two serves every stream of a server, by whether channelz is on. */
const STREAM_HANDLERS = ['_streamHandler', '_channelzHandler'];
const SERVER_METHODS = [...STREAM_HANDLERS, '_runHandlerForCall', 'register'];

function patchClient({ Channel }: Exports, tracing: GrpcTracing): void {
  patchMethod(Channel.prototype, 'createCall', (original) => wrapCreateCall(original, tracing));
}

function patchServer({ Server: { prototype } }: Exports, tracing: GrpcTracing): void {
  for (const name of SERVER_METHODS) {
    if (typeof prototype[name] !== 'function') throw new TypeError(`a server has no ${name}`);
  }
  patchMethod(prototype, '_runHandlerForCall', (original) => wrapRunHandler(original, tracing));
  patchMethod(prototype, 'register', (original) => wrapRegister(original, tracing));
  for (const name of STREAM_HANDLERS) {
    patchMethod(prototype, name, (original) => wrapStreamHandler(original, tracing));
  }
}

export const create: CreateInstrumentation = ({ tracerProvider, log }) => {
  const tracing: GrpcTracing = {
    tracer: tracerProvider.getTracer(GRPC.scope, AGENT_VERSION),
    faults: new Faults('grpc', log),
  };
  const target = (apply: (exports: Exports, tracing: GrpcTracing) => void): PatchTarget => ({
    module: GRPC.module,
    versions: GRPC.versions,
    patch(exports) {
      apply(exports as Exports, tracing);
      return exports;
    },
  });
  // Two, so that a release whose servers look different still has its clients traced.
  return { targets: [target(patchClient), target(patchServer)] };
};
