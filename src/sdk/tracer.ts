/**
 * Tracers, and the provider that makes them. Application's thread, on the hot path of every span. In the place of the
 * official ones (@opentelemetry/sdk-trace): unless rules decide by attributes, a span that is not sampled has them not even
 * copied.
 */
import {
  type Attributes,
  type Context,
  context as contextApi,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  type TracerOptions,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { type InstrumentationScope, isTracingSuppressed, sanitizeAttributes } from '@opentelemetry/core';
import { type IdGenerator, type Sampler, SamplingDecision, type SpanProcessor } from '@opentelemetry/sdk-trace';
import { TracerBase } from '../tracer-base.js';
import type { Detacher } from './detached-work.js';
import { keepRandomFlag } from './random-flag.js';
import { RecordedSpan, type SpanSettings } from './span.js';

export type StartSpan = (name: string, options?: SpanOptions, parent?: Context) => Span;

/** Something around the start of every span. */
export type TracerLayer = (start: StartSpan) => StartSpan;

export interface TracerSettings extends SpanSettings {
  readonly sampler: Sampler;
  /** The sampler reads attributes: those of the specification do not. */
  readonly decidesByAttributes: boolean;
  readonly idGenerator: IdGenerator;
  /** Undefined: spans stay below their parent, whenever that has ended. */
  readonly detacher: Detacher | undefined;
  /** Spans have their parent's random flag: not every propagator knows it. */
  readonly keepsRandom: boolean;
}

const NO_ATTRIBUTES: Attributes = Object.freeze({});
const NO_LINKS: Link[] = Object.freeze([]) as never as Link[];

/** No field is private to V8, as in spans. */
class SpanTracer extends TracerBase {
  readonly instrumentationScope: InstrumentationScope;
  private readonly _settings: TracerSettings;

  constructor(scope: InstrumentationScope, settings: TracerSettings) {
    super();
    this.instrumentationScope = scope;
    this._settings = settings;
  }

  startSpan(name: string, options?: SpanOptions, given?: Context): Span {
    const context = given ?? contextApi.active();
    if (isTracingSuppressed(context)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    if (options?.root) return this._start(name, options, trace.deleteSpan(context), undefined);
    const parent = trace.getSpan(context);
    const { detacher } = this._settings;
    if (parent === undefined || detacher?.mayDetach(parent) !== true)
      return this._start(name, options, context, parent);
    return this._startDetached(detacher, name, options, context, parent);
  }

  /** Apart: for its closures V8 would allocate at every start. */
  private _startDetached(
    detacher: Detacher,
    name: string,
    options: SpanOptions | undefined,
    context: Context,
    parent: Span,
  ): Span {
    return detacher.start(name, parent, {
      below: () => this._start(name, options, context, parent),
      asRoot: (link) => {
        const links = [...(options?.links ?? []), link];
        return this._start(name, { ...options, links }, trace.deleteSpan(context), undefined);
      },
    });
  }

  private _start(name: string, options: SpanOptions | undefined, context: Context, parent: Span | undefined): Span {
    const settings = this._settings;
    const said = parent?.spanContext();
    const caller = said && (parent instanceof RecordedSpan || isSpanContextValid(said)) ? said : undefined;
    const { idGenerator, decidesByAttributes } = settings;
    const spanId = idGenerator.generateSpanId();
    const traceId = caller === undefined ? idGenerator.generateTraceId() : caller.traceId;
    const kind = options?.kind ?? SpanKind.INTERNAL;
    const attributes = decidesByAttributes ? sanitizeAttributes(options?.attributes) : options?.attributes;
    const result = settings.sampler.shouldSample(
      context,
      traceId,
      name,
      kind,
      decidesByAttributes ? (attributes as Attributes) : NO_ATTRIBUTES,
      options?.links ?? NO_LINKS,
    );
    const { decision } = result;
    const traceFlags = decision === SamplingDecision.RECORD_AND_SAMPLED ? TraceFlags.SAMPLED : TraceFlags.NONE;
    // One shape for all.
    const spanContext = {
      traceId,
      spanId,
      traceFlags,
      traceState: result.traceState ?? caller?.traceState,
    } as SpanContext;
    if (caller !== undefined && settings.keepsRandom) keepRandomFlag(spanContext, caller);
    if (decision === SamplingDecision.NOT_RECORD) {
      settings.counter?.started(caller, decision);
      return trace.wrapSpanContext(spanContext);
    }
    const span = new RecordedSpan(settings, this.instrumentationScope, {
      name,
      kind,
      spanContext,
      parentSpanContext: caller,
      attributes:
        result.attributes === undefined ? attributes : Object.assign(sanitizeAttributes(attributes), result.attributes),
      links: options?.links,
      startTime: options?.startTime,
    });
    settings.counter?.started(caller, decision);
    settings.processor.onStart(span, context);
    return span;
  }
}

function toEach(processors: readonly SpanProcessor[]): SpanSettings['processor'] {
  const [first] = processors;
  if (processors.length === 1 && first !== undefined) return first;
  return {
    onStart(span, context) {
      for (const processor of processors) processor.onStart(span, context);
    },
    onEnd(span) {
      for (const processor of processors) processor.onEnd(span);
    },
  };
}

export interface TracerProviderOptions extends Omit<TracerSettings, 'processor'> {
  readonly spanProcessors: readonly SpanProcessor[];
  /** The last one is the outermost. */
  readonly layers: readonly TracerLayer[];
}

export class SpanTracerProvider implements TracerProvider {
  private readonly _settings: TracerSettings;
  private readonly _processors: readonly SpanProcessor[];
  private readonly _layers: readonly TracerLayer[];
  private readonly _tracers = new Map<string, Tracer>();

  constructor({ spanProcessors, layers, ...settings }: TracerProviderOptions) {
    this._settings = { ...settings, processor: toEach(spanProcessors) };
    this._processors = spanProcessors;
    this._layers = layers;
  }

  getTracer(name: string, version?: string, options?: TracerOptions): Tracer {
    const schemaUrl = options?.schemaUrl;
    const key = `${name}@${version ?? ''}:${schemaUrl ?? ''}`;
    const known = this._tracers.get(key);
    if (known !== undefined) return known;
    const tracer = new SpanTracer({ name, version, schemaUrl } as InstrumentationScope, this._settings);
    for (const layer of this._layers) {
      const value = layer(tracer.startSpan.bind(tracer));
      Object.defineProperty(tracer, 'startSpan', { configurable: true, writable: true, value });
    }
    this._tracers.set(key, tracer);
    return tracer;
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this._processors.map((processor) => processor.forceFlush()));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this._processors.map((processor) => processor.shutdown()));
  }
}
