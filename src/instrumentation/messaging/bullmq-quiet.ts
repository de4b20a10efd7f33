/**
 * What BullMQ says to Redis is its own business and makes no spans; what it calls meanwhile is the application's. Main
 * thread; loaded with the library.
 */
import { type Context, createContextKey } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { suppress } from '../context.js';
import { type AnyFunction, patchIfPresent } from '../patch.js';

/** What was active before BullMQ talked to Redis, for the listeners that it calls meanwhile. */
const OUTER = createContextKey('trace-agent bullmq outer');

/** Without the spans of what BullMQ says to Redis. */
export function quietly<Result>(derive: (context: Context) => Context, run: () => Result): Result {
  const outer = activeContext();
  return runIn(derive(suppress(outer)).setValue(OUTER, outer), run, undefined, []);
}

/** For a method that talks to Redis. */
export function wrapQuiet(original: AnyFunction): AnyFunction {
  return function quiet(this: unknown, ...parameters: unknown[]): unknown {
    return quietly(
      (context) => context,
      () => original.apply(this, parameters),
    );
  };
}

interface Transaction {
  readonly isPipeline?: boolean;
}

const transactions = new WeakSet<object>();

/** For `execCommand(client, ...)`: what it puts into a transaction is sent when older releases execute that. */
export function wrapQuietCommand(original: AnyFunction): AnyFunction {
  const quiet = wrapQuiet(original);
  return function execCommand(this: unknown, ...parameters: unknown[]): unknown {
    const client = parameters[0] as (Transaction & object) | null | undefined;
    if (client?.isPipeline === true && !transactions.has(client)) {
      transactions.add(client);
      patchIfPresent(client, 'exec', wrapQuiet);
    }
    return quiet.apply(this, parameters);
  };
}

/** For `emit`: listeners are the application's. */
export function wrapEmit(original: AnyFunction): AnyFunction {
  return function emit(this: unknown, ...parameters: unknown[]): unknown {
    const outer = activeContext().getValue(OUTER) as Context | undefined;
    if (outer === undefined) return original.apply(this, parameters);
    return runIn(outer, original, this, parameters);
  };
}
