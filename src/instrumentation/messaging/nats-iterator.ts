/**
 * The body of `for await (const message of subscription)` in the context of each message. No function of ours is around
 * it, but it reads `value` of what `next()` gave, inside the running async function: there its context is entered, for
 * that function alone. With the next `next()`, or `return()`, it is left again and the message is done.
 *
 *   next() ─► result ── value read: enter ─► body of the loop, with all that it awaits ─► next(): leave, end the span
 */
import type { Context } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import type { Faults } from '../patch.js';
import type { Delivery } from './messages.js';

export interface IteratorRules {
  readonly faults: Faults;
  /** Undefined where another SDK keeps the context: spans are made, but are not active in the loop. */
  readonly enter: ((context: Context) => void) | undefined;
  /** Undefined for what is no message; never throws. */
  deliver(value: unknown): Delivery | undefined;
}

type Result = IteratorResult<unknown>;
type Step = (this: unknown, ...parameters: unknown[]) => Promise<Result>;
type Iterator = Record<'next' | 'return' | 'throw', Step | undefined>;

class Loop {
  readonly #rules: IteratorRules;
  #delivery: Delivery | undefined;
  /** What was active before the context of the message was entered. */
  #outer: Context | undefined;

  constructor(rules: IteratorRules) {
    this.#rules = rules;
  }

  /** The message before is done. */
  leave(): void {
    const delivery = this.#delivery;
    if (delivery === undefined) return;
    const outer = this.#outer;
    this.#delivery = undefined;
    this.#outer = undefined;
    try {
      // Not when the call comes from elsewhere: it would change a context that is not ours.
      if (outer !== undefined && activeContext() === delivery.context) this.#rules.enter?.(outer);
      delivery.end();
    } catch (error) {
      this.#rules.faults.record(error);
    }
  }

  /** A result that looks the same to everybody, and tells when it is read. */
  announce(result: Result): Result {
    if (result.done === true) return result;
    const delivery = this.#rules.deliver(result.value);
    if (delivery === undefined) return result;
    this.#delivery = delivery;
    return new Proxy(result, {
      get: (target, key, receiver) => {
        if (key === 'value') this.#enter(delivery);
        return Reflect.get(target, key, receiver) as unknown;
      },
    });
  }

  #enter(delivery: Delivery): void {
    if (this.#delivery !== delivery || this.#outer !== undefined) return;
    try {
      const outer = activeContext();
      this.#rules.enter?.(delivery.context);
      this.#outer = outer;
    } catch (error) {
      this.#rules.faults.record(error);
    }
  }
}

/** Replaces the methods of this one iterator; its class and its looks stay. */
export function followIterator(iterator: object, rules: IteratorRules): void {
  const loop = new Loop(rules);
  const steps = iterator as Iterator;
  for (const name of ['next', 'return', 'throw'] as const) {
    const original = steps[name];
    if (typeof original !== 'function') continue;
    const step: Step = function step(this: unknown, ...parameters) {
      loop.leave();
      const result = original.apply(this, parameters);
      return name === 'next' ? result.then((given) => loop.announce(given)) : result;
    };
    Object.defineProperty(step, 'name', { value: name, configurable: true });
    Object.defineProperty(step, 'length', { value: original.length, configurable: true });
    const enumerable = Object.prototype.propertyIsEnumerable.call(iterator, name);
    Object.defineProperty(iterator, name, { value: step, writable: true, configurable: true, enumerable });
  }
}
