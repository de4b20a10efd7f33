/**
 * Connections remember what was called back when they were made, as long as they live: often the promise of a request,
 * with all that it knows, the request's context too (before Node 24).
 */
import type { AnyFunction } from '../patch.js';

/** For `connect(callback)`: once it was called, the callback is kept only by others. */
export function forgetCallback(original: AnyFunction): AnyFunction {
  return function connect(this: unknown, ...parameters: unknown[]) {
    const [callback] = parameters;
    if (typeof callback === 'function') parameters[0] = forgetful(callback as AnyFunction);
    return original.apply(this, parameters);
  };
}

function forgetful(callback: AnyFunction): AnyFunction {
  let kept: AnyFunction | undefined = callback;
  let called: WeakRef<AnyFunction> | undefined;
  return function forgotten(this: unknown, ...parameters: unknown[]) {
    const target = kept ?? called?.deref();
    if (kept !== undefined) called = new WeakRef(kept);
    kept = undefined;
    return target?.apply(this, parameters);
  };
}
