/**
 * The official instrumentation of Cucumber wraps what defines steps and hooks: they are said to be in the wrapper's file,
 * those with a callback fail, what fails has an attachment that nobody made, and a scenario in a `Rule` ends the run. Here
 * steps and hooks are wrapped when the first scenario starts; its spans stay as they are. Loaded with the library.
 */
import { type Attributes, type Span, SpanKind, type Tracer, trace } from '@opentelemetry/api';
import { activeContext, runIn } from './active-context.js';
import { failSpan } from './operation.js';
import { type AnyFunction, copyShape, type Faults } from './patch.js';

interface Definition {
  code: AnyFunction;
  /** Of a step: `Given`, `When`, `Then`; `Unknown` of `defineStep`. Not in every release. */
  readonly keyword?: string;
  readonly pattern?: unknown;
}

type Library = Readonly<Record<string, unknown>>;

interface FeatureChild {
  readonly rule?: { readonly children: readonly FeatureChild[] };
}

/** What is read of a TestCaseRunner. */
interface Runner {
  readonly gherkinDocument: { readonly feature: { readonly children: readonly FeatureChild[] } };
  readonly pickle: unknown;
  readonly supportCodeLibrary: Library;
}

type MakePatch = (name?: string) => (original: AnyFunction) => AnyFunction;

interface Official {
  readonly tracer: Tracer;
  _getStepPatch: MakePatch;
  _getHookPatch: MakePatch;
  _getTestCaseRunPatch: MakePatch;
}

/** Lists of definitions in the library of a run, and what their spans are called. */
const HOOKS: Readonly<Record<string, string>> = {
  beforeTestCaseHookDefinitions: 'Before',
  afterTestCaseHookDefinitions: 'After',
  beforeTestStepHookDefinitions: 'BeforeStep',
  afterTestStepHookDefinitions: 'AfterStep',
};
const STEPS = 'stepDefinitions';

function describeArgument(value: unknown): Attributes[string] {
  const { raw } = (value ?? {}) as { raw?: unknown };
  return typeof raw === 'function' ? JSON.stringify(raw.call(value)) : (value as Attributes[string]);
}

/** The last one is the callback, which is always given and seldom used. */
function attributesOf(parameters: readonly unknown[]): Attributes {
  const values = parameters.slice(0, -1).map(describeArgument);
  return Object.fromEntries(values.map((value, index) => [`cucumber.step.args[${index}]`, value]));
}

interface Traced {
  readonly tracer: Tracer;
  readonly faults: Faults;
  readonly name: string;
  readonly isStep: boolean;
}

function start({ tracer, faults, name, isStep }: Traced, parameters: readonly unknown[]): Span | undefined {
  if (faults.isDisabled) return undefined;
  try {
    const attributes = isStep ? attributesOf(parameters) : {};
    return tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes });
  } catch (error) {
    faults.record(error);
    return undefined;
  }
}

/** The callback counts where the function asks for it; promises count else. */
function traceCode(code: AnyFunction, traced: Traced): AnyFunction {
  const wrapper = function tracedCode(this: unknown, ...parameters: unknown[]): unknown {
    const span = start(traced, parameters);
    if (span === undefined) return code.apply(this, parameters);
    const end = (error?: unknown): void => {
      if (error !== undefined && error !== null) failSpan(span, error);
      span.end();
    };
    const last = parameters.at(-1);
    const hasCallback = code.length === parameters.length && typeof last === 'function';
    if (hasCallback) {
      parameters[parameters.length - 1] = function done(this: unknown, ...results: unknown[]) {
        end(results[0]);
        return last.apply(this, results) as unknown;
      };
    }
    let result: unknown;
    try {
      result = runIn(trace.setSpan(activeContext(), span), code, this, parameters);
    } catch (error) {
      end(error);
      throw error;
    }
    if (hasCallback) return result;
    if (typeof (result as { then?: unknown } | undefined)?.then !== 'function') {
      end();
      return result;
    }
    const promise = Promise.resolve(result);
    promise.then(() => end(), end);
    return promise;
  };
  copyShape(wrapper, code);
  return wrapper;
}

function traceLibrary(library: Library, tracer: Tracer, faults: Faults): void {
  const listOf = (key: string) => (library[key] ?? []) as readonly Definition[];
  const wrap = (definition: Definition, name: string, isStep: boolean): void => {
    definition.code = traceCode(definition.code, { tracer, faults, name, isStep });
  };
  for (const [key, name] of Object.entries(HOOKS)) {
    for (const definition of listOf(key)) wrap(definition, name, false);
  }
  for (const definition of listOf(STEPS)) {
    const { keyword = 'Step', pattern } = definition;
    if (keyword !== 'Unknown') wrap(definition, `${keyword}(${String(pattern)})`, true);
  }
}

/** Scenarios in rules are looked for one level too high. */
function describeRunner({ gherkinDocument, pickle }: Runner): object {
  const { feature } = gherkinDocument;
  const children = feature.children.flatMap((child) => child.rule?.children ?? [child]);
  return { gherkinDocument: { ...gherkinDocument, feature: { ...feature, children } }, pickle };
}

const leave: MakePatch = () => (original) => original;

export function keepCucumber(instrumentation: object, faults: Faults): void {
  const official = instrumentation as Official;
  const patchRun = official._getTestCaseRunPatch.bind(official);
  const known = new WeakSet<Library>();
  official._getStepPatch = leave;
  official._getHookPatch = leave;
  official._getTestCaseRunPatch = () => (original) =>
    function run(this: Runner, ...parameters: unknown[]): unknown {
      if (!known.has(this.supportCodeLibrary)) {
        known.add(this.supportCodeLibrary);
        traceLibrary(this.supportCodeLibrary, official.tracer, faults);
      }
      const runHere = (): unknown => original.apply(this, parameters);
      return patchRun()(runHere).apply(describeRunner(this));
    };
}
