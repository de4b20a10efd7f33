/**
 * Context and propagation: the part that also runs when OTEL_SDK_DISABLED switches tracing off. Sets the API's globals
 * unless somebody else already did.
 */
import type { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type TextMapPropagator,
} from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import type { AgentConfig } from '../config/types.js';
import { createPropagator } from './propagator.js';

type Storage = AsyncLocalStorage<Context>;
// biome-ignore lint/suspicious/noExplicitAny: stands for every function of the application
type AnyFunction = (this: any, ...parameters: any[]) => any;

function apply(run: AnyFunction, self: unknown, parameters: unknown[]): unknown {
  return run.apply(self, parameters);
}

/** The official one with a shorter way in, for our own wrappers: `with` makes a bound copy of the function each time. */
class DirectContextManager extends AsyncLocalStorageContextManager {
  readonly #storage = (this as unknown as { _asyncLocalStorage: Storage })._asyncLocalStorage;

  runIn(context: Context, run: AnyFunction, self: unknown, parameters: ArrayLike<unknown>): unknown {
    return this.#storage.run(context, apply, run, self, parameters as unknown[]);
  }
}

/** As empty as the root context, and not the same: for who runs something in no context on purpose. */
const NO_CONTEXT = ROOT_CONTEXT.deleteValue(createContextKey('trace-agent'));

/** Where no context is set, the one is active that the whole process was started in. */
class InheritingContextManager extends DirectContextManager {
  readonly #inherited: Context;

  constructor(inherited: Context) {
    super();
    this.#inherited = inherited;
  }

  override active(): Context {
    const active = super.active();
    return active === ROOT_CONTEXT ? this.#inherited : active;
  }

  override with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    fn: F,
    thisArg?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return super.with(context === ROOT_CONTEXT ? NO_CONTEXT : context, fn, thisArg, ...args);
  }

  override runIn(context: Context, run: AnyFunction, self: unknown, parameters: ArrayLike<unknown>): unknown {
    return super.runIn(context === ROOT_CONTEXT ? NO_CONTEXT : context, run, self, parameters);
  }

  override attach(context: Context): ReturnType<AsyncLocalStorageContextManager['attach']> {
    return super.attach(context === ROOT_CONTEXT ? NO_CONTEXT : context);
  }
}

export interface ContextOptions {
  readonly config: Pick<AgentConfig, 'propagators' | 'extractors'>;
  /** Puts something before the propagator. */
  readonly wrap?: (propagator: TextMapPropagator) => TextMapPropagator;
  /** The context that the process was started in; the root context when there is none. */
  readonly inherit?: ((propagator: TextMapPropagator) => Context) | undefined;
}

/** Makes a context active for the rest of what runs now and for what that starts, until it is disposed of. */
export type AttachContext = (context: Context) => { dispose(): void };

/** Returns undefined when another SDK owns the global context manager. */
export function startContext({
  config,
  wrap = (propagator) => propagator,
  inherit,
}: ContextOptions): AttachContext | undefined {
  const propagator = createPropagator(config.propagators, config.extractors);
  const inherited = inherit?.(propagator) ?? ROOT_CONTEXT;
  const manager = inherited === ROOT_CONTEXT ? new DirectContextManager() : new InheritingContextManager(inherited);
  const isOurs = context.setGlobalContextManager(manager.enable());
  propagation.setGlobalPropagator(wrap(propagator));
  return isOurs ? (active) => manager.attach(active) : undefined;
}
