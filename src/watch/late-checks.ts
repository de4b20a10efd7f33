/**
 * What can be said about the loaded libraries once an application has started. Main thread; loaded at the first tick of
 * the watch and run at 5 and 60 seconds.
 */
import type { Log } from '../diag/log.js';
import { packageNameOf } from '../hooks/module-identity.js';
import type { Registry } from '../instrumentation/registry.js';
import { inspectBundle } from './bundle.js';
import { OTHER_AGENTS } from './other-agents.js';

export interface LateFacts {
  readonly log: Log;
  readonly registry: Pick<Registry, 'wantsPackage' | 'report'>;
  readonly entryFile: string | undefined;
  /** Paths of all CommonJS files that are loaded by now. */
  loadedFiles(): readonly string[];
  /** Spans that were made so far; undefined when nobody counts. */
  spanCount(): number | undefined;
}

function packagesOf(files: readonly string[]): Set<string> {
  const names = files.map(packageNameOf).filter((name): name is string => name !== undefined);
  return new Set(names);
}

function plural(names: readonly string[], one: string, many: string): string {
  return `${names.join(', ')} ${names.length === 1 ? one : many}`;
}

export class LateChecks {
  readonly #facts: LateFacts;
  /** What was said, once for the process. */
  readonly #said = new Set<string>();

  constructor(facts: LateFacts) {
    this.#facts = facts;
  }

  /** Runs the checks; each finding is one line. `isLast`: the application had all the time it needs. Never throws. */
  run(isLast: boolean): void {
    const loaded = packagesOf(this.#facts.loadedFiles());
    this.#checkEarly(loaded);
    this.#checkEsModules();
    this.#checkOtherAgents(loaded);
    if (isLast) this.#checkNothing();
    else void this.#checkBundle(loaded);
  }

  /** The names that were not given under this subject before. */
  #unsaid(subject: string, names: Iterable<string>): string[] {
    const fresh = [...names].filter((name) => !this.#said.has(`${subject} ${name}`));
    for (const name of fresh) this.#said.add(`${subject} ${name}`);
    return fresh;
  }

  #isUnseen(name: string): boolean {
    const { registry } = this.#facts;
    return registry.wantsPackage(name) && !registry.report.libraries.has(name);
  }

  #checkEarly(loaded: ReadonlySet<string>): void {
    const early = this.#unsaid(
      'early',
      [...loaded].filter((name) => this.#isUnseen(name)),
    );
    if (early.length === 0) return;
    this.#facts.log.warn('TA2007', `${plural(early, 'was', 'were')} loaded before the agent and cannot be traced`);
  }

  #checkEsModules(): void {
    const { libraries } = this.#facts.registry.report;
    const unpatched = libraries.list().filter(({ state }) => state === 'es module');
    const names = unpatched.map(({ module, version }) => `${module} ${version ?? '(unknown version)'}`);
    const fresh = this.#unsaid('es module', names);
    if (fresh.length === 0) return;
    this.#facts.log.warn('TA2009', `${plural(fresh, 'was', 'were')} loaded as ES module and cannot be traced`);
  }

  #checkOtherAgents(loaded: ReadonlySet<string>): void {
    const others = this.#unsaid(
      'agent',
      [...loaded].filter((name) => OTHER_AGENTS.has(name)),
    );
    if (others.length === 0) return;
    const what = 'loaded too: the same calls may be traced twice, or not at all';
    this.#facts.log.warn('TA2011', `${plural(others, 'is', 'are')} ${what}`);
  }

  async #checkBundle(loaded: ReadonlySet<string>): Promise<void> {
    const { entryFile, log } = this.#facts;
    if (entryFile === undefined || packageNameOf(entryFile) !== undefined) return;
    const finding = await inspectBundle(entryFile);
    if (finding === undefined) return;
    const inside = finding.packages.filter((name) => this.#isUnseen(name));
    if (inside.length > 0) {
      log.warn('TA2008', `${plural(inside, 'is', 'are')} bundled into ${entryFile} and cannot be traced`);
    } else if (finding.packages.length === 0 && loaded.size === 0) {
      log.warn('TA2008', `${entryFile} looks like a bundle: libraries inside it cannot be traced`);
    }
  }

  #checkNothing(): void {
    const { registry, spanCount, log } = this.#facts;
    const hasLibrary = registry.report.libraries.list().some(({ state }) => state === 'patched');
    if (hasLibrary || spanCount() !== 0) return;
    log.info('TA2010', 'after 60 s the application has loaded nothing that the agent traces, and made no span');
  }
}
