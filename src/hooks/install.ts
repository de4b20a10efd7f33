/**
 * The one module hook: chooses the mechanisms this Node.js offers and feeds one listener. Importing has no effect.
 *
 *   CommonJS files   Module.prototype.load, every Node                       (commonjs-hook.ts)
 *   built-ins        registerHooks            | else require-in-the-middle    (builtin-hook.ts)
 *   ES module builds registerHooks            | else import-in-the-middle     (esm-hook.ts, esm-loader.ts)
 *
 * Where `import` of a built-in cannot be seen (no registerHooks), the wanted ones are loaded and patched as soon as an ES
 * module is about to be: that costs a fraction of a loader thread, which only packages with an ES module build need.
 */
import Module from 'node:module';
import { dirname } from 'node:path';
import type { Log } from '../diag/log.js';
import { type BuiltinListener, hookBuiltinsByRequire, hookBuiltinsSync } from './builtin-hook.js';
import { beforeDynamicImport, type CommonJsListener, hookCommonJs } from './commonjs-hook.js';
import { type EsmListener, interceptEsm } from './esm-hook.js';
import { startEsmLoader } from './esm-loader.js';
import { isAnyInstalled } from './installed-packages.js';
import { identify } from './module-identity.js';
import { hasUsableSyncHooks } from './support.js';

export interface ModuleListener extends CommonJsListener, BuiltinListener, EsmListener {
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

function hookWithoutSyncHooks(listener: ModuleListener, options: HookOptions): void {
  const builtins = hookBuiltinsByRequire(listener);
  if (listener.builtins.length === 0 && listener.esmPackages.length === 0) return;
  const start = (): void => {
    const folder = options.entryFile === undefined ? process.cwd() : dirname(options.entryFile);
    if (!isAnyInstalled(listener.esmPackages, folder)) {
      builtins.loadAll();
      return;
    }
    try {
      startEsmLoader({
        builtins: listener.builtins,
        esmPackages: listener.esmPackages,
        onBuiltin: (name, exports) => builtins.see(name, exports),
        onEsmPackage: (name, baseDir, namespace) =>
          listener.onEsmPackage(identify(`${baseDir}/index.js`, name), namespace),
      });
    } catch (error) {
      options.log.warn('TA2004', `packages imported by ES modules are not traced: ${String(error)}`);
      builtins.loadAll();
    }
  };
  if (options.isEsmEntry) start();
  else beforeDynamicImport(start);
}

/** Installs the hook for the life of the process. */
export function installHooks(listener: ModuleListener, options: HookOptions): void {
  hookCommonJs(listener);
  if (hasUsableSyncHooks(options.nodeVersion) && 'registerHooks' in Module) {
    hookBuiltinsSync(listener, listener.esmPackages.length > 0 ? interceptEsm(listener) : undefined);
  } else {
    hookWithoutSyncHooks(listener, options);
  }
}
