/**
 * Work that outlives the request it was started in (an interval, a pool's heartbeat, a consumer that never ends) keeps
 * the request's async context for the life of the process. For a while its spans belong to the request's trace; after
 * that each starts a trace of its own, with a link to where the work came from. Application's thread, on the hot path.
 *
 *   request ├──────┤ended
 *                  ·  tick   tick   tick ·   tick     tick
 *                  ·   └ same trace ┘    ·    └ root ┘ └ root ┘  each linked to the request
 *                  ├──── limitMillis ────┤
 */
import {
  type Context,
  context as contextApi,
  type Span,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { TracerProvider, type TracerProviderOptions } from '@opentelemetry/sdk-trace';

/** Spec: W3C Trace Context Level 2, random-trace-id flag. */
const RANDOM = 2;

/** The caller says whether its trace id is random, for those who sample by it; callees are told what it said. */
function keepRandom(span: Span, parent: Span): Span {
  const { traceFlags, traceId } = parent.spanContext();
  if ((traceFlags & RANDOM) === 0) return span;
  const own = span.spanContext();
  if (own.traceId === traceId) own.traceFlags |= RANDOM;
  return span;
}

export interface DetachOptions {
  /** 0 = never. */
  readonly limitMillis: number;
  /** Spans have their parent's random flag. Default false: not every propagator knows it. */
  readonly keepsRandom?: boolean;
  /** Told of the name of the first span that is detached. */
  onFirst(name: string): void;
}

/** The SDK's span, and what takes its place in the context of a request that is over. */
interface MaybeEnded {
  readonly ended?: boolean;
  readonly endedAtMillis?: number;
  readonly endTime?: readonly [seconds: number, nanos: number];
}

function endOf({ endedAtMillis, endTime }: MaybeEnded): number {
  return endedAtMillis ?? (endTime === undefined ? Date.now() : endTime[0] * 1000 + endTime[1] / 1e6);
}

export type StartSpan = (name: string, options?: SpanOptions, parent?: Context) => Span;

/** Something around the start of every span. */
export type TracerLayer = (start: StartSpan) => StartSpan;

class Detacher {
  readonly #options: DetachOptions;
  /** When the request was over that a span was left behind by: a chain of such spans has one limit. */
  readonly #origins = new WeakMap<object, number>();
  #hasOrigins = false;
  #hasDetached = false;

  constructor(options: DetachOptions) {
    this.#options = options;
  }

  install(tracer: Tracer): void {
    const { limitMillis, keepsRandom = false } = this.#options;
    const prototype = Object.getPrototypeOf(tracer) as Tracer;
    const start: StartSpan = (name, options, parent) => prototype.startSpan.call(tracer, name, options, parent);
    Object.defineProperty(tracer, 'startSpan', {
      configurable: true,
      writable: true,
      value: (name: string, options?: SpanOptions, context: Context = contextApi.active()): Span => {
        const parent = trace.getSpan(context);
        if (parent === undefined) return start(name, options, context);
        const isAttached = limitMillis === 0 || ((parent as MaybeEnded).ended !== true && !this.#hasOrigins);
        const span = isAttached ? start(name, options, context) : this.#start(start, name, options, context, parent);
        return keepsRandom ? keepRandom(span, parent) : span;
      },
    });
  }

  #start(start: StartSpan, name: string, options: SpanOptions | undefined, context: Context, parent: Span): Span {
    const hasEnded = (parent as MaybeEnded).ended === true;
    const origin = this.#origins.get(parent) ?? (hasEnded ? endOf(parent as MaybeEnded) : undefined);
    if (origin === undefined || options?.root === true) return start(name, options, context);
    if (!hasEnded || Date.now() - origin <= this.#options.limitMillis) {
      const span = start(name, options, context);
      this.#hasOrigins = true;
      this.#origins.set(span, origin);
      return span;
    }
    if (!this.#hasDetached) {
      this.#hasDetached = true;
      this.#options.onFirst(name);
    }
    const links = [...(options?.links ?? []), { context: parent.spanContext() }];
    return start(name, { ...options, root: true, links }, context);
  }
}

/** The official provider; spans of work that was left behind start traces of their own. */
export class DetachingTracerProvider extends TracerProvider {
  readonly #detacher: Detacher | undefined;
  readonly #layers: readonly TracerLayer[];
  readonly #installed = new WeakSet<Tracer>();

  /** The last one of `layers` is the outermost. */
  constructor(config: TracerProviderOptions, options: DetachOptions, layers: readonly TracerLayer[] = []) {
    super(config);
    this.#layers = layers;
    this.#detacher = options.limitMillis === 0 && options.keepsRandom !== true ? undefined : new Detacher(options);
  }

  override getTracer(
    name: string,
    version?: string,
    options?: { schemaUrl?: string },
  ): ReturnType<TracerProvider['getTracer']> {
    const tracer = super.getTracer(name, version, options);
    if (this.#installed.has(tracer)) return tracer;
    this.#installed.add(tracer);
    this.#detacher?.install(tracer);
    for (const layer of this.#layers) {
      const value = layer(tracer.startSpan.bind(tracer));
      Object.defineProperty(tracer, 'startSpan', { configurable: true, writable: true, value });
    }
    return tracer;
  }
}
