/**
 * The one module hook: chooses the mechanisms this Node.js offers and feeds one listener. Importing has no effect.
 *
 *   CommonJS files   Module.prototype.load, every Node                       (commonjs-hook.ts)
 *   built-ins        registerHooks            | else require-in-the-middle    (builtin-hook.ts)
 *   ES module builds registerHooks            | else import-in-the-middle     (esm-hook.ts, esm-loader.ts)
 */
import Module from 'node:module';
import type { Log } from '../diag/log.js';
import { type BuiltinListener, hookBuiltinsByRequire, hookBuiltinsSync } from './builtin-hook.js';
import { beforeDynamicImport, type CommonJsListener, hookCommonJs } from './commonjs-hook.js';
import { type EsmListener, interceptEsm } from './esm-hook.js';
import { startEsmLoader } from './esm-loader.js';
import { identify } from './module-identity.js';
import { hasUsableSyncHooks } from './support.js';

export interface ModuleListener extends CommonJsListener, BuiltinListener, EsmListener {
  /** Packages whose ES module build is wanted. Read once. */
  readonly esmPackages: readonly string[];
}

export interface HookOptions {
  readonly nodeVersion: string;
  /** True when the entry is an ES module. */
  readonly isEsmEntry: boolean;
  readonly log: Log;
}

function hookWithoutSyncHooks(listener: ModuleListener, options: HookOptions): void {
  const builtins = hookBuiltinsByRequire(listener);
  if (listener.builtins.length === 0 && listener.esmPackages.length === 0) return;
  const start = (): void => {
    try {
      startEsmLoader({
        builtins: listener.builtins,
        esmPackages: listener.esmPackages,
        onBuiltin: (name, exports) => builtins.see(name, exports),
        onEsmPackage: (name, baseDir, namespace) =>
          listener.onEsmPackage(identify(`${baseDir}/index.js`, name), namespace),
      });
    } catch (error) {
      options.log.warn(`built-in modules imported by ES modules are not traced: ${String(error)}`);
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
