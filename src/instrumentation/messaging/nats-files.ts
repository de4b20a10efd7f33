/** How files of NATS are patched: by the classes that they export. */
import type { PatchTarget } from '../types.js';

/** By file: throws before it changes anything when the file does not look as expected. */
export interface Patches {
  readonly [file: string]: (exports: unknown) => void;
}

export interface Manifest {
  readonly module: string;
  readonly versions: readonly string[];
}

type Prototype = Record<PropertyKey, unknown>;

interface Classes {
  readonly [name: string]: { readonly prototype: Prototype } | undefined;
}

/** Undefined when there is no such class. */
export function prototypeOf(exports: unknown, name: string): Prototype | undefined {
  return (exports as Classes)[name]?.prototype;
}

/** Throws when the class or a method is not there. */
export function methodsOf(exports: unknown, name: string, methods: readonly string[]): Prototype {
  const prototype = prototypeOf(exports, name);
  for (const method of methods)
    if (typeof prototype?.[method] !== 'function') throw new TypeError(`no ${name}.${method}`);
  return prototype as Prototype;
}

export function targetsOf({ module, versions }: Manifest, patches: Patches): PatchTarget[] {
  return Object.entries(patches).map(([file, patch]) => ({
    module,
    file,
    versions,
    patch(exports) {
      patch(exports);
      return exports;
    },
  }));
}
