/**
 * Queries as pg's clients make them for each call. Neither parameters nor callbacks nor promises of a call are touched.
 * Hot path.
 *
 *   client.query(...) ─► new Query ── begin(): span, caller's context ─► tie
 *   server answers    ─► handleReadyForQuery | handleError ─► end of the span ─► callback in the caller's context
 */
import { bindTo } from '../caller-context.js';
import { type AnyFunction, type Constructor, construct, patchMethod, replaceConstructor } from '../patch.js';
import type { PgClient, PgQuery, Submittable } from './client.js';
import { begin, type Operation, operations, type PgTracing } from './operation.js';
import { submit } from './submittable.js';

/** The call that is in progress on a client: its query is made in it, once. */
let clientOfCall: PgClient | undefined;
let operationOfCall: Operation | undefined;

function adopt(query: PgQuery, tracing: PgTracing): void {
  const client = clientOfCall;
  if (client === undefined) return;
  clientOfCall = undefined;
  try {
    operationOfCall = begin(query, client, typeof query.callback === 'function', tracing);
    if (tracing.sql.isCommenting) operationOfCall?.comment(query);
  } catch (error) {
    tracing.faults.record(error);
  }
}

/** pg's class in all but that a query, when it is made, is tied to the call that makes it. */
function replaceQuery(Original: Constructor, tracing: PgTracing): Constructor {
  const Replacement = replaceConstructor(Original, function Query(this: unknown, ...parameters: unknown[]) {
    if (new.target === undefined) return (Original as unknown as AnyFunction).apply(this, parameters);
    const query = construct(Original, parameters, new.target as unknown as Constructor, Replacement) as PgQuery;
    adopt(query, tracing);
    return query;
  });
  return Replacement;
}

export function traceQueries(Original: Constructor, tracing: PgTracing): Constructor {
  const { prototype } = Original as unknown as { prototype: object };
  patchMethod(prototype, 'handleError', (original) => {
    return function handleError(this: PgQuery, error: unknown, ...rest: unknown[]) {
      const operation = operations.get(this);
      if (operation === undefined) return original.call(this, error, ...rest);
      operation.fail(this._canceledDueToError || error);
      return operation.run(original, this, error, ...rest);
    };
  });
  patchMethod(prototype, 'handleReadyForQuery', (original) => {
    return function handleReadyForQuery(this: PgQuery, ...parameters: unknown[]) {
      const operation = operations.get(this);
      if (operation === undefined) return original.apply(this, parameters);
      // Otherwise the original goes on to handleError.
      if (!this._canceledDueToError) operation.end();
      return operation.run(original, this, ...parameters);
    };
  });
  return replaceQuery(Original, tracing);
}

/** The same for the native client, which answers by an event instead of a method, and calls back after it. */
export function traceNativeQueries(Original: Constructor, tracing: PgTracing): Constructor {
  const { prototype } = Original as unknown as { prototype: object };
  patchMethod(prototype, 'handleError', (original) => {
    return function handleError(this: PgQuery, error: unknown, ...rest: unknown[]) {
      const operation = operations.get(this);
      if (operation === undefined) return original.call(this, error, ...rest);
      try {
        return operation.run(original, this, error, ...rest);
      } finally {
        // Only now the error has the server's fields.
        operation.fail(error);
      }
    };
  });
  patchMethod(prototype, 'emit', (original) => {
    return function emit(this: PgQuery, ...parameters: unknown[]) {
      const operation = operations.get(this);
      if (operation === undefined) return original.apply(this, parameters);
      if (parameters[0] === 'end') endNative(this, operation);
      return operation.run(original, this, ...parameters);
    };
  });
  return replaceQuery(Original, tracing);
}

function endNative(query: PgQuery, operation: Operation): void {
  operation.end();
  const { context } = operation;
  if (context === undefined || typeof query.callback !== 'function') return;
  query.callback = bindTo(context, query.callback as AnyFunction);
}

/**
 * Wraps `query` of a client. What it throws passes untouched: no catch, which would change the line that Node prints
 * for an uncaught exception.
 */
export function wrapQuery(original: AnyFunction, tracing: PgTracing): AnyFunction {
  return function query(this: PgClient, ...parameters: unknown[]) {
    if (tracing.faults.isDisabled) return original.apply(this, parameters);
    const [config] = parameters as [Submittable | undefined];
    if (typeof config?.submit !== 'function') clientOfCall = this;
    else {
      try {
        operationOfCall = submit(config, this, tracing);
      } catch (error) {
        tracing.faults.record(error);
      }
    }
    let isDone = false;
    try {
      const result = original.apply(this, parameters);
      isDone = true;
      return result;
    } finally {
      if (!isDone) operationOfCall?.abandon();
      clientOfCall = undefined;
      operationOfCall = undefined;
    }
  };
}
