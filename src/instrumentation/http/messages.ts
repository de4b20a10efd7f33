/**
 * The events of http's messages: one wrapper of `emit` on each message class tells the exchange that a message belongs
 * to, and lets listeners run in the exchange's context. No listener is added to any message, so that what the
 * application counts, removes or prints stays what it was. Hot path.
 *
 *   request ─┐                            ┌─► observe(): status, end of the span
 *            ├─ tie ─► Exchange ◄─ emit ──┤
 *   response ┘                            └─► the original, in exchange.context
 */
import type { EventEmitter } from 'node:events';
import type { Context } from '@opentelemetry/api';
import { activeContext, inContextOf } from '../active-context.js';
import { createTie } from '../operation.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';

/** One request with its response, seen from a server or from a client. */
export interface Exchange {
  /** In which listeners on both messages run. */
  readonly context: Context;
  /** Told of every event of both messages before its listeners. */
  observe(message: EventEmitter, event: string | symbol, argument: unknown): void;
}

/** Messages without an exchange are none of ours: their events pass straight. */
export const exchanges = createTie<Exchange>();

function wrapEmit(original: AnyFunction, faults: Faults): AnyFunction {
  const emitInContext = inContextOf((message: EventEmitter) => (exchanges.get(message) as Exchange).context, original);

  return function emit(this: EventEmitter, event: string | symbol, argument: unknown): boolean {
    const exchange = exchanges.get(this);
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (exchange === undefined) return original.apply(this, arguments as unknown as unknown[]);
    try {
      exchange.observe(this, event, argument);
    } catch (error) {
      faults.record(error);
    }
    if (this.listenerCount(event) === 0 || activeContext() === exchange.context) {
      // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
      return original.apply(this, arguments as unknown as unknown[]);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return emitInContext.apply(this, arguments as unknown as []);
  };
}

/** Patches message classes (`IncomingMessage`, ...). Throws before it changes anything when one has no `emit`. */
export function patchMessages(
  classes: readonly (new (...parameters: never[]) => EventEmitter)[],
  faults: Faults,
): void {
  for (const { prototype } of classes) {
    if (typeof prototype?.emit !== 'function') throw new TypeError('a message class has no emit');
  }
  for (const { prototype } of classes) patchMethod(prototype, 'emit', (original) => wrapEmit(original, faults));
}
