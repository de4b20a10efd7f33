/**
 * What official instrumentations of libraries inside of the process would change for the application, and must not: the
 * context value of GraphQL, the methods of what lru-memoizer makes, the class of bunyan's loggers, the callback of an
 * AWS Lambda. Application's thread; loaded with the library.
 */
import { activeContext } from './active-context.js';
import type { OfficialInstrumentation } from './adapter.js';
import { bindTo } from './caller-context.js';
import { type AnyFunction, wrapFunction } from './patch.js';
import type { ContainmentOptions } from './quiet-shimmer.js';

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Of `execute(schema, document, rootValue, contextValue, ...)`; there is `execute({ contextValue, ... })` besides. */
const CONTEXT_VALUE = 3;

/** It writes into the context value, makes one where there is none, and forgets arguments that it does not know. */
function withOwnContextValue([first, ...rest]: unknown[]): unknown[] | undefined {
  if (rest.length > 0) return Object.assign([first, ...rest], { [CONTEXT_VALUE]: {} });
  return isObject(first) ? [{ ...first, contextValue: {} }] : undefined;
}

/** `hasResolvers`: their spans are found through the context value, which it has to change then. */
export function graphqlParameters(hasResolvers: boolean): ContainmentOptions {
  // Where the document is missing, graphql's own error would be hidden by that of looking into it.
  const validate = (parameters: unknown[]) => (isObject(parameters[1]) ? parameters : undefined);
  if (hasResolvers) return { prepare: { validate } };
  return {
    prepare: { validate, execute: withOwnContextValue },
    link: {
      execute(passed, given) {
        passed.splice(0, passed.length, ...given);
      },
    },
  };
}

const bindLast = (memoized: AnyFunction): AnyFunction =>
  function memoizedFunction(this: unknown, ...parameters: unknown[]): unknown {
    const last = parameters.length - 1;
    const callback = parameters[last];
    if (typeof callback === 'function') parameters[last] = bindTo(activeContext(), callback as AnyFunction);
    return memoized.apply(this, parameters);
  };

type Patch = (exports: unknown) => unknown;

function replacePatch(official: OfficialInstrumentation, patch: Patch): void {
  const definitions = official.getModuleDefinitions().map((definition) => ({ ...definition, patch }));
  official.getModuleDefinitions = () => definitions;
}

/** Its own patch gives back functions without the methods `del`, `reset`, `keys`, `on` and `once`. */
export function keepMemoizer(official: OfficialInstrumentation): void {
  const makeBound = (makeMemoized: AnyFunction): AnyFunction =>
    function asyncMemoizer(this: unknown, ...parameters: unknown[]): unknown {
      const memoized: unknown = makeMemoized.apply(this, parameters);
      return typeof memoized === 'function' ? wrapFunction(memoized as AnyFunction, bindLast) : memoized;
    };
  replacePatch(official, (exports) => wrapFunction(exports as AnyFunction, makeBound));
}

interface Bunyan extends OfficialInstrumentation {
  getConfig(): { readonly disableLogSending?: boolean };
  _wrap(owner: object, name: string, make: AnyFunction): void;
  _getPatchedEmit(): AnyFunction;
}

/**
 * Its own patch puts a class in the place of `bunyan`, of which `createLogger()` makes no instances. All that needs one is
 * sending lines as records of OpenTelemetry.
 */
export function keepBunyan(instrumentation: OfficialInstrumentation): void {
  const official = instrumentation as Bunyan;
  if (official.getConfig().disableLogSending !== true) return;
  replacePatch(official, (exports) => {
    official._wrap((exports as { prototype: object }).prototype, '_emit', official._getPatchedEmit());
    return exports;
  });
}

interface Lambda extends OfficialInstrumentation {
  _getPatchHandler(original: AnyFunction, startedAt: number): AnyFunction;
  _isStreamingHandler(original: AnyFunction): boolean;
}

interface Invocation {
  readonly callback: AnyFunction;
  /** The handler got a callback of ours, and returned no promise. */
  isCalledBack: boolean;
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof (value as { then?: unknown } | null | undefined)?.then === 'function';

/** Calls a handler with a callback of ours; the promise is settled by that or by the promise of the handler. */
function callHandler(invocation: Invocation, call: (callback: AnyFunction) => unknown): Promise<unknown> {
  let settle: AnyFunction = () => undefined;
  const answer = new Promise((resolve, reject) => {
    settle = (error: unknown, value: unknown) =>
      error === null || error === undefined ? resolve(value) : reject(error);
  });
  const result = call(settle);
  if (isThenable(result)) return Promise.race([answer, result]);
  invocation.isCalledBack = true;
  return answer;
}

/**
 * It knows the runtime by a variable that container images do not have, and takes the callback away from handlers there;
 * elsewhere the span of a handler with a callback ends before that is called. Here it gets handlers that return promises.
 */
export function keepCallback(instrumentation: OfficialInstrumentation): void {
  const official = instrumentation as Lambda;
  const patchHandler = official._getPatchHandler.bind(official);
  official._getPatchHandler = (original, startedAt) => {
    if (official._isStreamingHandler(original)) return patchHandler(original, startedAt);
    // Others that do not return promises answer by methods of the context, which nobody sees: their spans end at once.
    const declaresCallback = original.length > 2;
    let starting: Invocation | undefined;
    const handler = function handler(this: unknown, ...parameters: unknown[]): unknown {
      const invocation = starting;
      starting = undefined;
      if (invocation === undefined) return original.apply(this, parameters);
      if (!declaresCallback) return original.call(this, ...parameters, invocation.callback);
      return callHandler(invocation, (callback) => original.call(this, ...parameters, callback) as unknown);
    };
    const patched = patchHandler(handler, startedAt);
    return function patchedHandler(this: unknown, event: unknown, context: unknown, callback: unknown): unknown {
      if (typeof callback !== 'function') return patched.call(this, event, context);
      const invocation: Invocation = { callback: callback as AnyFunction, isCalledBack: false };
      starting = invocation;
      const result = patched.call(this, event, context) as PromiseLike<unknown>;
      if (!invocation.isCalledBack) return result;
      // Settled when the spans are delivered.
      result.then(
        (value) => callback(null, value),
        (error) => callback(error),
      );
      return undefined;
    };
  };
}
