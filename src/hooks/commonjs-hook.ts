/**
 * Told of every CommonJS file once, right after it has run: `require()`, `import` of CommonJS and `import()` all end in
 * `Module.prototype.load` on Node 18 to 26. A cached `require` never comes here, so it costs what it costs bare.
 */
import Module from 'node:module';
import { identify, type PackageIdentity, packageNameOf } from './module-identity.js';

export interface CommonJsListener {
  /** True when files of this package are wanted. Called once per file load: must be one lookup. */
  wantsPackage(name: string): boolean;
  /** Folder whose files outside `node_modules` are wanted too (an AWS Lambda's code); undefined nearly always. */
  readonly applicationFolder: string | undefined;
  /** The same as {@link onPackageFile} for a file of {@link applicationFolder}. */
  onApplicationFile(filename: string, exports: unknown): unknown;
  /** Gets the exports of one file that has just run; returns the exports to use. Must not throw. */
  onPackageFile(identity: PackageIdentity, filename: string, exports: unknown): unknown;
}

type Load = (this: NodeModule, filename: string) => unknown;
type Compile = (this: NodeModule, content: string, ...rest: unknown[]) => unknown;

interface ModuleInternals {
  load: Load;
  _compile: Compile;
}

function copyShape(wrapper: object, original: object): void {
  for (const key of ['name', 'length']) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Object.defineProperty(wrapper, key, descriptor);
  }
}

function replaceExports(module: NodeModule, exports: unknown): void {
  if (exports !== module.exports) module.exports = exports;
}

/** Starts listening; returns the remover, which restores Node's own function unless someone wrapped ours since. */
export function hookCommonJs(listener: CommonJsListener): () => void {
  const prototype = Module.prototype as unknown as ModuleInternals;
  const original = prototype.load;
  const folder = listener.applicationFolder;
  let isActive = true;
  const wrapper: Load = function (filename) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const result = original.apply(this, arguments as unknown as [string]);
    if (isActive && typeof filename === 'string') {
      const name = packageNameOf(filename);
      if (name !== undefined && listener.wantsPackage(name)) {
        replaceExports(this, listener.onPackageFile(identify(filename, name), filename, this.exports));
      } else if (folder !== undefined && name === undefined && filename.startsWith(folder)) {
        replaceExports(this, listener.onApplicationFile(filename, this.exports));
      }
    }
    return result;
  };
  copyShape(wrapper, original);
  prototype.load = wrapper;
  return () => {
    isActive = false;
    if (prototype.load === wrapper) prototype.load = original;
  };
}

// A JSDoc type (`{import('x')`, `typeof import('x')`) is the common false friend; a miss only costs the loader's start.
const DYNAMIC_IMPORT = /(?:^|[^\w$.{])import\s*\(/;
const TYPE_IMPORT = /typeof import\s*\(/g;

/** True when CommonJS source may call `import()`. Errs on the side of true. */
export function mayImport(source: string): boolean {
  if (!source.includes('import')) return false;
  return DYNAMIC_IMPORT.test(source.replace(TYPE_IMPORT, ''));
}

/**
 * Calls `onDynamicImport` once, before the first CommonJS file whose source may call `import()` runs. For Node.js
 * releases where hooking ES modules needs a loader thread that should not be paid for in vain.
 */
export function beforeDynamicImport(onDynamicImport: () => void): void {
  const prototype = Module.prototype as unknown as ModuleInternals;
  const original = prototype._compile;
  let isDone = false;
  const wrapper: Compile = function (content) {
    if (!isDone && typeof content === 'string' && mayImport(content)) {
      isDone = true;
      if (prototype._compile === wrapper) prototype._compile = original;
      onDynamicImport();
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as [string]);
  };
  copyShape(wrapper, original);
  prototype._compile = wrapper;
}
