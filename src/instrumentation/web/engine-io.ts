/**
 * engine.io, below socket.io: its handshakes and polls have one route, the path that the application has given it. They
 * are answered before any framework on the same server sees them.
 */
import { type RequestLike, recordedMetadataOf } from '../context.js';
import { createTie } from '../operation.js';
import { type AnyFunction, Faults, patchMethod } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { ENGINE_IO } from './manifest.js';

interface AttachOptions {
  readonly path?: unknown;
  readonly addTrailingSlash?: unknown;
}

const routes = createTie<string>();

/** As the library makes one prefix of what it was given. */
function routeOf({ path, addTrailingSlash }: AttachOptions): string {
  const prefix = String(path || '/engine.io').replace(/\/$/, '');
  return addTrailingSlash === false ? prefix : `${prefix}/`;
}

function wrapAttach(original: AnyFunction, faults: Faults): AnyFunction {
  return function attach(this: object, _server: unknown, options: AttachOptions | undefined): unknown {
    try {
      routes.set(this, routeOf(options ?? {}));
    } catch (error) {
      faults.record(error);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

function wrapHandleRequest(original: AnyFunction, faults: Faults): AnyFunction {
  return function handleRequest(this: object, request: RequestLike): unknown {
    try {
      const route = faults.isDisabled ? undefined : routes.get(this);
      const metadata = route === undefined ? undefined : recordedMetadataOf(request);
      if (metadata !== undefined) metadata.route = route;
    } catch (error) {
      faults.record(error);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}

export const create: CreateInstrumentation = ({ log }) => {
  const faults = new Faults('engine.io', log);
  return {
    targets: [
      {
        ...ENGINE_IO,
        file: 'build/server.js',
        patch(exports) {
          const { prototype } = (exports as { readonly Server: { readonly prototype: object } }).Server;
          if (typeof Reflect.get(prototype, 'handleRequest') !== 'function') throw new TypeError('no handleRequest');
          patchMethod(prototype, 'attach', (original) => wrapAttach(original, faults));
          patchMethod(prototype, 'handleRequest', (original) => wrapHandleRequest(original, faults));
          return exports;
        },
      },
    ],
  };
};
