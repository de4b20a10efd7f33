/**
 * Told of every CommonJS file once, right after it has run: `require()`, `import` of CommonJS and `import()` all end in
 * `Module.prototype.load` on Node 18 to 26. A cached `require` never comes here, so it costs what it costs bare.
 */
import { identify, type PackageIdentity, packageNameOf } from './module-identity.js';
import { Module } from './node-module.js';

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

/**
 * Calls `onRun` once, right after the module's code has run. Not after `load`: Node.js up to 22 notes there what an
 * `import` of the module gives, and would miss exports that are replaced later.
 */
function afterRun(module: NodeModule, onRun: () => void): void {
  Object.defineProperty(module, '_compile', {
    configurable: true,
    writable: true,
    enumerable: false,
    value(this: NodeModule & ModuleInternals, ...parameters: [string, ...unknown[]]) {
      Reflect.deleteProperty(this, '_compile');
      const result = this._compile(...parameters);
      onRun();
      return result;
    },
  });
}

/** Starts listening; returns the remover, which restores Node's own function unless someone wrapped ours since. */
export function hookCommonJs(listener: CommonJsListener): () => void {
  const prototype = Module.prototype as unknown as ModuleInternals;
  const original = prototype.load;
  const folder = listener.applicationFolder;
  let isActive = true;

  /** What to do with the module's exports; undefined for nearly every module. */
  const actionFor = (module: NodeModule, filename: string): (() => void) | undefined => {
    const name = packageNameOf(filename);
    if (name !== undefined) {
      if (!listener.wantsPackage(name)) return undefined;
      return () => replaceExports(module, listener.onPackageFile(identify(filename, name), filename, module.exports));
    }
    if (folder === undefined || !filename.startsWith(folder)) return undefined;
    return () => replaceExports(module, listener.onApplicationFile(filename, module.exports));
  };

  const wrapper: Load = function (filename) {
    const action = isActive && typeof filename === 'string' ? actionFor(this, filename) : undefined;
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (action === undefined) return original.apply(this, arguments as unknown as [string]);
    let hasRun = false;
    afterRun(this, () => {
      hasRun = true;
      action();
    });
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const result = original.apply(this, arguments as unknown as [string]);
    // Somebody else's extension handler, or no JavaScript.
    if (!hasRun) {
      Reflect.deleteProperty(this, '_compile');
      action();
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

/** Nearly no CommonJS file has either: one expression, as every file that is loaded is searched. */
const MAY_LOAD_ESM = /\bimport\s*\(|^(?:import|export)\b/m;
const MAY_IMPORT = /\bimport\s*\(/;
/** Comments and quoted text, where `import(` means nothing, or a dynamic import itself. */
const COMMENT_TEXT_OR_IMPORT =
  /(?<![\\[])\/\*[\s\S]*?\*\/|(?<=^|[\s;{},)])\/\/.*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|(?<![\w$.])import\s*\(/gm;

/**
 * True when CommonJS source may call `import()`; the types in the comments of many packages (`import('.').X`) do not.
 * Errs on the side of true, apart from quotes in regular expressions.
 */
export function mayImport(source: string): boolean {
  if (!MAY_IMPORT.test(source)) return false;
  for (const [token] of source.matchAll(COMMENT_TEXT_OR_IMPORT)) if (token.startsWith('import')) return true;
  return false;
}

export interface EsModuleListener {
  /** Called once, before the first CommonJS file whose source may call `import()` runs; nothing else is called then. */
  onDynamicImport(): void;
  /**
   * Called around `load`, which may be a `require()` of an ES module with all that it imports. Says what `load` says.
   */
  aroundRequired<Result>(load: () => Result): Result;
}

/** What Node.js says of a file that `require()` found; absent in releases that cannot load ES modules so. */
function isEsmFormat(format: unknown): boolean {
  return format === 'module' || format === 'module-typescript';
}

/** Tells when ES modules may be about to be loaded in a process whose entry is none. */
export function beforeEsModules(listener: EsModuleListener): void {
  const prototype = Module.prototype as unknown as ModuleInternals;
  const original = prototype._compile;
  let isDone = false;
  const wrapper: Compile = function (content, ...rest) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const parameters = arguments as unknown as [string];
    const isEsm = isEsmFormat(rest[1]);
    if (isDone || typeof content !== 'string' || !(isEsm || MAY_LOAD_ESM.test(content))) {
      return original.apply(this, parameters);
    }
    if (isEsm || !mayImport(content)) return listener.aroundRequired(() => original.apply(this, parameters));
    isDone = true;
    if (prototype._compile === wrapper) prototype._compile = original;
    listener.onDynamicImport();
    return original.apply(this, parameters);
  };
  copyShape(wrapper, original);
  prototype._compile = wrapper;
}
