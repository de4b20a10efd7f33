/**
 * Leaves the field to another tracer: our globals go, so that it can register its own, and what we have patched already
 * does nothing more. Application's thread; happens at most once, nearly always before the first request.
 */
import {
  type Context,
  context as contextApi,
  propagation,
  type Span,
  type SpanOptions,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { standby } from '../instrumentation/standby.js';

type GetTracer = TracerProvider['getTracer'];
type StartSpan = Tracer['startSpan'];

/** What the API's own no-op tracer does: the caller's span, if any, stays the parent of what others start below. */
function startNothing(_name: string, _options?: SpanOptions, context: Context = contextApi.active()): Span {
  const spanContext = trace.getSpanContext(context);
  return trace.wrapSpanContext(spanContext ?? { traceId: '0'.repeat(32), spanId: '0'.repeat(16), traceFlags: 0 });
}

/** Sentry for errors alone still has instrumentations for http and fetch, which its own provider keeps from recording. */
const SENTRY_SCOPE = /^@(opentelemetry_)?sentry[-/]/;

/** Nothing says that an application gives a text. */
function isSentry(scope: unknown): boolean {
  return typeof scope === 'string' && scope.startsWith('@') && SENTRY_SCOPE.test(scope);
}

/** Remembers the tracers that were given away, to turn them over later; costs nothing when a span is started. */
export class TracerRoll {
  /** Each once: some ask for their tracer whenever they start a span. */
  readonly #given = new Map<Tracer, StartSpan>();
  readonly #wraps = new Map<string, (tracer: Tracer) => Tracer>();
  readonly #wrapped = new WeakMap<Tracer, Tracer>();

  /** For our instrumentations: make nothing once the agent has stood down. */
  forInstrumentations(provider: TracerProvider): TracerProvider {
    return { getTracer: this.#record(provider.getTracer.bind(provider), () => startNothing) };
  }

  /** From now on the application gets `wrap(tracer)` in the place of the tracers of this name. */
  wrapTracer(name: string, wrap: (tracer: Tracer) => Tracer): void {
    this.#wraps.set(name, wrap);
  }

  #wrap(name: string, tracer: Tracer): Tracer {
    const wrap = this.#wraps.get(name);
    if (wrap === undefined) return tracer;
    let wrapped = this.#wrapped.get(tracer);
    if (wrapped === undefined) {
      wrapped = wrap(tracer);
      this.#wrapped.set(tracer, wrapped);
    }
    return wrapped;
  }

  /** For the application's manual spans: go to whoever is the global provider then. Changes the provider in place. */
  forApplication(provider: TracerProvider): void {
    const getTracer = provider.getTracer.bind(provider);
    const recorded = this.#record(
      getTracer,
      (parameters) =>
        (name, options, context = contextApi.active()) =>
          trace
            .getTracerProvider()
            .getTracer(...parameters)
            .startSpan(name, options, context),
    );
    provider.getTracer = (...parameters) => this.#wrap(parameters[0], recorded(...parameters));
  }

  #record(getTracer: GetTracer, replacement: (parameters: Parameters<GetTracer>) => StartSpan): GetTracer {
    return (...parameters) => {
      const tracer = getTracer(...parameters);
      if (this.#given.has(tracer)) return tracer;
      const startSpan = replacement(parameters);
      if (isSentry(parameters[0])) tracer.startSpan = startNothing;
      else if (standby.isDown) tracer.startSpan = startSpan;
      else this.#given.set(tracer, startSpan);
      return tracer;
    };
  }

  turnOver(): void {
    for (const [tracer, startSpan] of this.#given) tracer.startSpan = startSpan;
    this.#given.clear();
  }
}

const API_KEY = Symbol.for('opentelemetry.js.api.1');

interface ApiGlobals {
  version: string;
  trace?: unknown;
  context?: unknown;
}

const host = globalThis as unknown as Record<symbol, ApiGlobals | undefined>;

/** Version of the API that the globals were made with. */
export function apiVersion(): string | undefined {
  return host[API_KEY]?.version;
}

/** True when an SDK has registered itself before us. */
export function isTaken(): boolean {
  const globals = host[API_KEY];
  return globals?.trace !== undefined || globals?.context !== undefined;
}

/**
 * Runs `register` on globals that nobody else's version is written on: the API refuses to register beside another
 * version, even if all that one has registered is a logger. What was there is put back. An SDK's globals stay its own.
 */
export function registerOnFreeGlobals<T>(register: () => T): T {
  if (isTaken()) return register();
  const before = host[API_KEY];
  delete host[API_KEY];
  const result = register();
  if (before !== undefined) host[API_KEY] = { ...before, ...host[API_KEY], version: apiVersion() ?? before.version };
  return result;
}

/** Takes our globals away; those of another version of the API can only be set where ours have left no trace. */
function unregister(): void {
  trace.disable();
  contextApi.disable();
  propagation.disable();
  if (Object.keys(host[API_KEY] ?? {}).every((key) => key === 'version')) delete host[API_KEY];
}

export function standDown(roll: TracerRoll): void {
  standby.isDown = true;
  unregister();
  roll.turnOver();
}
