/**
 * The context of what a driver does for itself: its sockets, pools, timers and heartbeats, and the commands it sends on
 * them. It holds nothing of the caller's, and no span, so that what an application does in an event of a connection
 * starts a trace of its own.
 */
import { type Context, context as contextApi, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import { activeContext, runIn } from './active-context.js';
import type { AnyFunction } from './patch.js';

/** Recognised by identity: no look-up on the hot path. */
export const DRIVER_CONTEXT: Context = ROOT_CONTEXT.setValue(createContextKey('trace-agent driver'), true);

/**
 * For a method that makes what outlives the call. Functions that it is given are the caller's, and run in the caller's
 * context.
 */
export function runAsDriver(original: AnyFunction): AnyFunction {
  return function detached(this: unknown, ...parameters: unknown[]) {
    const caller = activeContext();
    if (caller === DRIVER_CONTEXT) return original.apply(this, parameters);
    for (const [index, value] of parameters.entries()) {
      if (typeof value === 'function') parameters[index] = contextApi.bind(caller, value);
    }
    return runIn(DRIVER_CONTEXT, original, this, parameters);
  };
}
