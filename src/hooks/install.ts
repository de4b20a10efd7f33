/**
 * The one module hook: chooses the mechanisms this Node.js offers and feeds one listener. Importing has no effect.
 *
 *   CommonJS files   Module.prototype.load, every Node                                       (commonjs-hook.ts)
 *   built-ins        registerHooks: load  | registerHooks: resolve  | require-in-the-middle (builtin-hook.ts)
 *   ES module builds registerHooks: load  | import-in-the-middle    | import-in-the-middle      (esm-hook.ts,
 *                    (support.ts: which)  | when one is imported    | when one is installed       esm-loader.ts)
 *   bundled          a statement that our bundler plugins append                             (bundled.ts)
 *
 * Where there is no registerHooks, the `import` of a built-in shows by what Node's own modules read while they are loaded
 * (builtin-loads.ts): that costs a fraction of a loader thread, which only packages with an ES module build need.
 */
import Module from 'node:module';
import { dirname } from 'node:path';
import type { Log } from '../diag/log.js';
import {
  type BuiltinHook,
  type BuiltinListener,
  hookBuiltinsByLoad,
  hookBuiltinsByRequire,
  hookBuiltinsByResolve,
} from './builtin-hook.js';
import { type BundledListener, hookBundled } from './bundled.js';
import { beforeDynamicImport, type CommonJsListener, hookCommonJs } from './commonjs-hook.js';
import { type EsmListener, interceptEsm } from './esm-hook.js';
import { startEsmLoader } from './esm-loader.js';
import { isAnyInstalled } from './installed-packages.js';
import { identify } from './module-identity.js';
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

function hookWithoutSyncHooks(listener: ModuleListener, options: HookOptions): void {
  const seen = hookBuiltinsByRequire(listener);
  if (listener.builtins.length === 0 && listener.esmPackages.length === 0) return;
  const start = (): void => {
    const folder = options.entryFile === undefined ? process.cwd() : dirname(options.entryFile);
    if (!isAnyInstalled(listener.esmPackages, folder) || !startLoader(listener, listener.builtins, seen, options.log)) {
      seen.seeImports();
    }
  };
  if (options.isEsmEntry) start();
  else beforeDynamicImport(start);
}

function hookWithResolveHooks(listener: ModuleListener, log: Log): void {
  let isStarted = false;
  const onImport = (specifier: string): void => {
    if (isStarted || !isWanted(listener.esmPackages, specifier)) return;
    isStarted = true;
    startLoader(listener, [], undefined, log);
  };
  hookBuiltinsByResolve(listener, listener.esmPackages.length > 0 ? onImport : undefined);
}

function isWanted(packages: readonly string[], specifier: string): boolean {
  return packages.some((name) => specifier === name || specifier.startsWith(`${name}/`));
}

/** Installs the hook for the life of the process. */
export function installHooks(listener: ModuleListener, options: HookOptions): void {
  hookCommonJs(listener);
  hookBundled(listener);
  if (!('registerHooks' in Module)) hookWithoutSyncHooks(listener, options);
  else if (hasUsableLoadHooks(options.nodeVersion)) {
    hookBuiltinsByLoad(listener, listener.esmPackages.length > 0 ? interceptEsm(listener) : undefined);
  } else hookWithResolveHooks(listener, options.log);
}
