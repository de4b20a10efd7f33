/**
 * Tells the http instrumentation which route a fastify application matched, and which error it answered with 5xx.
 * Changes no export: fastify publishes each new instance on a diagnostics channel, and two hooks of it do the rest.
 */
import { subscribe } from 'node:diagnostics_channel';
import { recordedMetadataOf } from '../context.js';
import { Faults } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { type FastifyRequest, routeOf } from './attributes.js';
import { FASTIFY } from './manifest.js';

type Done = () => void;

interface FastifyInstance {
  addHook(name: 'onRequest', hook: (request: FastifyRequest, reply: unknown, done: Done) => void): unknown;
  addHook(
    name: 'onError',
    hook: (request: FastifyRequest, reply: unknown, error: unknown, done: Done) => void,
  ): unknown;
}

/** Added before the application can add any: runs first, so that a request which another hook rejects has a route. */
function addHooks(fastify: FastifyInstance, faults: Faults): void {
  fastify.addHook('onRequest', function traceRoute(request, _reply, done) {
    try {
      const metadata = recordedMetadataOf(request.raw);
      const route = metadata === undefined ? undefined : routeOf(request);
      if (metadata !== undefined && route !== undefined) metadata.route = route;
    } catch (error) {
      faults.record(error);
    }
    done();
  });
  fastify.addHook('onError', function traceError(request, _reply, error, done) {
    try {
      const metadata = recordedMetadataOf(request.raw);
      if (metadata !== undefined) metadata.error = error;
    } catch (fault) {
      faults.record(fault);
    }
    done();
  });
}

export const create: CreateInstrumentation = ({ log }) => {
  const faults = new Faults('fastify', log);
  const seen = new WeakSet<FastifyInstance>();
  let isSubscribed = false;

  // Node: what a subscriber throws becomes an uncaught exception of the application.
  const onInitialization = (message: unknown): void => {
    try {
      const { fastify } = message as { fastify: FastifyInstance };
      if (seen.has(fastify)) return;
      seen.add(fastify);
      addHooks(fastify, faults);
    } catch (error) {
      faults.record(error);
    }
  };

  // One channel serves every copy of fastify in the process.
  const start = (): void => {
    if (!isSubscribed) subscribe('fastify.initialization', onInitialization);
    isSubscribed = true;
  };

  return {
    onAnnounced(message) {
      start();
      onInitialization(message);
    },
    targets: [
      {
        module: FASTIFY.module,
        versions: FASTIFY.versions,
        patch(exports) {
          if (typeof exports !== 'function') throw new TypeError('the module is no function');
          start();
          return exports;
        },
      },
    ],
  };
};
