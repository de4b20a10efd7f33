/**
 * What became of each library that was loaded and has an instrumentation: patched, or why not. Application's thread, at
 * module load only.
 */

/**
 * patched: at least one of its files was changed · loaded: seen, nothing to change in the files so far · unsupported: a
 * version out of range · failed: left as it was · es module: its ES module build was loaded, which nothing can change.
 */
export type LibraryState = 'patched' | 'loaded' | 'unsupported' | 'failed' | 'es module';

export interface Library {
  /** Package, or built-in without prefix. */
  readonly module: string;
  /** Undefined for built-ins and where package.json cannot be read. */
  readonly version: string | undefined;
  readonly state: LibraryState;
  /** Why it is not patched. */
  readonly reason: string | undefined;
}

/** Weaker states do not replace stronger ones: one patched file makes a patched library. */
const STRENGTH: Readonly<Record<LibraryState, number>> = {
  loaded: 0,
  'es module': 1,
  unsupported: 2,
  failed: 3,
  patched: 4,
};

export class Libraries {
  readonly #byKey = new Map<string, Library>();
  readonly #names = new Set<string>();

  /** In the order in which they were first loaded. */
  list(): readonly Library[] {
    return [...this.#byKey.values()];
  }

  has(module: string): boolean {
    return this.#names.has(module);
  }

  /** True when the state is new for this version of the library. */
  note(module: string, version: string | undefined, state: LibraryState, reason?: string): boolean {
    const key = `${module}@${version}`;
    const known = this.#byKey.get(key);
    if (known !== undefined && STRENGTH[known.state] >= STRENGTH[state]) return false;
    this.#names.add(module);
    this.#byKey.set(key, { module, version, state, reason });
    return true;
  }
}
