/**
 * Told of a built-in module (`http`) when the application first loads it, before the application sees it. Three ways, the
 * best one that this Node.js has; each is taken out again as soon as every wanted built-in has been seen:
 *
 *   module.registerHooks, load      a cached `require` of a built-in costs half a microsecond more
 *   module.registerHooks, resolve   the same, where load hooks break `import` of CommonJS
 *   require-in-the-middle           taxes each cached `require`; sees no `import` (builtin-loads.ts does)
 */
import Module, { createRequire } from 'node:module';
import { hasLoaded, WATCHABLE, watchBuiltinLoads } from './builtin-loads.js';

export interface BuiltinListener {
  /** Names without the `node:` prefix, but of those that are packages without it. Read once. */
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

interface ResolveContext {
  readonly conditions?: Iterable<string>;
}
type NextResolve = (specifier: string, context?: ResolveContext) => unknown;

interface SyncHooks {
  registerHooks(hooks: {
    load?(url: string, context: LoadContext, nextLoad: NextLoad): LoadResult;
    resolve?(specifier: string, context: ResolveContext, nextResolve: NextResolve): unknown;
  }): { deregister(): void };
}

type OnRequire = <T>(exports: T, name: string) => T;
interface RequireInTheMiddle {
  Hook: new (modules: string[], onRequire: OnRequire) => { unhook(): void };
}

function bareName(url: string): string | undefined {
  if (url.startsWith('node:')) return url.slice(5);
  return undefined;
}

export interface BuiltinHook {
  /** Tells the hook of a built-in that came another way (an ES module hook). */
  see(name: string, exports: unknown): void;
  /**
   * From now on tells of those, too, that an `import` loads: the network's as soon as they have been, all others at once,
   * by loading them.
   */
  seeImports(): void;
}

/** Tracks which built-ins are still to come, calls the listener once for each and `onEmpty` after the last. */
class PendingBuiltins implements BuiltinHook {
  readonly #pending: Set<string>;
  readonly #listener: BuiltinListener;
  readonly #onEmpty: () => void;

  constructor(listener: BuiltinListener, onEmpty: () => void) {
    this.#listener = listener;
    this.#onEmpty = onEmpty;
    this.#pending = new Set(listener.builtins);
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  /** The name of the awaited built-in that `id` (`http`, `node:http`) means. */
  match(id: unknown): string | undefined {
    if (typeof id !== 'string') return undefined;
    if (this.#pending.has(id)) return id;
    const name = bareName(id);
    return name !== undefined && this.#pending.has(name) ? name : undefined;
  }

  see(name: string, exports: unknown): void {
    this.take(name, () => exports);
  }

  seeImports(): void {
    for (const name of this.#pending) {
      if (!WATCHABLE.includes(name) || hasLoaded(name) !== false) this.take(name, () => loadBuiltin(name));
    }
    if (this.isEmpty) return;
    const watch = watchBuiltinLoads(() => {
      for (const name of this.#pending) if (hasLoaded(name)) this.take(name, () => loadBuiltin(name));
      if (this.isEmpty) watch.stop();
    });
  }

  /** `read` is called after the name is taken off the list, so that a nested load of the same name passes. */
  take(name: string, read: () => unknown): void {
    if (!this.#pending.delete(name)) return;
    this.#listener.onBuiltin(name, read());
    Module.syncBuiltinESMExports();
    if (this.isEmpty) this.#onEmpty();
  }
}

/** Exports of a built-in without going through anybody's hooks more than once. */
function loadBuiltin(name: string): unknown {
  return createRequire(__filename)(name.startsWith('node:') ? name : `node:${name}`);
}

type Getter = (this: unknown, id: string) => unknown;

/** `process.getBuiltinModule` passes by every hook. Returns the remover. */
function hookGetter(pending: () => PendingBuiltins): () => void {
  const host = process as unknown as { getBuiltinModule?: Getter };
  const original = host.getBuiltinModule;
  if (original === undefined) return () => undefined;
  const wrapper: Getter = function getBuiltinModule(id) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed
    const exports = original.apply(this, arguments as unknown as [string]);
    const name = pending().match(id);
    if (name !== undefined) pending().see(name, exports);
    return exports;
  };
  host.getBuiltinModule = wrapper;
  return () => {
    if (host.getBuiltinModule === wrapper) host.getBuiltinModule = original;
  };
}

/**
 * With synchronous hooks. `intercept` may take over the load of an ES module (it sees only `file:` URLs); when it is
 * undefined the hook removes itself after the last built-in.
 */
export function hookBuiltinsByLoad(listener: BuiltinListener, intercept: LoadInterceptor | undefined): BuiltinHook {
  const unhookGetter = hookGetter(() => pending);
  const pending = new PendingBuiltins(listener, () => {
    unhookGetter();
    if (intercept === undefined) hooks.deregister();
  });
  const hooks = (Module as unknown as SyncHooks).registerHooks({
    load(url, context, nextLoad) {
      if (!pending.isEmpty) {
        if (url.startsWith('node:')) {
          const name = pending.match(url);
          if (name !== undefined) pending.take(name, () => loadBuiltin(name));
          return nextLoad(url, context);
        }
      }
      return intercept?.(url, context, nextLoad) ?? nextLoad(url, context);
    },
  });
  return pending;
}

/**
 * With synchronous hooks of which only `resolve` can be trusted. `onImport` is told the specifiers that ES modules
 * import; when it is undefined the hook removes itself after the last built-in.
 */
export function hookBuiltinsByResolve(
  listener: BuiltinListener,
  onImport: ((specifier: string) => void) | undefined,
): BuiltinHook {
  const unhookGetter = hookGetter(() => pending);
  const pending = new PendingBuiltins(listener, () => {
    unhookGetter();
    if (onImport === undefined) hooks.deregister();
  });
  const hooks = (Module as unknown as SyncHooks).registerHooks({
    resolve(specifier, context, nextResolve) {
      const name = pending.match(specifier);
      if (name !== undefined) pending.take(name, () => loadBuiltin(name));
      else if (onImport !== undefined && isImport(context)) onImport(specifier);
      return nextResolve(specifier, context);
    },
  });
  return pending;
}

function isImport({ conditions }: ResolveContext): boolean {
  for (const condition of conditions ?? []) if (condition === 'import') return true;
  return false;
}

/** With require-in-the-middle, where there are no synchronous hooks: sees `require` and `process.getBuiltinModule`. */
export function hookBuiltinsByRequire(listener: BuiltinListener): BuiltinHook {
  const { Hook } = require('require-in-the-middle') as RequireInTheMiddle;
  const pending = new PendingBuiltins(listener, () => hook.unhook());
  const hook = new Hook([...listener.builtins], (exports, name) => {
    pending.see(name, exports);
    return exports;
  });
  return pending;
}
