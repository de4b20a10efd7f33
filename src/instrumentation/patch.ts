/**
 * Changes functions of the application's libraries, and keeps count when our own code around them fails. Imports
 * nothing at run time but the switch that stands them down.
 */
import type { Log } from '../diag/log.js';
import { standby } from './standby.js';

// biome-ignore lint/suspicious/noExplicitAny: a patched function's parameters are its owner's business
export type AnyFunction = (this: any, ...parameters: any[]) => any;

/** A function that nobody constructs anything with has a prototype that says nothing. */
function isClassLike(prototype: object | undefined): boolean {
  if (prototype === undefined) return false;
  return Reflect.ownKeys(prototype).length > 1 || Object.getPrototypeOf(prototype) !== Object.prototype;
}

/**
 * Makes the wrapper look like the original: name, length, further own properties (`promisify.custom`, statics), and what
 * `new` and `instanceof` use.
 */
export function copyShape(wrapper: AnyFunction, original: AnyFunction): void {
  for (const key of Reflect.ownKeys(original)) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    const own = Object.getOwnPropertyDescriptor(wrapper, key);
    if (descriptor === undefined) continue;
    if (own?.configurable !== false) Object.defineProperty(wrapper, key, descriptor);
    else if (key === 'prototype' && isClassLike(descriptor.value)) Reflect.set(wrapper, key, descriptor.value);
  }
  const parent: unknown = Object.getPrototypeOf(original);
  // A class that extends another; the prototype of async functions would make `inspect` say both kinds.
  if (typeof parent === 'function' && parent !== Object.getPrototypeOf(wrapper)) Object.setPrototypeOf(wrapper, parent);
}

/** `wrap(original)`, looking like the original. */
export function wrapFunction(original: AnyFunction, wrap: (original: AnyFunction) => AnyFunction): AnyFunction {
  const wrapper = wrap(original);
  copyShape(wrapper, original);
  return wrapper;
}

/**
 * Replaces `owner[name]` by `wrap(original)`. Throws before it changes anything when that is no function; returns the
 * remover, which does nothing once somebody else has wrapped our wrapper.
 */
export function patchMethod(
  owner: object,
  name: string | symbol,
  wrap: (original: AnyFunction) => AnyFunction,
): () => void {
  const target = owner as Record<string | symbol, unknown>;
  const original = target[name];
  if (typeof original !== 'function') throw new TypeError(`${String(name)} is not a function`);
  const own = Object.getOwnPropertyDescriptor(owner, name);
  const wrapper = wrap(own === undefined ? callInherited(owner, name) : (original as AnyFunction));
  copyShape(wrapper, original as AnyFunction);
  Object.defineProperty(owner, name, {
    value: wrapper,
    writable: true,
    configurable: true,
    enumerable: own?.enumerable ?? false,
  });
  const remove = (): void => {
    if (target[name] !== wrapper) return;
    if (own === undefined) delete target[name];
    else Object.defineProperty(owner, name, own);
  };
  standby.undo?.push(remove);
  return remove;
}

/** The same for a method that only some releases have. */
export function patchIfPresent(owner: object, name: string, wrap: (original: AnyFunction) => AnyFunction): void {
  if (typeof (owner as Record<string, unknown>)[name] === 'function') patchMethod(owner, name, wrap);
}

/** A constructor, of any kind. Its statics and its prototype's methods are its owner's business. */
export type Constructor = new (...parameters: unknown[]) => object;

/**
 * Makes `replacement` look like the original, with its prototype and statics: what either makes is an instance of both.
 * For exports that the caller replaces.
 */
export function replaceConstructor(original: Constructor, replacement: AnyFunction): Constructor {
  const { prototype } = original as unknown as { prototype: object };
  copyShape(replacement, original as unknown as AnyFunction);
  Object.setPrototypeOf(replacement, original);
  replacement.prototype = prototype;
  const own = Object.getOwnPropertyDescriptor(prototype, 'constructor');
  Object.defineProperty(prototype, 'constructor', { ...own, value: replacement });
  return replacement as unknown as Constructor;
}

/**
 * What `new` makes by a constructor that {@link replaceConstructor} has replaced; `target` is the `new.target`. Not by
 * Reflect.construct where that is the replacement itself: V8 would give each object a hidden class of its own, and all code
 * that they meet would be slow for it (8 us a query of pg, and 15 in its library).
 */
export function construct(
  Original: Constructor,
  parameters: unknown[],
  target: Constructor,
  Replacement: Constructor,
): object {
  return target === Replacement ? new Original(...parameters) : Reflect.construct(Original, parameters, target);
}

/** Looks the method up at each call: `domain`, for one, replaces `EventEmitter.prototype.emit` when it is loaded. */
function callInherited(owner: object, name: string | symbol): AnyFunction {
  const parent = Object.getPrototypeOf(owner) as Record<string | symbol, AnyFunction>;
  return function inherited() {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return (parent[name] as AnyFunction).apply(this, arguments as unknown as unknown[]);
  };
}

/** Faults after which an instrumentation stops working, so that a broken one costs and logs no more. */
const MAX_FAULTS = 10;

/** Counts what our own code threw inside an application's call. */
export class Faults {
  readonly #name: string;
  readonly #log: Log;
  #count = 0;

  constructor(name: string, log: Log) {
    this.#name = name;
    this.#log = log;
  }

  get count(): number {
    return this.#count;
  }

  /** True after ten faults, or when the agent has stood down: wrappers then go straight to the original. */
  get isDisabled(): boolean {
    return this.#count >= MAX_FAULTS || standby.isDown;
  }

  /** Never throws. The first fault and the one that disables are written; the log counts them all. */
  record(error: unknown): void {
    this.#count++;
    if (this.#count > MAX_FAULTS) return;
    this.#log.warn('TA2005', `instrumentation ${this.#name} failed: ${describe(error)}`, this.#name);
    if (this.#count < MAX_FAULTS) return;
    this.#log.error('TA2006', `instrumentation ${this.#name} is off after ${MAX_FAULTS} faults`);
  }
}

function describe(error: unknown): string {
  try {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } catch {
    return 'unknown error';
  }
}
