/**
 * Told of a built-in module (`http`) when the application first loads it, before the application sees it.
 * `module.registerHooks` where it is usable; else require-in-the-middle, which is taken out again as soon as every
 * wanted built-in has been seen, because it taxes each cached `require`.
 */
import Module, { createRequire } from 'node:module';

export interface BuiltinListener {
  /** Names without the `node:` prefix. Read once. */
  readonly builtins: readonly string[];
  /** Gets the built-in's own exports object, once per name. Returned exports are ignored: patch in place. */
  onBuiltin(name: string, exports: unknown): void;
}

interface LoadContext {
  readonly format?: string | null | undefined;
}
interface LoadResult {
  readonly format?: string | null | undefined;
  readonly source?: unknown;
  readonly shortCircuit?: boolean;
}
type NextLoad = (url: string, context?: LoadContext) => LoadResult;

/** Decides about one module; undefined = not ours, load it as usual. */
export type LoadInterceptor = (url: string, context: LoadContext, nextLoad: NextLoad) => LoadResult | undefined;

interface SyncHooks {
  registerHooks(hooks: { load(url: string, context: LoadContext, nextLoad: NextLoad): LoadResult }): {
    deregister(): void;
  };
}

type OnRequire = <T>(exports: T, name: string) => T;
interface RequireInTheMiddle {
  Hook: new (modules: string[], onRequire: OnRequire) => { unhook(): void };
}

function bareName(url: string): string | undefined {
  if (url.startsWith('node:')) return url.slice(5);
  return undefined;
}

/** Exports of a built-in without going through anybody's hooks more than once. */
function loadBuiltin(name: string): unknown {
  return createRequire(__filename)(`node:${name}`);
}

/** Tracks which built-ins are still to come and calls the listener once for each. */
class PendingBuiltins {
  readonly #pending: Set<string>;
  readonly #listener: BuiltinListener;

  constructor(listener: BuiltinListener) {
    this.#listener = listener;
    this.#pending = new Set(listener.builtins);
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  has(name: string): boolean {
    return this.#pending.has(name);
  }

  loadAll(): void {
    for (const name of this.#pending) this.see(name, () => loadBuiltin(name));
  }

  /** `read` is called after the name is taken off the list, so that a nested load of the same name passes. */
  see(name: string, read: () => unknown): void {
    if (!this.#pending.delete(name)) return;
    this.#listener.onBuiltin(name, read());
    Module.syncBuiltinESMExports();
  }
}

export interface BuiltinHook {
  /** Tells the hook of a built-in that came another way (an ES module hook). */
  see(name: string, exports: unknown): void;
  /** Loads what has not come yet. */
  loadAll(): void;
}

/**
 * With synchronous hooks. `intercept` may take over the load of an ES module (it sees only `file:` URLs); when it is
 * undefined the hook removes itself after the last built-in.
 */
export function hookBuiltinsSync(listener: BuiltinListener, intercept: LoadInterceptor | undefined): BuiltinHook {
  const pending = new PendingBuiltins(listener);
  const hooks = (Module as unknown as SyncHooks).registerHooks({
    load(url, context, nextLoad) {
      if (!pending.isEmpty) {
        const name = bareName(url);
        if (name !== undefined) {
          if (pending.has(name)) {
            pending.see(name, () => loadBuiltin(name));
            if (pending.isEmpty && intercept === undefined) hooks.deregister();
          }
          return nextLoad(url, context);
        }
      }
      return intercept?.(url, context, nextLoad) ?? nextLoad(url, context);
    },
  });
  return { see: (name, exports) => pending.see(name, () => exports), loadAll: () => pending.loadAll() };
}

/** With require-in-the-middle, for Node.js without usable synchronous hooks: sees `require` only. */
export function hookBuiltinsByRequire(listener: BuiltinListener): BuiltinHook {
  const { Hook } = require('require-in-the-middle') as RequireInTheMiddle;
  const pending = new PendingBuiltins(listener);
  const unhookWhenDone = (): void => {
    if (pending.isEmpty) hook.unhook();
  };
  const hook = new Hook([...listener.builtins], (exports, name) => {
    pending.see(name, () => exports);
    unhookWhenDone();
    return exports;
  });
  return {
    see(name, exports) {
      pending.see(name, () => exports);
      unhookWhenDone();
    },
    loadAll() {
      pending.loadAll();
      unhookWhenDone();
    },
  };
}
