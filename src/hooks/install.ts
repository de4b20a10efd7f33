/**
 * The one module hook: chooses the mechanisms this Node.js offers and feeds one listener. Importing has no effect.
 *
 *   CommonJS files   Module.prototype.load, every Node                                              (commonjs-hook.ts)
 *   built-ins        registerHooks: load  | Module.prototype.require, and before the first `import`    (builtin-hook.ts)
 *                    (support.ts: which)  | registerHooks: resolve  | what Node's own modules read  (builtin-loads.ts)
 *   ES module builds registerHooks: load  | import-in-the-middle    | import-in-the-middle              (esm-hook.ts,
 *                                         | when one is imported    | when one is installed             esm-loader.ts)
 *   bundled          a statement that our bundler plugins append                                        (bundled.ts)
 *
 * A resolve hook costs each `require`, and a loader thread 30 ms: neither is there before an ES module may be.
 */
import { dirname } from 'node:path';
import type { Log } from '../diag/log.js';
import { type BuiltinHook, type BuiltinListener, hookBuiltinsByLoad, hookBuiltinsByRequire } from './builtin-hook.js';
import { type BundledListener, hookBundled } from './bundled.js';
import { beforeEsModules, type CommonJsListener, hookCommonJs } from './commonjs-hook.js';
import { type EsmListener, interceptEsm } from './esm-hook.js';
import { startEsmLoader } from './esm-loader.js';
import { isAnyInstalled } from './installed-packages.js';
import { identify } from './module-identity.js';
import { Module } from './node-module.js';
import { hasUsableLoadHooks } from './support.js';

export interface ModuleListener extends CommonJsListener, BuiltinListener, EsmListener, BundledListener {
  /** Packages whose ES module build is wanted. Read once. */
  readonly esmPackages: readonly string[];
}

export interface HookOptions {
  readonly nodeVersion: string;
  /** Absolute path of the entry file; undefined for `-e`, a REPL or standard input. */
  readonly entryFile: string | undefined;
  /** True when the entry is an ES module. */
  readonly isEsmEntry: boolean;
  readonly log: Log;
}

/** Starts the loader thread; `builtins` are those that it has to watch, too. False where it may not start. */
function startLoader(
  listener: ModuleListener,
  builtins: readonly string[],
  seen: BuiltinHook | undefined,
  log: Log,
): boolean {
  try {
    startEsmLoader({
      builtins,
      esmPackages: listener.esmPackages,
      onBuiltin: (name, exports) => seen?.see(name, exports),
      onEsmPackage: (name, baseDir, namespace) =>
        listener.onEsmPackage(identify(`${baseDir}/index.js`, name), namespace),
    });
    return true;
  } catch (error) {
    log.warn('TA2004', `packages imported by ES modules are not traced: ${String(error)}`);
    return false;
  }
}

const hasSyncHooks = 'registerHooks' in Module;

/** Where there are no synchronous hooks of any use to ES modules. */
function seeImports(listener: ModuleListener, seen: BuiltinHook, { entryFile, log }: HookOptions): void {
  const folder = entryFile === undefined ? process.cwd() : dirname(entryFile);
  const isNeeded = isAnyInstalled(listener.esmPackages, folder);
  if (!isNeeded || !startLoader(listener, listener.builtins, seen, log)) seen.seeImports();
}

/** Returns what sees the imports of ES modules by a resolve hook from now on, and returns the remover of that. */
function createImportHook(listener: ModuleListener, seen: BuiltinHook, log: Log): () => () => void {
  let isStarted = false;
  const onImport = (specifier: string): void => {
    if (isStarted || !isWanted(listener.esmPackages, specifier)) return;
    isStarted = true;
    startLoader(listener, [], undefined, log);
  };
  return () => seen.resolveImports(listener.esmPackages.length > 0 ? onImport : undefined);
}

function hookWithoutLoadHooks(listener: ModuleListener, options: HookOptions): void {
  const seen = hookBuiltinsByRequire(listener);
  if (listener.builtins.length === 0 && listener.esmPackages.length === 0) return;
  const hookImports = hasSyncHooks ? createImportHook(listener, seen, options.log) : undefined;
  const onDynamicImport = (): void => {
    if (hookImports === undefined) seeImports(listener, seen, options);
    else hookImports();
  };
  if (options.isEsmEntry) {
    onDynamicImport();
    return;
  }
  beforeEsModules({
    onDynamicImport,
    aroundRequired(load) {
      const remove = hookImports?.();
      try {
        return load();
      } finally {
        remove?.();
        seen.catchUp();
      }
    },
  });
}

function isWanted(packages: readonly string[], specifier: string): boolean {
  return packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

/** Installs the hook for the life of the process. */
export function installHooks(listener: ModuleListener, options: HookOptions): void {
  hookCommonJs(listener);
  hookBundled(listener);
  if (hasSyncHooks && hasUsableLoadHooks(options.nodeVersion)) {
    hookBuiltinsByLoad(listener, listener.esmPackages.length > 0 ? interceptEsm(listener) : undefined);
  } else hookWithoutLoadHooks(listener, options);
}
