/**
 * What every traced call needs besides a span: is tracing suppressed, the hand-over of the route between http and the
 * frameworks, private state on the application's objects, and the two verdicts on an error. Hot path: no closures.
 */
import {
  type Context,
  createContextKey,
  propagation,
  type Span,
  SpanStatusCode,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { ERROR_TYPE, OTHER } from './semconv.js';

// The API makes equal keys from equal texts; these two are what @opentelemetry/core uses, so that official
// instrumentations and ours understand each other.
const SUPPRESS_TRACING_KEY = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
/** For contexts that hold the metadata themselves. */
export const RPC_METADATA_KEY = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

/** Travels in the context of a server request; the framework that matched a route writes it down here. */
export interface RpcMetadata {
  readonly type: 'http';
  readonly span: Span;
  /** Template with its mount prefix; undefined until known. */
  route?: string;
  /** Ours: what made the framework answer with an error; recorded if the span ends as failed. */
  error?: unknown;
}

/** True when nothing may be traced or injected: the agent's own traffic and excluded requests. */
export function isSuppressed(context: Context): boolean {
  return context.getValue(SUPPRESS_TRACING_KEY) === true;
}

/** A context in which nothing is traced. */
export function suppress(context: Context): Context {
  return context.setValue(SUPPRESS_TRACING_KEY, true);
}

/** Undefined outside a server request, or when its metadata is not of the kind we know. */
export function rpcMetadataOf(context: Context): RpcMetadata | undefined {
  const metadata = context.getValue(RPC_METADATA_KEY) as RpcMetadata | undefined;
  return metadata?.type === 'http' ? metadata : undefined;
}

/** Writes the headers that carry `span` on behalf of a call made in `parent`. */
export function inject<Carrier>(parent: Context, span: Span, carrier: Carrier, setter: TextMapSetter<Carrier>): void {
  propagation.inject(trace.setSpan(parent, span), carrier, setter);
}

class Identity {
  constructor(object: object) {
    // biome-ignore lint/correctness/noConstructorReturn: a subclass's private field then lands on the given object
    return object;
  }
}

/**
 * Ties state to an object of the application without a property that it, or `util.inspect`, could ever see. A third of
 * the cost of a WeakMap entry, and no work for the garbage collector.
 */
export function createTie<State>(): {
  set(object: object, state: State): void;
  get(object: object): State | undefined;
} {
  class Tied extends Identity {
    #state: State;

    constructor(object: object, state: State) {
      super(object);
      this.#state = state;
    }

    static get(object: object): State | undefined {
      return #state in object ? (object as Tied).#state : undefined;
    }

    static replace(object: object, state: State): void {
      if (#state in object) (object as Tied).#state = state;
      else new Tied(object, state);
    }
  }
  return { set: Tied.replace, get: Tied.get };
}

const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

/** The value of `error.type`: Node's code (`ECONNREFUSED`) or else the class of the error. Low cardinality. */
export function errorType(error: unknown): string {
  if (typeof error !== 'object' || error === null) return OTHER;
  const { code, name } = error as { code?: unknown; name?: unknown };
  if (typeof code === 'string' && CODE.test(code)) return code;
  return typeof name === 'string' && name !== '' ? name : OTHER;
}

/** Marks the span as failed by an exception. */
export function failSpan(span: Span, error: unknown): void {
  span.setAttribute(ERROR_TYPE, errorType(error));
  const message = error instanceof Error ? error.message : String(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message });
  span.recordException(error instanceof Error ? error : message);
}

/** Marks the span as failed by what a low-cardinality code says in full. */
export function failSpanByCode(span: Span, code: string): void {
  span.setAttribute(ERROR_TYPE, code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
