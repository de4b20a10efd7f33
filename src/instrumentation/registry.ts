/**
 * Listens to the module hook: finds the instrumentations that want a module, creates them on first need and applies
 * their patches. A fault in any of it leaves the module's exports as they were.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { EsmListener } from '../hooks/esm-hook.js';
import type { ModuleListener } from '../hooks/install.js';
import { type PackageIdentity, relativeFile } from '../hooks/module-identity.js';
import { Module } from '../hooks/node-module.js';
import { Libraries } from './libraries.js';
import { isInPlainRange } from './plain-range.js';
import { allOrNothing, standby } from './standby.js';
import type { TableEntry } from './table.js';
import type { Instrumentation, InstrumentationContext, PatchTarget } from './types.js';

const hasSyncHooks = 'registerHooks' in Module;

interface Slot {
  readonly entry: TableEntry;
  /** undefined = not created yet; null = its creation failed. */
  instrumentation: Instrumentation | null | undefined;
  /** The first module that was patched. */
  patched: string | undefined;
}

export interface RegistryReport {
  /** Instrumentations that patched at least one module, by name. */
  readonly applied: ReadonlySet<string>;
  /** Every library with an instrumentation that was loaded. */
  readonly libraries: Libraries;
}

export interface Registry extends ModuleListener, EsmListener {
  /** One more instrumentation, after the start. Built-ins that it wants are its own business. */
  add(entry: TableEntry): void;
  /** Creates the instrumentations whose target is there before any module is loaded. Never throws. */
  startGlobals(): void;
  readonly report: RegistryReport;
}

type Versions = typeof import('./versions.js');

// Loaded with the first version or range that is not plain, never at boot.
const versions = (): Versions => require('./versions.js') as Versions;

function isSupported(version: string | undefined, target: PatchTarget): boolean {
  if (target.versions.length === 0 || target.versions.includes('*')) return true;
  if (version === undefined) return false;
  return target.versions.some(
    (range) => isInPlainRange(version, range) ?? versions().satisfies(version, range, { includePrerelease: true }),
  );
}

function rangesOf(targets: readonly PatchTarget[]): string {
  return [...new Set(targets.flatMap((target) => target.versions))].join(' || ');
}

/** Newer than every range, as opposed to older or in a gap. */
function isNewer(version: string | undefined, targets: readonly PatchTarget[]): boolean {
  if (version === undefined) return false;
  return versions().isGreater(version, rangesOf(targets), { includePrerelease: true });
}

function targetFor(identity: PackageIdentity, filename: string): string | undefined {
  return filename === identity.mainFile ? undefined : relativeFile(identity, filename);
}

class ModuleRegistry implements Registry {
  readonly builtins: readonly string[];
  readonly esmPackages: readonly string[];
  readonly applicationFolder: string | undefined;
  readonly #applicationSlots: readonly Slot[];
  readonly #globalSlots: readonly Slot[];
  readonly #slots = new Map<string, Slot[]>();
  readonly #context: InstrumentationContext;
  readonly #applied = new Set<string>();
  readonly #libraries = new Libraries();

  constructor(entries: readonly TableEntry[], context: InstrumentationContext) {
    this.#context = context;
    const builtins: string[] = [];
    const esmPackages: string[] = [];
    const applicationSlots: Slot[] = [];
    const globalSlots: Slot[] = [];
    for (const entry of entries) {
      const slot = this.#open(entry);
      if (entry.isBuiltin === true && (entry.needsSyncHooks !== true || hasSyncHooks)) builtins.push(...entry.modules);
      if (entry.hasEsmBuild === true) esmPackages.push(...entry.modules);
      if (entry.patchesApplicationFiles === true) applicationSlots.push(slot);
      if (entry.isGlobal === true || entry.isLoadedAtStart === true) globalSlots.push(slot);
      if (entry.announcedBy !== undefined) this.#awaitAnnouncement(slot, entry.announcedBy);
    }
    this.#globalSlots = globalSlots;
    this.#applicationSlots = applicationSlots;
    this.applicationFolder = applicationSlots.length > 0 ? context.config.lambdaTaskRoot : undefined;
    this.builtins = builtins;
    this.esmPackages = esmPackages;
  }

  #open(entry: TableEntry): Slot {
    const slot: Slot = { entry, instrumentation: undefined, patched: undefined };
    for (const name of entry.modules) {
      const slots = this.#slots.get(name);
      if (slots === undefined) this.#slots.set(name, [slot]);
      else slots.push(slot);
    }
    return slot;
  }

  add(entry: TableEntry): void {
    this.#open(entry);
  }

  /** A library that publishes its own start is seen wherever its code is, in a bundle too. */
  #awaitAnnouncement(slot: Slot, channel: string): void {
    let isFirst = true;
    const onAnnounced = (message: unknown): void => {
      if (!isFirst) return;
      isFirst = false;
      // Not now: Node walks the list of subscribers.
      queueMicrotask(() => unsubscribe(channel, onAnnounced));
      try {
        this.#instrumentationOf(slot)?.onAnnounced?.(message);
        this.#applied.add(slot.entry.name);
        // In a bundle nothing says which version it is.
        for (const module of slot.entry.modules) {
          if (!this.#libraries.has(module)) this.#libraries.note(module, undefined, 'patched');
        }
      } catch (error) {
        this.#context.log.warn('TA2002', `instrumentation ${slot.entry.name} could not be started: ${String(error)}`);
      }
    };
    subscribe(channel, onAnnounced);
  }

  startGlobals(): void {
    for (const slot of this.#globalSlots) {
      const isCreated = this.#instrumentationOf(slot) !== null;
      if (isCreated && slot.entry.isGlobal === true) this.#applied.add(slot.entry.name);
    }
  }

  get report(): RegistryReport {
    return { applied: this.#applied, libraries: this.#libraries };
  }

  wantsPackage(name: string): boolean {
    return this.#slots.has(name);
  }

  wantsEsmPackage(name: string): boolean {
    return this.esmPackages.includes(name);
  }

  replacedDefault(name: string): string | undefined {
    return this.#slots.get(name)?.find(({ entry }) => entry.esmDefault !== undefined)?.entry.esmDefault;
  }

  onPackageFile(identity: PackageIdentity, filename: string, exports: unknown): unknown {
    return this.#patch(identity.name, targetFor(identity, filename), identity.version, exports);
  }

  onApplicationFile(filename: string, exports: unknown): unknown {
    let current = exports;
    for (const slot of this.#applicationSlots) {
      for (const target of this.#instrumentationOf(slot)?.targets ?? []) {
        if (target.module === filename) current = this.#apply(slot, target, undefined, current);
      }
    }
    return current;
  }

  onBundledFile(name: string, version: string | undefined, file: string | undefined, exports: unknown): unknown {
    return this.#patch(name, file, version, exports);
  }

  onEsmPackage(identity: PackageIdentity, namespace: unknown): void {
    this.#patch(identity.name, undefined, identity.version, namespace);
  }

  onOtherEsmPackage(identity: PackageIdentity): void {
    this.#libraries.note(identity.name, identity.version, 'es module', 'its ES module build cannot be patched');
  }

  onBuiltin(name: string, exports: unknown): void {
    this.#patch(name, undefined, undefined, exports);
  }

  #patch(module: string, file: string | undefined, version: string | undefined, exports: unknown): unknown {
    let current = exports;
    this.#libraries.note(module, version, 'loaded');
    if (standby.isDown) return exports;
    for (const slot of this.#slots.get(module) ?? []) {
      const instrumentation = this.#instrumentationOf(slot);
      if (instrumentation === null) {
        this.#libraries.note(module, version, 'failed', `instrumentation ${slot.entry.name} could not be loaded`);
        continue;
      }
      const targets = instrumentation.targets.filter((target) => target.module === module);
      const isTried =
        slot.entry.isBuiltin !== true && instrumentation.checksShape === true && this.#isTried(version, targets);
      for (const target of targets) {
        if (target.file !== file) continue;
        if (isTried) {
          if (target.isForTestedOnly !== true) current = this.#tryNewer(slot, target, version as string, current);
        } else if (slot.entry.isBuiltin === true || isSupported(version, target)) {
          current = this.#apply(slot, target, version, current);
        }
      }
      if (file === undefined && !isTried) this.#reportUnsupported(slot, module, version, targets);
    }
    return current;
  }

  #instrumentationOf(slot: Slot): Instrumentation | null {
    if (slot.instrumentation !== undefined) return slot.instrumentation;
    // Set before the loader runs: what it loads may come back here.
    slot.instrumentation = null;
    try {
      slot.instrumentation = slot.entry.load(this.#context);
    } catch (error) {
      this.#context.log.warn('TA2002', `instrumentation ${slot.entry.name} could not be loaded: ${String(error)}`);
    }
    return slot.instrumentation;
  }

  #apply(slot: Slot, target: PatchTarget, version: string | undefined, exports: unknown): unknown {
    try {
      const patched = allOrNothing(() => target.patch(exports, version));
      this.#applied.add(slot.entry.name);
      slot.patched ??= target.module;
      this.#libraries.note(target.module, version, 'patched');
      return patched ?? exports;
    } catch (error) {
      const where = target.file === undefined ? target.module : `${target.module}/${target.file}`;
      const reason = `instrumentation ${slot.entry.name} left ${where} unpatched: ${String(error)}`;
      this.#libraries.note(target.module, version, 'failed', reason);
      this.#context.log.warn('TA2003', reason);
      return exports;
    }
  }

  #isTried(version: string | undefined, targets: readonly PatchTarget[]): boolean {
    if (targets.some((target) => isSupported(version, target))) return false;
    return targets.some((target) => target.isForTestedOnly !== true) && isNewer(version, targets);
  }

  /** A release that nobody has tested: traced if the patch finds what it expects, left alone otherwise. */
  #tryNewer(slot: Slot, target: PatchTarget, version: string, exports: unknown): unknown {
    const newer = `${target.module} ${version} is newer than the supported ${rangesOf([target])}`;
    try {
      const patched = allOrNothing(() => target.patch(exports, version));
      this.#applied.add(slot.entry.name);
      slot.patched ??= target.module;
      const isNew = this.#libraries.note(target.module, version, 'patched');
      if (isNew) this.#context.log.info('TA2020', `${newer}; it looks the same and is traced`);
      return patched ?? exports;
    } catch (error) {
      const reason = `${newer} and looks different: left as it is (${String(error)})`;
      this.#libraries.note(target.module, version, 'failed', reason);
      this.#context.log.warn('TA2001', reason, reason);
      return exports;
    }
  }

  #reportUnsupported(slot: Slot, module: string, version: string | undefined, targets: readonly PatchTarget[]): void {
    if (slot.entry.isBuiltin === true || targets.length === 0) return;
    if (targets.some((target) => isSupported(version, target))) return;
    // A facade (redis 4 and later) over another package of the same instrumentation, which it has loaded before.
    if (slot.patched !== undefined && slot.patched !== module) return;
    const supported = `supported is ${rangesOf(targets)}`;
    if (!this.#libraries.note(module, version, 'unsupported', supported)) return;
    this.#context.log.warn('TA2001', `${module} ${version ?? '(unknown version)'} is not traced: ${supported}`);
  }
}

/** Creates the listener for the selected table entries. Creates no instrumentation. */
export function createRegistry(entries: readonly TableEntry[], context: InstrumentationContext): Registry {
  return new ModuleRegistry(entries, context);
}
