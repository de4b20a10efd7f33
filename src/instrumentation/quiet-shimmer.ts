/**
 * How official instrumentations put their functions into the place of a library's: the wrapper looks like what it wraps,
 * leaves no mark, and when it throws before it has called the original, the original is called all the same. In the
 * published package the base package's own `shimmer` and `isWrapped` are this file's, too (scripts/build.mjs).
 */
import { type AnyFunction, copyShape, type Faults } from './patch.js';

type Owner = Record<PropertyKey, unknown>;
type MakeWrapper = (original: AnyFunction, name: PropertyKey) => AnyFunction;

/**
 * What an instrumentation may do to the parameters of a call, by the method's name: copies them where it would change
 * objects of the application. Undefined = it must not see this call at all.
 */
export type PrepareParameters = Readonly<Record<string, (parameters: unknown[]) => unknown[] | undefined>>;

/** Told of the parameters that the original gets and of those that the application gave, before the original is called. */
export type LinkParameters = Readonly<Record<string, (passed: unknown[], given: unknown[]) => void>>;

export interface ContainmentOptions {
  readonly prepare?: PrepareParameters | undefined;
  readonly link?: LinkParameters | undefined;
}

const originals = new WeakMap<AnyFunction, AnyFunction>();

function replace(owner: Owner, name: PropertyKey, value: AnyFunction): void {
  const enumerable = Object.prototype.propertyIsEnumerable.call(owner, name);
  Object.defineProperty(owner, name, { value, writable: true, configurable: true, enumerable });
}

/** Replaces `owner[name]` by what `wrapper` makes of it; undefined when that cannot be done. Never throws. */
export function wrap(owner: Owner | undefined, name: PropertyKey, wrapper: MakeWrapper): AnyFunction | undefined {
  try {
    const original = owner?.[name];
    if (owner === undefined || typeof original !== 'function') return undefined;
    if (isWrapped(original)) unwrap(owner, name);
    const target = owner[name] as AnyFunction;
    const wrapped = wrapper(target, name);
    if (wrapped === target) return wrapped;
    copyShape(wrapped, target);
    replace(owner, name, wrapped);
    originals.set(wrapped, target);
    return wrapped;
  } catch {
    // A frozen object of the application, for one: it stays as it is.
    return undefined;
  }
}

/** Puts the original back, if the function there is one of ours. */
export function unwrap(owner: Owner | undefined, name: PropertyKey): void {
  const original = originals.get(owner?.[name] as AnyFunction);
  if (owner !== undefined && original !== undefined) replace(owner, name, original);
}

const listOf = <T>(value: T | readonly T[]): readonly T[] => (Array.isArray(value) ? value : [value as T]);

export function massWrap(owners: Owner | readonly Owner[], names: readonly PropertyKey[], wrapper: MakeWrapper): void {
  for (const owner of listOf(owners)) for (const name of names) wrap(owner, name, wrapper);
}

export function massUnwrap(owners: Owner | readonly Owner[], names: readonly PropertyKey[]): void {
  for (const owner of listOf(owners)) for (const name of names) unwrap(owner, name);
}

export function isWrapped(value: unknown): boolean {
  return typeof value === 'function' && originals.has(value as AnyFunction);
}

/** The error itself is gone by the time that we know whose it was. */
const FAULT = 'it threw before it called the original';
const LATE_FAULT = 'it threw after the original had returned';

/** How far a call of a wrapper has come. */
const NOT_CALLED = 0;
const CALLED = 1;
const RETURNED = 2;

/**
 * Wraps so that a wrapper that throws on its own account does no harm: the caller gets what the original returns. `finally`
 * instead of `catch`: what the original throws passes untouched, with the line that Node.js prints for an uncaught exception.
 */
function contain(make: MakeWrapper, faults: Faults, { prepare, link }: ContainmentOptions): MakeWrapper {
  return (original, name) => {
    let stage = NOT_CALLED;
    let returned: unknown;
    let given: unknown[] | undefined;
    const linkThis = link?.[String(name)];
    const tracked = function tracked(this: unknown, ...parameters: unknown[]): unknown {
      stage = CALLED;
      // Undefined too where a wrapper calls the original later.
      const isInside = given !== undefined;
      if (linkThis !== undefined && given !== undefined) linkThis(parameters, given);
      const result: unknown =
        new.target === undefined
          ? original.apply(this, parameters)
          : Reflect.construct(original, parameters, new.target);
      stage = RETURNED;
      if (isInside) returned = result;
      return result;
    } as AnyFunction;
    copyShape(tracked, original);
    const wrapped = make(tracked, name);
    if (wrapped === tracked) return original;
    const prepareThis = prepare?.[String(name)];
    return function contained(this: unknown, ...parameters: unknown[]): unknown {
      if (new.target !== undefined) return Reflect.construct(wrapped, parameters, new.target);
      const prepared = faults.isDisabled ? undefined : prepareThis === undefined ? parameters : prepareThis(parameters);
      if (prepared === undefined) return original.apply(this, parameters);
      let isDone = false;
      const outer = stage;
      const outerGiven = given;
      stage = NOT_CALLED;
      given = parameters;
      try {
        const result: unknown = wrapped.apply(this, prepared);
        isDone = true;
        return result;
      } finally {
        const reached = stage;
        const value = returned;
        stage = outer;
        returned = undefined;
        given = outerGiven;
        if (!isDone && reached !== CALLED) {
          const result: unknown = reached === RETURNED ? value : original.apply(this, parameters);
          faults.record(reached === RETURNED ? LATE_FAULT : FAULT);
          // biome-ignore lint/correctness/noUnsafeFinally: what the wrapper threw goes no further
          return result;
        }
      }
    };
  };
}

/** The methods of `InstrumentationBase` with which an instrumentation wraps, contained. */
export function createWrapping(faults: Faults, options: ContainmentOptions): Record<string, unknown> {
  const containedWrap = (owner: Owner, name: PropertyKey, make: MakeWrapper) =>
    wrap(owner, name, contain(make, faults, options));
  return {
    _wrap: containedWrap,
    _unwrap: unwrap,
    _massWrap(owners: Owner | readonly Owner[], names: readonly PropertyKey[], make: MakeWrapper) {
      for (const owner of listOf(owners)) for (const name of names) containedWrap(owner, name, make);
    },
    _massUnwrap: massUnwrap,
  };
}
