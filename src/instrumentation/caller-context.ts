/**
 * Whose context runs: the caller's in what it passed to be called back, nobody's in what a driver keeps for itself
 * (sockets, pools, timers). Hot path.
 */
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { activeContext, runIn } from './active-context.js';
import type { AnyFunction } from './patch.js';

/**
 * The callback, run in that context when it is first called. It may be remembered for longer: pg's client keeps the
 * callback of its connection, with all that it knows, as long as it lives.
 */
export function bindTo(context: Context, callback: AnyFunction): AnyFunction {
  if (context === ROOT_CONTEXT) return callback;
  let pending: Context | undefined = context;
  return function bound(this: unknown, ...parameters: unknown[]) {
    if (pending === undefined) return callback.apply(this, parameters);
    const caller = pending;
    pending = undefined;
    return runIn(caller, callback, this, parameters);
  };
}

/** For a method that is done later: whatever function it is given is a callback, and runs in the caller's context. */
export function keepContext(original: AnyFunction): AnyFunction {
  return function keeping(this: unknown, ...parameters: unknown[]) {
    const caller = activeContext();
    for (const [index, value] of parameters.entries()) {
      if (typeof value === 'function') parameters[index] = bindTo(caller, value as AnyFunction);
    }
    return original.apply(this, parameters);
  };
}

/** For a method that makes something that outlives the call: a connection, a timer. */
export function leaveContext(original: AnyFunction): AnyFunction {
  return function leaving(this: unknown, ...parameters: unknown[]) {
    if (activeContext() === ROOT_CONTEXT) return original.apply(this, parameters);
    return runIn(ROOT_CONTEXT, original, this, parameters);
  };
}

export type Constructor = new (...parameters: unknown[]) => object;

/** `leaveContext` for a class: as a constructor, as a superclass, and called on an object by classes of the old kind. */
export function detachConstructor(Original: Constructor): Constructor {
  function Detached(this: unknown, ...parameters: unknown[]): unknown {
    if (new.target === undefined) return runIn(ROOT_CONTEXT, Original as unknown as AnyFunction, this, parameters);
    // A `new.target` that is no class has V8 make a hidden class for each object: see `construct` in patch.ts.
    const target = (new.target as unknown) === Detached ? Original : new.target;
    return runIn(ROOT_CONTEXT, Reflect.construct, Reflect, [Original, parameters, target]);
  }
  Object.defineProperty(Detached, 'name', { value: Original.name, configurable: true });
  Object.defineProperty(Detached, 'length', { value: Original.length, configurable: true });
  // Statics are those of the original; what was made by either is an instance of both.
  Object.setPrototypeOf(Detached, Original);
  Detached.prototype = Original.prototype;
  return Detached as unknown as Constructor;
}
