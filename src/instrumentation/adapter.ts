/**
 * Turns an official instrumentation (a class of an @opentelemetry/instrumentation-* package) into ours, so that loading
 * it lazily patches the load in progress: it is constructed disabled (which keeps it from hooking anything itself) and
 * the patches of its module definitions are applied by our hook.
 */
import { type MeterProvider, metrics, type TracerProvider } from '@opentelemetry/api';
import { guardSpans, logFaultsOfPropagation } from './guarded-tracer.js';
import { type AnyFunction, Faults } from './patch.js';
import { type ContainmentOptions, createWrapping } from './quiet-shimmer.js';
import { filterSpans, type SpanFilter } from './span-filter.js';
import type { Instrumentation, InstrumentationContext, PatchTarget } from './types.js';

type Patch = (exports: unknown, version?: string) => unknown;

/** The part of an official module file definition that we use. */
interface OfficialFile {
  /** Package name and path inside it (`pg/lib/client.js`). */
  readonly name: string;
  readonly supportedVersions: readonly string[];
  readonly patch: Patch;
}

export interface OfficialDefinition extends Omit<OfficialFile, 'patch'> {
  readonly patch?: Patch;
  readonly files?: readonly OfficialFile[];
}

/** The public surface of `InstrumentationBase` that we use. */
export interface OfficialInstrumentation {
  isEnabled(): boolean;
  setTracerProvider(provider: TracerProvider): void;
  setMeterProvider?(provider: MeterProvider): void;
  getModuleDefinitions(): readonly OfficialDefinition[];
}

export type OfficialConstructor = new (config: Record<string, unknown>) => OfficialInstrumentation;

export interface AdapterOptions extends ContainmentOptions {
  /** Passed to the constructor besides `enabled: false`. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Releases that it patches, where it knows of fewer than it could. */
  readonly versions?: readonly string[];
  /** Spans it makes that are left out. */
  readonly filter?: SpanFilter;
  /** Methods of the instrumentation that make functions for the library to call, and what such a one says when it throws. */
  readonly guarded?: Readonly<Record<string, () => unknown>>;
  /** Changes methods of the instrumentation itself, where no option does what it should. */
  adjust?(official: OfficialInstrumentation, faults: Faults): void;
}

/** A function in the place of the exports has their name and length; its own properties are its business. */
function named(patched: unknown, exports: unknown): unknown {
  if (patched === exports || typeof patched !== 'function' || typeof exports !== 'function') return patched;
  for (const key of ['name', 'length']) {
    Object.defineProperty(patched, key, Object.getOwnPropertyDescriptor(exports, key) as PropertyDescriptor);
  }
  return patched;
}

function guardMade(official: object, guarded: AdapterOptions['guarded'], faults: Faults): void {
  const methods = official as Record<string, AnyFunction>;
  for (const [name, otherwise] of Object.entries(guarded ?? {})) {
    const make = methods[name] as AnyFunction;
    methods[name] = (...parameters) => {
      const made = make.apply(official, parameters) as AnyFunction;
      return function guardedFunction(this: unknown, ...given: unknown[]): unknown {
        try {
          return faults.isDisabled ? otherwise() : made.apply(this, given);
        } catch (error) {
          faults.record(error);
          return otherwise();
        }
      };
    };
  }
}

/** What a definition patches, as our hook takes it. */
export function toTargets(definition: OfficialDefinition): PatchTarget[] {
  const targets: PatchTarget[] = [];
  const { patch } = definition;
  if (patch !== undefined) {
    targets.push({
      module: definition.name,
      versions: definition.supportedVersions,
      patch: (exports, version) => named(patch(exports, version), exports),
    });
  }
  for (const file of definition.files ?? []) {
    // aws-lambda names the handler's absolute path as the module and its bare name as the file.
    const isInside = file.name.startsWith(`${definition.name}/`);
    targets.push({
      module: definition.name,
      file: isInside ? file.name.slice(definition.name.length + 1) : undefined,
      versions: file.supportedVersions,
      patch: (exports, version) => file.patch(exports, version),
    });
  }
  return targets;
}

/**
 * As the SDK does. The base class makes the instruments in its constructor, before the fields of its subclass exist: those
 * of openai are undefined then, and each failed call would be an unhandled rejection.
 */
export function setProviders(official: OfficialInstrumentation, provider: TracerProvider): void {
  official.setTracerProvider(provider);
  official.setMeterProvider?.(metrics.getMeterProvider());
}

/** Creates the official instrumentation and lists what it patches. Throws what its constructor throws. */
export function adaptOfficial(
  name: string,
  Official: OfficialConstructor,
  context: InstrumentationContext,
  options: AdapterOptions,
): Instrumentation {
  const official = new Official({ ...options.config, enabled: false });
  // Several packages ask themselves at run time whether they are enabled; enable() would install a second hook.
  official.isEnabled = () => true;
  const faults = new Faults(name, context.log);
  logFaultsOfPropagation(context.log);
  Object.assign(official, createWrapping(faults, options));
  guardMade(official, options.guarded, faults);
  options.adjust?.(official, faults);
  const provider = context.tracerProvider;
  const filtered = options.filter === undefined ? provider : filterSpans(provider, options.filter);
  setProviders(official, guardSpans(filtered, faults, context.flush));
  const targets = official.getModuleDefinitions().flatMap(toTargets);
  const { versions } = options;
  return { targets: versions === undefined ? targets : targets.map((target) => ({ ...target, versions })) };
}
