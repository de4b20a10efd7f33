/** `context.bind(context, emitter)` of the API, which few instrumentations call: the official manager's part for it. */
import type { EventEmitter } from 'node:events';
import type { Context, ContextManager } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';

/** Its listeners run in the contexts of another manager. */
class EmitterBinder extends AsyncLocalStorageContextManager {
  readonly #manager: ContextManager;

  constructor(manager: ContextManager) {
    super();
    this.#manager = manager;
  }

  override with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#manager.with(context, fn, thisArg, ...args);
  }
}

/** Returns what binds the listeners that an emitter gets from then on. */
export function createEmitterBinder(
  manager: ContextManager,
): (context: Context, emitter: EventEmitter) => EventEmitter {
  const binder = new EmitterBinder(manager);
  return (context, emitter) => binder.bind(context, emitter);
}
