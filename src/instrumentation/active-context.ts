/**
 * The active context, for wrappers. `context.with()` of the API looks for the manager, binds the function and spreads its
 * parameters: half a microsecond each time. Our own manager is asked directly; any other gets what the API would say.
 */
import { type Context, type ContextManager, context as contextApi, ROOT_CONTEXT } from '@opentelemetry/api';
import type { AnyFunction } from './patch.js';

/** What our context manager (src/sdk/context.ts) can do besides. */
interface Runner {
  /** `run.apply(self, parameters)` in that context: the same result, the same error. */
  runIn(context: Context, run: AnyFunction, self: unknown, parameters: ArrayLike<unknown>): unknown;
}

type Manager = ContextManager & Partial<Runner>;

/** Where every copy of the API keeps what has been registered. The object goes when somebody else's takes its place. */
const API_KEY = Symbol.for('opentelemetry.js.api.1');
const host = globalThis as unknown as Record<symbol, { readonly context?: Manager } | undefined>;

/** As `context.active()` of the API. */
export function activeContext(): Context {
  return host[API_KEY]?.context?.active() ?? ROOT_CONTEXT;
}

/**
 * A method that runs `original` in the context of its receiver. Called as `method.apply(this, arguments)`: where
 * `arguments` goes anywhere but to `apply`, V8 makes an object of it at every call of the wrapper, some 70 bytes.
 */
export function inContextOf<Receiver>(contextOf: (receiver: Receiver) => Context, original: AnyFunction): AnyFunction {
  return function runInContext(this: Receiver) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed
    return runIn(contextOf(this), original, this, arguments);
  };
}

/** As `context.with()` of the API, with the parameters as a list or as `arguments`. */
export function runIn<Result>(
  context: Context,
  run: (...parameters: never[]) => Result,
  self: unknown,
  parameters: ArrayLike<unknown>,
): Result {
  const manager = host[API_KEY]?.context;
  if (manager?.runIn !== undefined) return manager.runIn(context, run, self, parameters) as Result;
  // Not with `self` as a parameter of the API: it makes null of undefined.
  return contextApi.with(context, () => (run as AnyFunction).apply(self, parameters as unknown[]) as Result);
}
