/**
 * Official instrumentations that make the middleware spans beside ours. Express 5 has its layers from the package
 * `router`, and each has an official one: both would make spans of the same middleware.
 */
import { type AnyFunction, patchMethod } from '../patch.js';
import type { PatchTarget } from '../types.js';
import { ROUTER } from './manifest.js';

/** Methods of layers with the position of the request among their parameters. */
const METHODS = { handle_request: 0, handleRequest: 0, handle_error: 1, handleError: 1 };

/** Requests of express have `app`, from their prototype. */
function isOfExpress(request: unknown): boolean {
  return (request as { readonly app?: unknown } | undefined)?.app !== undefined;
}

function choose(bare: AnyFunction, traced: AnyFunction, position: number): AnyFunction {
  return function (this: unknown, ...parameters: unknown[]): unknown {
    return (isOfExpress(parameters[position]) ? bare : traced).apply(this, parameters);
  };
}

/** A target of an official instrumentation, changed where it would do what another one does. */
export function besideOurs(target: PatchTarget): PatchTarget {
  if (target.module !== ROUTER.module || target.file === undefined) return target;
  return {
    ...target,
    patch(exports, version) {
      const { prototype } = exports as { readonly prototype: Record<string, AnyFunction> };
      const before = { ...Object.getOwnPropertyDescriptors(prototype) };
      const patched = target.patch(exports, version);
      for (const [name, position] of Object.entries(METHODS)) {
        const bare = before[name]?.value as AnyFunction | undefined;
        if (bare === undefined || prototype[name] === bare) continue;
        patchMethod(prototype, name, (traced) => choose(bare, traced, position));
      }
      return patched;
    },
  };
}
