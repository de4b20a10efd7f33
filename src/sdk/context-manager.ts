/**
 * Which context is active, on AsyncLocalStorage: async_hooks on Node.js 18 to 22, AsyncContextFrame from 24 on.
 * Application's thread, on every hot path. In the place of the official manager of the same shape, a CommonJS package
 * that keeps the bundler from flattening the API, and that makes a bound copy of each function it runs.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type Context, type ContextManager, ROOT_CONTEXT } from '@opentelemetry/api';

// biome-ignore lint/suspicious/noExplicitAny: stands for every function of the application
type AnyFunction = (this: any, ...parameters: any[]) => any;

/** What ends an attachment; a second call does nothing. */
export interface Attachment {
  dispose(): void;
}

interface Scoped {
  /** From Node.js 25.9 on. */
  withScope?(store: Context): Attachment;
}

type BindEmitter = (context: Context, emitter: EventEmitter) => EventEmitter;

function apply(run: AnyFunction, self: unknown, parameters: unknown[]): unknown {
  return run.apply(self, parameters);
}

export class StorageContextManager implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();
  #bindEmitter: BindEmitter | undefined;

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  /** The shorter way in for our own wrappers, which have their parameters in a list. */
  runIn(context: Context, run: AnyFunction, self: unknown, parameters: ArrayLike<unknown>): unknown {
    return this.#storage.run(context, apply, run, self, parameters as unknown[]);
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.runIn(context, fn as AnyFunction, thisArg, args) as ReturnType<F>;
  }

  bind<T>(context: Context, target: T): T {
    if (target instanceof EventEmitter) return this.#emitterBinder()(context, target) as T;
    return typeof target === 'function' ? (this.#bound(context, target as unknown as AnyFunction) as T) : target;
  }

  #bound(context: Context, run: AnyFunction): AnyFunction {
    const manager = this;
    const bound: AnyFunction = function (...parameters) {
      return manager.runIn(context, run, this, parameters);
    };
    return Object.defineProperty(bound, 'length', { configurable: true, value: run.length });
  }

  #emitterBinder(): BindEmitter {
    if (this.#bindEmitter === undefined) {
      const { createEmitterBinder } = require('./opt-in.js') as typeof import('./opt-in.js');
      this.#bindEmitter = createEmitterBinder(this);
    }
    return this.#bindEmitter;
  }

  /** Makes a context active for the rest of what runs now and for what that starts. */
  attach(context: Context): Attachment {
    const storage = this.#storage;
    const { withScope } = storage as Scoped;
    if (withScope !== undefined) return withScope.call(storage, context);
    const previous = this.active();
    let isOver = false;
    storage.enterWith(context);
    return {
      dispose() {
        if (!isOver) storage.enterWith(previous);
        isOver = true;
      },
    };
  }

  enable(): this {
    return this;
  }

  disable(): this {
    this.#storage.disable();
    return this;
  }
}
