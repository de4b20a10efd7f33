/**
 * OTEL_NODE_EXTRA_INSTRUMENTATIONS: instrumentation packages of others (classes that extend the official
 * `InstrumentationBase`), loaded from the application's folder and fed by our hook, as the official ones are. Loaded only
 * when the variable is set, before the application's first line.
 */
import { createRequire, Module } from 'node:module';
import { dirname, join } from 'node:path';
import { type OfficialDefinition, type OfficialInstrumentation, setProviders, toTargets } from './adapter.js';
import { guardSpans } from './guarded-tracer.js';
import { Faults } from './patch.js';
import { createWrapping } from './quiet-shimmer.js';
import type { Registry } from './registry.js';
import type { InstrumentationContext, PatchTarget } from './types.js';

/** The documented surface of the base class: `init` says what to patch, `enable` switches on what needs no hook. */
interface ExtraInstrumentation extends OfficialInstrumentation {
  init(): OfficialDefinition | readonly OfficialDefinition[] | undefined;
  enable(): void;
}

type ExtraConstructor = new (config: Record<string, unknown>) => ExtraInstrumentation;

const METHODS = ['init', 'enable', 'setTracerProvider'] as const;

/** The base class itself, which some packages export again, has no `init`. */
function isInstrumentationClass(value: unknown): value is ExtraConstructor {
  if (typeof value !== 'function') return false;
  const { prototype } = value as { prototype?: Record<string, unknown> };
  return typeof prototype === 'object' && METHODS.every((name) => typeof prototype[name] === 'function');
}

function classesOf(exports: unknown): ExtraConstructor[] {
  const candidates = [exports, ...Object.values((exports ?? {}) as object)];
  return [...new Set(candidates)].filter(isInstrumentationClass);
}

function isNotFound(error: unknown, name: string): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  return code === 'MODULE_NOT_FOUND' && String(message).includes(`'${name}'`);
}

/** Throws a text that says why not. */
function loadPackage(name: string, folder: string): unknown {
  try {
    return createRequire(join(folder, 'index.js'))(name);
  } catch (error) {
    throw isNotFound(error, name) ? `it is not installed (looked for from ${folder})` : `it failed to load: ${error}`;
  }
}

/**
 * The instance has no modules of its own to hook: the base class would install a second hook for each. What `init` says
 * goes to ours; `enable` does whatever else the package has there.
 */
function instantiate(name: string, Constructor: ExtraConstructor, context: InstrumentationContext): PatchTarget[] {
  class Hookless extends Constructor {
    override init(): OfficialDefinition[] {
      return [];
    }
  }
  const instance = new Hookless({ enabled: false });
  const faults = new Faults(name, context.log);
  Object.assign(instance, createWrapping(faults, {}));
  setProviders(instance, guardSpans(context.tracerProvider, faults, context.flush));
  const definitions = [Constructor.prototype.init.call(instance) ?? []].flat() as OfficialDefinition[];
  const targets = definitions.flatMap(toTargets);
  instance.enable();
  return targets;
}

/** No hook waits for these any more; the few that nobody has loaded yet are loaded now. */
function patchBuiltin({ module, patch }: PatchTarget): void {
  patch(createRequire(__filename)(`node:${module}`), process.versions.node);
  Module.syncBuiltinESMExports();
}

function addOne(registry: Registry, name: string, folder: string, context: InstrumentationContext): void {
  const classes = classesOf(loadPackage(name, folder));
  if (classes.length === 0) throw 'it exports no class that extends InstrumentationBase';
  const targets = classes.flatMap((Constructor) => instantiate(name, Constructor, context));
  const isBuiltin = ({ module }: PatchTarget): boolean => Module.builtinModules.includes(module);
  for (const target of targets.filter(isBuiltin)) patchBuiltin(target);
  const others = targets.filter((target) => !isBuiltin(target));
  registry.add({ name, modules: [...new Set(others.map(({ module }) => module))], load: () => ({ targets: others }) });
}

/** Loads and adds the packages; what cannot be used is one line each. `entryFile` absolute; undefined without one. */
export function addExtras(registry: Registry, entryFile: string | undefined, context: InstrumentationContext): void {
  const folder = entryFile === undefined ? process.cwd() : dirname(entryFile);
  for (const name of context.config.instrumentations.extra) {
    try {
      addOne(registry, name, folder, context);
    } catch (error) {
      const used = 'nothing is traced by it';
      context.log.warn('TA2014', `OTEL_NODE_EXTRA_INSTRUMENTATIONS: ${name}: ${String(error)}; ${used}`, name);
    }
  }
}
