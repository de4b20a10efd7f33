/**
 * Calls of node-redis that may take several commands on several clients: of a cluster, a sentinel, a pool, or a script.
 * Such a call is one span, whatever it takes. Its context tells the clients below that they are part of it.
 */
import { type Context, createContextKey } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { type AnyFunction, wrapFunction } from '../patch.js';
import { firstErrorOf } from './errors.js';
import { Operation } from './operation.js';
import type { RedisTracing } from './tracing.js';

const CALL_KEY = createContextKey('trace-agent redis call');

/** The caller's context, and the call. What derives from it is no longer part of the call. */
class CallContext implements Context {
  readonly #parent: Context;
  readonly #call: Operation;

  constructor(parent: Context, call: Operation) {
    this.#parent = parent;
    this.#call = call;
  }

  getValue(key: symbol): unknown {
    return key === CALL_KEY ? this.#call : this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#parent.setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#parent.deleteValue(key);
  }
}

/** An application with one client never makes any: its commands need not look for them. */
let hasCalls = false;

/** The call that is in progress, if any. */
export function callOf(context: Context): Operation | undefined {
  return hasCalls ? (context.getValue(CALL_KEY) as Operation | undefined) : undefined;
}

async function follow(promise: Promise<unknown>, call: Operation): Promise<unknown> {
  try {
    const reply = await promise;
    call.end(call.isBatch ? firstErrorOf(reply) : undefined);
    return reply;
  } catch (error) {
    call.end(error);
    throw error;
  }
}

/** For a method that returns a promise. */
export function wrapCall(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  return function call(this: unknown, ...parameters: unknown[]) {
    const parent = activeContext();
    if (tracing.faults.isDisabled || callOf(parent) !== undefined || tracing.isUnsampled(parent)) {
      return original.apply(this, parameters);
    }
    hasCalls = true;
    const operation = new Operation(tracing, parent);
    const context = new CallContext(parent, operation);
    return follow(runIn(context, original, this, parameters), operation);
  };
}

/** Classes that redis 5 and 6 give a method for each command, made by what is passed with them. */
const CALLING_CLASSES = new Set(['RedisCluster', 'RedisClientPool']);

const FACTORIES = ['createCommand', 'createModuleCommand', 'createFunctionCommand', 'createScriptCommand'] as const;

type ClassConfig = { readonly BaseClass?: { readonly name: string; readonly prototype: object } } & Partial<
  Record<(typeof FACTORIES)[number], AnyFunction>
>;

/** Newer clusters have a method that all their commands go through, once for each node that a command is split for. */
function isWrappedBelow({ BaseClass }: ClassConfig): boolean {
  return BaseClass !== undefined && '_execute' in BaseClass.prototype;
}

/** Wraps `attachConfig` of redis 5 and 6. */
export function wrapAttachConfig(original: AnyFunction, tracing: RedisTracing): AnyFunction {
  const makeCalls = (factory: AnyFunction): AnyFunction => {
    return (...parameters) => wrapFunction(factory(...parameters), (method) => wrapCall(method, tracing));
  };
  return function attachConfig(this: unknown, config: ClassConfig, ...rest: unknown[]) {
    const isCalling = CALLING_CLASSES.has(config.BaseClass?.name ?? '') && !isWrappedBelow(config);
    if (!isCalling) return original.call(this, config, ...rest);
    const changed = { ...config };
    for (const name of FACTORIES) {
      const factory = config[name];
      if (factory !== undefined) changed[name] = makeCalls(factory);
    }
    return original.call(this, changed, ...rest);
  };
}
