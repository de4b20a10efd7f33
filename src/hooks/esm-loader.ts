/**
 * Told of built-ins and packages that ES modules import, on Node.js without usable synchronous hooks: starts Node's
 * loader thread with import-in-the-middle and an include list. Costs tens of milliseconds, so it is started only for an
 * application that uses ES modules. Modules outside the list are never wrapped.
 */
import type ModuleClass from 'node:module';
import { pathToFileURL } from 'node:url';

export interface EsmLoaderListener {
  readonly builtins: readonly string[];
  /** Packages that have an ES module build of their own. */
  readonly esmPackages: readonly string[];
  /** The exports object that `require` of the built-in gives. */
  onBuiltin(name: string, exports: unknown): void;
  onEsmPackage(name: string, baseDir: string, namespace: unknown): void;
}

type Namespace = Record<string, unknown>;
type HookFunction = (namespace: Namespace, name: string, baseDir: string | undefined) => void;
interface ImportInTheMiddle {
  Hook: new (modules: readonly string[], hook: HookFunction) => unknown;
}

/** Copies what patching changed on a built-in into the names that ES modules import one by one. */
function refreshNamedExports(namespace: Namespace, exports: Record<string, unknown>): void {
  for (const key of Object.keys(namespace)) {
    if (key !== 'default' && key in exports && namespace[key] !== exports[key]) namespace[key] = exports[key];
  }
}

/** Starts the loader. Throws where threads are forbidden (`--permission`): the caller reports it. */
export function startEsmLoader(listener: EsmLoaderListener): void {
  const { Hook } = require('import-in-the-middle') as ImportInTheMiddle;
  new Hook([...listener.builtins, ...listener.esmPackages], (namespace, name, baseDir) => {
    if (baseDir !== undefined) {
      listener.onEsmPackage(name, baseDir, namespace);
      return;
    }
    const exports = namespace.default as Record<string, unknown>;
    listener.onBuiltin(name, exports);
    refreshNamedExports(namespace, exports);
  });
  const include = [...listener.builtins, ...listener.builtins.map((name) => `node:${name}`), ...listener.esmPackages];
  const loader = pathToFileURL(require.resolve('import-in-the-middle/hook.mjs'));
  (require('node:module') as typeof ModuleClass).register(loader, { data: { include } });
}
