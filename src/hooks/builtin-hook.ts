/**
 * Told of a built-in module (`http`) when the application first loads it, before the application sees it. Each way is
 * taken out again as soon as every wanted built-in has been seen:
 *
 *   module.registerHooks, load     a cached `require` of a built-in costs half a microsecond more
 *   Module.prototype.require       where there is none, or load hooks break `import` of CommonJS: one lookup for each
 *                                  `require`, 30 ns; sees no `import`, for which are, as soon as there may be one,
 *     module.registerHooks, resolve    300 ns for each `require`, or
 *     builtin-loads.ts                 where there are no such hooks
 */
import { hasLoaded, WATCHABLE, watchBuiltinLoads } from './builtin-loads.js';
import { Module } from './node-module.js';

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

export interface BuiltinHook {
  /** Tells the hook of a built-in that came another way (an ES module hook). */
  see(name: string, exports: unknown): void;
  /**
   * From now on tells of those, too, that an `import` loads: the network's as soon as they have been, all others at once,
   * by loading them.
   */
  seeImports(): void;
  /**
   * The same with synchronous resolve hooks, before the importing module runs. `onImport` is told all specifiers that ES
   * modules import; without it the hook removes itself after the last built-in. Returns the remover.
   */
  resolveImports(onImport: ((specifier: string) => void) | undefined): () => void;
  /** Tells of those that have been loaded by now, however. */
  catchUp(): void;
}

const PREFIX = 'node:';

function idsOf(name: string): string[] {
  return name.startsWith(PREFIX) ? [name] : [name, PREFIX + name];
}

/** Tracks which built-ins are still to come, calls the listener once for each, and the removers after the last. */
class PendingBuiltins implements BuiltinHook {
  readonly #pending: Set<string>;
  /** What modules are asked for by, with the name of what that is. */
  readonly #ids: Map<unknown, string>;
  readonly #listener: BuiltinListener;
  readonly #removers: (() => void)[] = [];

  constructor(listener: BuiltinListener) {
    this.#listener = listener;
    this.#pending = new Set(listener.builtins);
    this.#ids = new Map(listener.builtins.flatMap((name) => idsOf(name).map((id) => [id, name] as const)));
  }

  get isEmpty(): boolean {
    return this.#pending.size === 0;
  }

  whenEmpty(remove: () => void): void {
    if (this.isEmpty) remove();
    else this.#removers.push(remove);
  }

  /** The name of the awaited built-in that `id` (`http`, `node:http`) means. Hot: each `require` asks. */
  match(id: unknown): string | undefined {
    return this.#ids.get(id);
  }

  see(name: string, exports: unknown): void {
    this.take(name, () => exports);
  }

  catchUp(): void {
    for (const name of this.#pending) if (hasLoaded(name)) this.take(name, () => loadBuiltin(name));
  }

  seeImports(): void {
    for (const name of this.#pending) {
      if (!WATCHABLE.includes(name) || hasLoaded(name) !== false) this.take(name, () => loadBuiltin(name));
    }
    if (this.isEmpty) return;
    const watch = watchBuiltinLoads(() => this.catchUp());
    this.whenEmpty(() => watch.stop());
  }

  resolveImports(onImport: ((specifier: string) => void) | undefined): () => void {
    const hooks = (Module as unknown as SyncHooks).registerHooks({
      resolve: (specifier, context, nextResolve) => {
        const name = this.match(specifier);
        if (name !== undefined) this.take(name, () => loadBuiltin(name));
        else if (onImport !== undefined && isImport(context)) onImport(specifier);
        return nextResolve(specifier, context);
      },
    });
    let isRemoved = false;
    const remove = (): void => {
      if (!isRemoved) hooks.deregister();
      isRemoved = true;
    };
    if (onImport === undefined) this.whenEmpty(remove);
    return remove;
  }

  /** `read` is called after the name is taken off the list, so that a nested load of the same name passes. */
  take(name: string, read: () => unknown): void {
    if (!this.#pending.delete(name)) return;
    for (const id of idsOf(name)) this.#ids.delete(id);
    this.#listener.onBuiltin(name, read());
    Module.syncBuiltinESMExports();
    if (this.isEmpty) for (const remove of this.#removers.splice(0)) remove();
  }
}

/** Exports of a built-in without going through anybody's hooks more than once. */
function loadBuiltin(name: string): unknown {
  return Module.createRequire(__filename)(idsOf(name).at(-1) as string);
}

type Getter = (this: unknown, id: string) => unknown;

/** Tells of what a function that gives modules by their names has given. */
function follow(original: Getter, pending: PendingBuiltins): Getter {
  const wrapper: Getter = function (id) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const exports = original.apply(this, arguments as unknown as [string]);
    const name = pending.match(id);
    if (name !== undefined) pending.see(name, exports);
    return exports;
  };
  for (const key of ['name', 'length']) {
    const descriptor = Object.getOwnPropertyDescriptor(original, key);
    if (descriptor !== undefined) Object.defineProperty(wrapper, key, descriptor);
  }
  return wrapper;
}

function followMethod<Key extends string>(
  owner: Partial<Record<Key, Getter>>,
  key: Key,
  pending: PendingBuiltins,
): void {
  const original = owner[key];
  if (original === undefined || pending.isEmpty) return;
  const wrapper = follow(original, pending);
  owner[key] = wrapper;
  pending.whenEmpty(() => {
    if (owner[key] === wrapper) owner[key] = original;
  });
}

/** `process.getBuiltinModule` passes by every hook. */
function followGetter(pending: PendingBuiltins): void {
  followMethod(process as { getBuiltinModule?: Getter }, 'getBuiltinModule', pending);
}

/**
 * With synchronous hooks. `intercept` may take over the load of an ES module (it sees only `file:` URLs); when it is
 * undefined the hook removes itself after the last built-in.
 */
export function hookBuiltinsByLoad(listener: BuiltinListener, intercept: LoadInterceptor | undefined): BuiltinHook {
  const pending = new PendingBuiltins(listener);
  followGetter(pending);
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
  if (intercept === undefined) pending.whenEmpty(() => hooks.deregister());
  return pending;
}

/** Without them: sees `require` and `process.getBuiltinModule`. */
export function hookBuiltinsByRequire(listener: BuiltinListener): BuiltinHook {
  const pending = new PendingBuiltins(listener);
  followGetter(pending);
  followMethod(Module.prototype as { require?: Getter }, 'require', pending);
  return pending;
}

function isImport({ conditions }: ResolveContext): boolean {
  for (const condition of conditions ?? []) if (condition === 'import') return true;
  return false;
}
