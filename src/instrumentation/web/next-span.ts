/** What Next.js gets in the place of spans that are there already, or that nobody asked for. */
import {
  type Attributes,
  type AttributeValue,
  type Context,
  context as contextApi,
  type Exception,
  INVALID_SPAN_CONTEXT,
  type Span,
  SpanKind,
  type SpanOptions,
  type TimeInput,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { TracerBase } from '../../tracer-base.js';
import { rpcMetadataOf } from '../context.js';
import { createTie } from '../operation.js';
import type { Faults } from '../patch.js';
import { recordOnce, standInFor } from '../span-filter.js';

/** Attributes that Next.js sets by the conventions of 2022, and some of its own. */
const SET_BY_NEXT = /^(next\.|http\.|error\.type$)/;

const CONTROL_FLOW = /^(NEXT_|DYNAMIC_SERVER_USAGE|BAILOUT_TO)/;
const LOOKUP = /^(Internal: NoFallbackError$|Cannot find module for page: )/;

/** Next.js 15: what the rendering of a page says in place of an error of its components, which has been recorded. */
const STAND_IN = /^An error occurred in the Server Components render\./;

/** What a page throws to redirect or to say that there is nothing, and what Next.js throws while it looks for a page. */
function isNoFailure(exception: Exception): boolean {
  const { digest, message } = exception as { readonly digest?: unknown; readonly message?: unknown };
  if (typeof digest === 'string' && (CONTROL_FLOW.test(digest) || STAND_IN.test(String(message)))) return true;
  // Of Next.js 14, without a message.
  return LOOKUP.test(String(message)) || (exception as object).constructor?.name === 'NoFallbackError';
}

const lastDigests = createTie<string>();

/** The same failure as another object: `next dev` makes a copy of it for the page. */
function isKnown(span: Span, exception: Exception): boolean {
  const { digest } = exception as { readonly digest?: unknown };
  if (typeof digest !== 'string') return false;
  const isSame = lastDigests.get(span) === digest;
  lastDigests.set(span, digest);
  return isSame;
}

/** Next.js, which calls these, is not to notice what becomes of it. */
function createMethods(faults: Faults): PropertyDescriptorMap {
  const contained = (run: () => unknown): void => {
    try {
      if (!faults.isDisabled) run();
    } catch (error) {
      faults.record(error);
    }
  };
  const methods = {
    setAttribute(this: Span, key: string, value: AttributeValue): Span {
      contained(() => SET_BY_NEXT.test(key) || (Object.getPrototypeOf(this) as Span).setAttribute(key, value));
      return this;
    },
    setAttributes(this: Span, attributes: Attributes): Span {
      for (const [key, value] of Object.entries(attributes)) if (value !== undefined) this.setAttribute(key, value);
      return this;
    },
    recordException(this: Span, exception: Exception, time?: TimeInput): void {
      contained(() => isNoFailure(exception) || isKnown(this, exception) || recordOnce.call(this, exception, time));
    },
  };
  return Object.fromEntries(Object.entries(methods).map(([name, value]) => [name, { value }]));
}

/** Makes what takes what the application says of the span and the errors of pages, and nothing else that Next.js says. */
export class StandIns {
  readonly faults: Faults;
  readonly #methods: PropertyDescriptorMap;
  readonly #made = createTie<true>();

  constructor(faults: Faults) {
    this.faults = faults;
    this.#methods = createMethods(faults);
  }

  for(span: Span): Span {
    if (!span.isRecording() || this.#made.get(span) === true) return span;
    const standIn = standInFor(span, this.#methods);
    this.#made.set(standIn, true);
    return standIn;
  }
}

/** The tracer of Next.js. */
export class NextTracer extends TracerBase {
  readonly #tracer: Tracer;
  readonly #keepsInner: boolean;
  readonly #standIns: StandIns;

  /** `keepsInner`: only spans that are there twice are left out, not those of its layers. */
  constructor(tracer: Tracer, standIns: StandIns, keepsInner: boolean) {
    super();
    this.#tracer = tracer;
    this.#standIns = standIns;
    this.#keepsInner = keepsInner;
  }

  /** Its clients are `fetch`, which has a span from undici; http has one for each request, unless it is switched off. */
  #isKept(kind: SpanKind | undefined, context: Context): boolean {
    if (kind === SpanKind.CLIENT) return false;
    return kind === SpanKind.SERVER ? rpcMetadataOf(context) === undefined : this.#keepsInner;
  }

  startSpan(name: string, options: SpanOptions = {}, context: Context = contextApi.active()): Span {
    try {
      if (this.#isKept(options.kind, context)) return this.#tracer.startSpan(name, options, context);
      const active = trace.getSpan(context);
      if (active !== undefined) return this.#standIns.for(active);
    } catch (error) {
      this.#standIns.faults.record(error);
    }
    return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
  }
}
