/**
 * A tracer provider for instrumentations that have no option to leave out spans nobody asked for. Instead of a new span
 * they get a stand-in for the span that is active, so that `trace.getActiveSpan()` in a middleware is the request's
 * span and what the application records on it is kept, while the instrumentation's own end, name and status go nowhere.
 */
import {
  type Context,
  context,
  type Exception,
  INVALID_SPAN_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  type TimeInput,
  type Tracer,
  type TracerProvider,
  trace,
} from '@opentelemetry/api';
import { TracerBase } from '../tracer-base.js';
import { errorType } from './operation.js';
import { ERROR_TYPE } from './semconv.js';

export interface SpanFilter {
  /** True: no spans of kind INTERNAL (middleware, pools, layers). Explicit roots are kept. */
  readonly dropsInternal?: boolean;
  /** Names of further spans to leave out. */
  readonly dropsNames?: readonly string[];
  /** Names of spans that are left out where they would be the root of a trace. */
  readonly dropsRoots?: readonly string[];
  /** Calls of which something below makes the span: of these nothing is kept, errors neither. */
  readonly dropsCalls?: (options: SpanOptions) => boolean;
  /** Errors are recorded by their type alone: their messages quote values and queries. */
  readonly hidesMessages?: boolean;
  /** Errors that it records say their type on the span as well, as the conventions want. */
  readonly namesErrors?: boolean;
  /** Attributes that it sets on spans that it has started, and that are left out. */
  readonly omits?: readonly string[];
  /** Masks the literals of a recorded query; for instrumentations that record it as the application wrote it. */
  readonly maskQuery?: (text: string) => string;
  /** Says name, kind and attributes in other words; for instrumentations that know older conventions. */
  readonly rephrase?: (name: string, options: SpanOptions) => readonly [name: string, options: SpanOptions];
}

const DB_QUERY_TEXT = 'db.query.text';

const ignoreEnd = (): void => undefined;

function ignoreAndReturnSelf(this: Span): Span {
  return this;
}

/** Errors that a stand-in has passed on: each layer that an error goes through would record it again. */
const recorded = new WeakSet<object>();

/** As a method of a stand-in. */
export function recordOnce(this: Span, exception: Exception, time?: TimeInput): void {
  if (typeof exception === 'object') {
    if (recorded.has(exception)) return;
    recorded.add(exception);
  }
  (Object.getPrototypeOf(this) as Span).recordException(exception, time);
}

const STAND_IN: PropertyDescriptorMap = {
  end: { value: ignoreEnd },
  updateName: { value: ignoreAndReturnSelf },
  setStatus: { value: ignoreAndReturnSelf },
  recordException: { value: recordOnce },
};

/** Nothing that is said to it is kept. */
const SILENT: PropertyDescriptorMap = {
  setAttribute: { value: ignoreAndReturnSelf },
  setAttributes: { value: ignoreAndReturnSelf },
  addEvent: { value: ignoreAndReturnSelf },
  recordException: { value: ignoreEnd },
};

/** Of a layer in a layer: the span that is active is a stand-in already, below what guards it (guarded-tracer.ts). */
function standInBelow(span: Span & { readonly inner?: Span }): Span | undefined {
  if (span.end === ignoreEnd) return span;
  return span.inner === undefined ? undefined : standInBelow(span.inner);
}

/** `more` are further methods, which find the parent as their prototype. */
export function standInFor(parent: Span | undefined, more?: PropertyDescriptorMap): Span {
  if (parent === undefined) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  // One in front of another would take the error that it has passed on for one that was recorded.
  const present = more === undefined ? standInBelow(parent) : undefined;
  if (present !== undefined) return present;
  return Object.create(parent, more === undefined ? STAND_IN : { ...STAND_IN, ...more }) as Span;
}

/** For instrumentations that record the query on the span they have started. */
function maskLater(span: Span, mask: (text: string) => string): void {
  const { setAttribute } = span;
  span.setAttribute = (key, value) =>
    setAttribute.call(span, key, key === DB_QUERY_TEXT && typeof value === 'string' ? mask(value) : value);
}

function nameErrors(span: Span): void {
  const { recordException } = span;
  span.recordException = (error, time) => {
    span.setAttribute(ERROR_TYPE, errorType(error));
    recordException.call(span, error, time);
  };
}

function omit(span: Span, keys: readonly string[]): void {
  const { setAttribute, setAttributes } = span;
  span.setAttribute = (key, value) => (keys.includes(key) ? span : setAttribute.call(span, key, value));
  span.setAttributes = (attributes) => {
    const kept = Object.entries(attributes).filter(([key]) => !keys.includes(key));
    return setAttributes.call(span, Object.fromEntries(kept));
  };
}

/** What some put in front of their messages: `ER_DUP_ENTRY: Duplicate entry ...`. */
const CODE_OF_MESSAGE = /^([A-Z][A-Z0-9_]{2,63}):/;

/** For instrumentations that record an error as its message, or with it. */
function hideMessages(span: Span): void {
  const { setStatus } = span;
  span.setStatus = ({ code, message }) => {
    const type = CODE_OF_MESSAGE.exec(message ?? '')?.[1];
    if (type !== undefined) span.setAttribute(ERROR_TYPE, type);
    return setStatus.call(span, { code });
  };
  span.recordException = (error) => {
    span.setAttribute(ERROR_TYPE, errorType(error));
  };
}

class FilteringTracer extends TracerBase {
  readonly #tracer: Tracer;
  readonly #filter: SpanFilter;

  constructor(tracer: Tracer, filter: SpanFilter) {
    super();
    this.#tracer = tracer;
    this.#filter = filter;
  }

  #isDropped(name: string, { kind, root }: SpanOptions, parent: Context): boolean {
    if (this.#filter.dropsNames?.includes(name) === true) return true;
    if (this.#filter.dropsRoots?.includes(name) === true && trace.getSpan(parent) === undefined) return true;
    const isInternal = kind === undefined || kind === SpanKind.INTERNAL;
    return isInternal && root !== true && this.#filter.dropsInternal === true;
  }

  #masked(options: SpanOptions): SpanOptions {
    const text = options.attributes?.[DB_QUERY_TEXT];
    if (this.#filter.maskQuery === undefined || typeof text !== 'string') return options;
    return { ...options, attributes: { ...options.attributes, [DB_QUERY_TEXT]: this.#filter.maskQuery(text) } };
  }

  startSpan(name: string, options: SpanOptions = {}, parentContext: Context = context.active()): Span {
    if (this.#isDropped(name, options, parentContext)) return standInFor(trace.getSpan(parentContext));
    if (this.#filter.dropsCalls?.(options) === true) return standInFor(trace.getSpan(parentContext), SILENT);
    const { rephrase } = this.#filter;
    const [said, how] = rephrase === undefined ? [name, options] : rephrase(name, options);
    const span = this.#tracer.startSpan(said, this.#masked(how), parentContext);
    if (!span.isRecording()) return span;
    if (this.#filter.maskQuery !== undefined) maskLater(span, this.#filter.maskQuery);
    if (this.#filter.hidesMessages === true) hideMessages(span);
    else if (this.#filter.namesErrors === true) nameErrors(span);
    if (this.#filter.omits !== undefined) omit(span, this.#filter.omits);
    return span;
  }
}

/** Wraps a provider; spans that the filter does not name are created as usual. */
export function filterSpans(provider: TracerProvider, filter: SpanFilter): TracerProvider {
  return {
    getTracer: (name, version, options) => new FilteringTracer(provider.getTracer(name, version, options), filter),
  };
}
