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
  type SpanContext,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { TracerProvider, type TracerProviderOptions } from '@opentelemetry/sdk-trace';
import { endOf, type MaybeEnded } from '../ended-span.js';
import { keepRandomFlag } from './random-flag.js';

export interface DetachOptions {
  /** 0 = never. */
  readonly limitMillis: number;
  /** Spans have their parent's random flag. Default false: not every propagator knows it. */
  readonly keepsRandom?: boolean;
  /** Told of the name of the first span that is detached. */
  onFirst(name: string): void;
}

export type StartSpan = (name: string, options?: SpanOptions, parent?: Context) => Span;

/** Something around the start of every span. */
export type TracerLayer = (start: StartSpan) => StartSpan;

class Detacher {
  readonly #options: DetachOptions;
  /** When the request was over that a span was left behind by, by its ids: a chain of such spans has one limit. */
  readonly #origins = new WeakMap<SpanContext, number>();
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
        if (keepsRandom) keepRandomFlag(span.spanContext(), parent.spanContext());
        return span;
      },
    });
  }

  #start(start: StartSpan, name: string, options: SpanOptions | undefined, context: Context, parent: Span): Span {
    const hasEnded = (parent as MaybeEnded).ended === true;
    const origin = this.#origins.get(parent.spanContext()) ?? endOf(parent as MaybeEnded);
    if (origin === undefined || options?.root === true) return start(name, options, context);
    if (!hasEnded || Date.now() - origin <= this.#options.limitMillis) {
      const span = start(name, options, context);
      this.#hasOrigins = true;
      this.#origins.set(span.spanContext(), origin);
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
