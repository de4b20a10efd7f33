/**
 * hono: the route is looked up again, by the application's own router, when the response is over, because only its
 * private parts know it before. The class that Hono extends is given a constructor of ours, in both builds of it: what
 * the exports are does not change.
 */
import { activeContext } from '../active-context.js';
import { type RouteSource, type RpcMetadata, rpcMetadataOf, setRouteSource } from '../context.js';
import { createTie } from '../operation.js';
import { type AnyFunction, type Constructor, copyShape, Faults, patchMethod, replaceConstructor } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { HONO } from './manifest.js';
import { SafeSource } from './source.js';

interface Route {
  readonly path: string;
  readonly handler: object;
}

type Match = readonly [handler: unknown, route: Route];

interface Hono {
  fetch: AnyFunction;
  use: AnyFunction;
  readonly router: { match(method: string, path: string): readonly [readonly (readonly [Match, ...unknown[]])[]] };
  getPath(request: unknown, options: { readonly env: unknown }): string;
}

/** Functions that were given to `use`: one that answers does so for no route. */
const middlewares = new WeakSet<object>();
/** Handlers of a part with an error handler of its own are put into another function, which has them here. */
const COMPOSED = '__COMPOSED_HANDLER';

function isMiddleware({ handler }: Route): boolean {
  const composed = (handler as Record<string, unknown>)[COMPOSED];
  return middlewares.has(handler) || (typeof composed === 'function' && middlewares.has(composed));
}

class HonoRoute extends SafeSource {
  readonly #before: RouteSource | undefined;
  readonly #app: Hono;
  readonly #method: string;
  readonly #path: string;

  constructor(faults: Faults, before: RouteSource | undefined, app: Hono, method: string, path: string) {
    super(faults);
    this.#before = before;
    this.#app = app;
    this.#method = method;
    this.#path = path;
  }

  protected find(metadata: RpcMetadata): void {
    this.#before?.settle(metadata);
    const [matches] = this.#app.router.match(this.#method, this.#path);
    const answering = matches.map(([[, route]]) => route).filter((route) => !isMiddleware(route));
    const route = answering.at(-1);
    if (route !== undefined) metadata.route = route.path;
  }
}

const routes = createTie<HonoRoute>();

/** An application may call itself in a request: the first call is the request. */
function follow(app: Hono, request: unknown, env: unknown, faults: Faults): void {
  const metadata = rpcMetadataOf(activeContext());
  if (metadata === undefined || !metadata.span.isRecording() || routes.get(metadata) !== undefined) return;
  const { method } = request as { readonly method: string };
  const path = app.getPath(request, { env });
  const route = new HonoRoute(faults, metadata.source, app, method === 'HEAD' ? 'GET' : method, path);
  routes.set(metadata, route);
  setRouteSource(metadata, route);
}

function wrapFetch(original: AnyFunction, app: Hono, faults: Faults): AnyFunction {
  return (...parameters) => {
    try {
      if (!faults.isDisabled) follow(app, parameters[0], parameters[1], faults);
    } catch (error) {
      faults.record(error);
    }
    return original(...parameters);
  };
}

function wrapUse(original: AnyFunction): AnyFunction {
  return (...parameters) => {
    for (const handler of parameters) if (typeof handler === 'function') middlewares.add(handler);
    return original(...parameters);
  };
}

const seen = new WeakSet<object>();

/** Its functions are properties of each instance. */
function prepare(app: Hono, faults: Faults): void {
  if (seen.has(app)) return;
  seen.add(app);
  const { fetch, use } = app;
  app.fetch = wrapFetch(fetch, app, faults);
  app.use = wrapUse(use);
  copyShape(app.fetch, fetch);
  copyShape(app.use, use);
}

function prepareSafely(made: object, faults: Faults): void {
  try {
    prepare(made as Hono, faults);
  } catch (error) {
    faults.record(error);
  }
}

/** Throws before it changes anything when it is not the class it should be. */
function patchBase(Hono: object, faults: Faults): void {
  const Base = Object.getPrototypeOf(Hono) as Constructor & { readonly prototype: object };
  if (Base === Function.prototype || typeof Reflect.get(Base.prototype, 'basePath') !== 'function') {
    throw new TypeError('Hono extends another class');
  }
  // What this gives is made by the base class itself, out of sight.
  patchMethod(Base.prototype, 'basePath', (original) => {
    return function basePath(this: unknown, path: unknown): unknown {
      const made = original.call(this, path) as object;
      prepareSafely(made, faults);
      return made;
    };
  });
  const replacement = function (...parameters: unknown[]): object {
    const made = Reflect.construct(Base, parameters, new.target as unknown as Constructor) as object;
    prepareSafely(made, faults);
    return made;
  };
  Object.setPrototypeOf(Hono, replaceConstructor(Base, replacement));
}

export const create: CreateInstrumentation = ({ log }) => {
  const faults = new Faults('hono', log);
  return {
    targets: [
      {
        ...HONO,
        patch(exports) {
          patchBase((exports as { readonly Hono: object }).Hono, faults);
          return exports;
        },
      },
    ],
  };
};
