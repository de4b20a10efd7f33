/**
 * Traces mongodb 4 to 7: the commands of its connections. Main thread; loaded with mongodb. What the driver keeps for
 * itself (topology, monitors, pools, sockets) is kept out of the context of the caller, and what waits in its queues goes
 * on in that of whoever waits.
 */
import { activeContext } from '../active-context.js';
import { bindTo } from '../caller-context.js';
import { runAsDriver } from '../driver-context.js';
import { type AnyFunction, patchIfPresent, patchMethod } from '../patch.js';
import type { CreateInstrumentation, PatchTarget } from '../types.js';
import {
  type Connection,
  type HostAddress,
  MongodbTracing,
  rememberHost,
  wrapCommand,
  wrapCommandWithCallback,
} from './command.js';
import { MONGODB } from './manifest.js';

type Exports = Readonly<Record<string, { readonly prototype: object }>>;

function prototypeIn(exports: unknown, name: string): object {
  const found = (exports as Exports)[name]?.prototype;
  if (found === undefined) throw new TypeError(`no class ${name} is exported`);
  return found;
}

interface ConnectOptions {
  readonly hostAddress?: HostAddress;
}

/** Wraps the function that makes a connection: its callback or its promise has it. */
function wrapConnect(original: AnyFunction): AnyFunction {
  const detached = runAsDriver(original);
  return function connect(this: unknown, options: ConnectOptions, callback?: AnyFunction) {
    const { hostAddress } = options;
    if (hostAddress === undefined) return detached.call(this, options, callback);
    const note = (connection: Connection | undefined): void => {
      if (connection !== undefined) rememberHost(connection, hostAddress);
    };
    if (callback === undefined) {
      const promise: Promise<Connection> = detached.call(this, options);
      promise.then(note, () => {});
      return promise;
    }
    return detached.call(this, options, function connected(this: unknown, ...results: unknown[]) {
      note(results[1] as Connection | undefined);
      return callback.apply(this, results);
    });
  };
}

/** For a method that waits in a queue, and whose last parameter is the callback. */
function keepCallback(original: AnyFunction): AnyFunction {
  return function waiting(this: unknown, ...parameters: unknown[]) {
    const callback = parameters.at(-1);
    if (typeof callback === 'function') {
      parameters[parameters.length - 1] = bindTo(activeContext(), callback as AnyFunction);
    }
    return original.apply(this, parameters);
  };
}

export const create: CreateInstrumentation = (context) => {
  const tracing = new MongodbTracing(context);
  const target = (file: string, versions: readonly string[], patch: (exports: unknown) => void): PatchTarget => ({
    module: MONGODB.module,
    file,
    versions,
    patch(exports) {
      patch(exports);
      return exports;
    },
  });
  const { versions, versionsWithCallbacks, versionsWithPromises } = MONGODB;
  return {
    targets: [
      target('lib/cmap/connection.js', versionsWithCallbacks, (exports) => {
        const prototype = prototypeIn(exports, 'Connection');
        patchMethod(prototype, 'command', (original) => wrapCommandWithCallback(original, tracing));
      }),
      target('lib/cmap/connection.js', versionsWithPromises, (exports) => {
        patchMethod(prototypeIn(exports, 'Connection'), 'command', (original) => wrapCommand(original, tracing));
      }),
      target('lib/cmap/connect.js', versions, (exports) => {
        patchMethod(exports as object, 'connect', wrapConnect);
      }),
      target('lib/cmap/connection_pool.js', versions, (exports) => {
        patchIfPresent(prototypeIn(exports, 'ConnectionPool'), 'ready', runAsDriver);
      }),
      target('lib/cmap/connection_pool.js', versionsWithCallbacks, (exports) => {
        patchMethod(prototypeIn(exports, 'ConnectionPool'), 'checkOut', keepCallback);
      }),
      target('lib/sdam/topology.js', versions, (exports) => {
        patchMethod(prototypeIn(exports, 'Topology'), 'connect', runAsDriver);
      }),
      target('lib/sdam/topology.js', versionsWithCallbacks, (exports) => {
        patchMethod(prototypeIn(exports, 'Topology'), 'selectServer', keepCallback);
      }),
      // Promises that a client makes when it is made, and keeps: until Node.js 24 they keep the context.
      target('lib/mongo_client.js', versions, (exports) => {
        patchIfPresent(prototypeIn(exports, 'MongoClient'), 'appendMetadata', runAsDriver);
      }),
      target('lib/runtime_adapters.js', versions, (exports) => {
        patchIfPresent(exports as object, 'resolveRuntimeAdapters', runAsDriver);
      }),
      target('lib/sdam/monitor.js', versions, (exports) => {
        const prototype = prototypeIn(exports, 'Monitor');
        for (const name of ['connect', 'requestCheck', 'reset']) patchIfPresent(prototype, name, runAsDriver);
      }),
    ],
  };
};
