/**
 * Keeps the context of callers out of what a pool of pg keeps for others: clients, timers of theirs. Makes no spans.
 */
import { type Context, ROOT_CONTEXT } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { keepContext, leaveContext } from '../caller-context.js';
import { createTie } from '../operation.js';
import { type AnyFunction, patchMethod } from '../patch.js';

export interface Class {
  readonly prototype: object;
}

/** The context of whoever made a pool connect a new client; by what waits for that client. */
const callers = createTie<Context | undefined>();

/** For what sets the timer of a client's lifetime; `position` is that of the parameter that waits for the client. */
function detach(position: number): (original: AnyFunction) => AnyFunction {
  return (original) =>
    function detached(this: unknown, ...parameters: unknown[]) {
      const waiting: unknown = parameters[position];
      if (typeof waiting === 'object' && waiting !== null) callers.set(waiting, activeContext());
      return runIn(ROOT_CONTEXT, original, this, parameters);
    };
}

/** What the application does with a new client (`pool.on('connect')`) belongs to whom it is made for. */
function wrapAcquire(original: AnyFunction): AnyFunction {
  return function acquire(this: unknown, client: unknown, waiting: unknown, ...rest: unknown[]) {
    const caller = typeof waiting === 'object' && waiting !== null ? callers.get(waiting) : undefined;
    if (caller === undefined) return original.call(this, client, waiting, ...rest);
    // The client remembers what waited for it, as long as it lives.
    callers.set(waiting as object, undefined);
    return runIn(caller, original, this, [client, waiting, ...rest]);
  };
}

export function patchPool(Pool: Class): Class {
  const { prototype } = Pool;
  const has = (method: string) => typeof (prototype as Record<string, unknown>)[method] === 'function';
  // Its callback waits for whoever gives a client back.
  for (const method of ['connect', 'end']) patchMethod(prototype, method, keepContext);
  // From 3.13 on, and before; until 3.0 there was no such timer.
  if (has('_afterConnect')) patchMethod(prototype, '_afterConnect', detach(1));
  else if (has('newClient')) patchMethod(prototype, 'newClient', detach(0));
  if (has('_acquireClient')) patchMethod(prototype, '_acquireClient', wrapAcquire);
  // Sets the timer of an idle client.
  if (has('_release')) patchMethod(prototype, '_release', leaveContext);
  return Pool;
}
