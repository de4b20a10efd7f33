/**
 * tRPC: the procedure is the route, `/trpc/post.byId`. Every procedure is made from the base procedure that
 * `initTRPC.create()` gives, and that one gets a middleware, by the library's own means; both of its builds share that.
 */
import { activeContext } from '../active-context.js';
import { type RouteSource, type RpcMetadata, rpcMetadataOf, setRouteSource } from '../context.js';
import { type AnyFunction, Faults, patchMethod } from '../patch.js';
import type { CreateInstrumentation } from '../types.js';
import { TRPC } from './manifest.js';
import { SafeSource } from './source.js';
import { pathOf } from './template.js';

interface Result {
  readonly ok?: boolean;
  readonly error?: { readonly cause?: unknown };
}

/** The part of a middleware's options that releases 10 and 11 have in common. */
interface Call {
  readonly path: string;
  next(): Promise<Result>;
}

interface ProcedureBuilder {
  use(middleware: (call: Call) => Promise<Result>): ProcedureBuilder;
}

/** A parameter at the end of a template is where a framework hands over to tRPC: `:path`, `*`, `[trpc]`, `{path}`. */
const PLACE = /\/([:*{[][^/]*)$/;

/** `template` is what the framework around it has matched. */
function procedureRoute(template: string | undefined, path: string): string {
  if (template === undefined) return `/${path}`;
  if (template.endsWith(`/${path}`)) return template;
  return `${template.replace(PLACE, '').replace(/\/$/, '')}/${path}`;
}

class ProcedureRoute extends SafeSource {
  readonly #before: RouteSource | undefined;
  readonly #path: string;
  error: unknown;

  constructor(faults: Faults, before: RouteSource | undefined, path: string) {
    super(faults);
    this.#before = before;
    this.#path = path;
  }

  protected find(metadata: RpcMetadata): void {
    this.#before?.settle(metadata);
    metadata.route = procedureRoute(metadata.route, this.#path);
    metadata.error ??= this.error;
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * Undefined when the request is no call of this procedure alone: a batch of several has no route of its own, and an
 * application may call a procedure while it answers something else.
 */
function follow(path: string, faults: Faults): ProcedureRoute | undefined {
  const metadata = rpcMetadataOf(activeContext());
  const { url } = (metadata?.request ?? {}) as { readonly url?: string };
  if (metadata === undefined || url === undefined) return undefined;
  const target = pathOf(url);
  if (decoded(target.slice(target.lastIndexOf('/') + 1)) !== path) return undefined;
  const route = new ProcedureRoute(faults, metadata.source, path);
  setRouteSource(metadata, route);
  return route;
}

function createMiddleware(faults: Faults): (call: Call) => Promise<Result> {
  return (call) => {
    let route: ProcedureRoute | undefined;
    try {
      if (!faults.isDisabled) route = follow(call.path, faults);
    } catch (error) {
      faults.record(error);
    }
    const result = call.next();
    const followed = route;
    if (followed === undefined) return result;
    const noteError = ({ ok, error }: Result): void => {
      if (ok === false) followed.error = error?.cause ?? error;
    };
    result.then(noteError, noteError);
    return result;
  };
}

function wrapCreate(original: AnyFunction, faults: Faults): AnyFunction {
  return function create(this: unknown): unknown {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const root = original.apply(this, arguments as unknown as unknown[]) as { procedure: ProcedureBuilder };
    try {
      if (!faults.isDisabled) root.procedure = root.procedure.use(createMiddleware(faults));
    } catch (error) {
      faults.record(error);
    }
    return root;
  };
}

export const create: CreateInstrumentation = ({ log }) => {
  const faults = new Faults('trpc', log);
  return {
    targets: [
      {
        ...TRPC,
        patch(exports) {
          const { initTRPC } = exports as { readonly initTRPC: object };
          patchMethod(Object.getPrototypeOf(initTRPC) as object, 'create', (original) => wrapCreate(original, faults));
          return exports;
        },
      },
    ],
  };
};
