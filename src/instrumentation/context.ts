/**
 * Context of traced calls: is tracing suppressed, which span is active, and the hand-over of a route between http and
 * the frameworks. Hot path: a context here is one object, where setting values in the API's own takes a map copy each.
 */
import {
  type Context,
  createContextKey,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type TextMapSetter,
  trace,
} from '@opentelemetry/api';
import { endOf, type MaybeEnded } from '../ended-span.js';
import { activeContext } from './active-context.js';

// The API makes equal keys from equal texts; these two are what @opentelemetry/core uses, so that official
// instrumentations and ours understand each other.
const SUPPRESS_TRACING_KEY = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
// Of the values that propagators take from a message only these two matter besides the span.
const B3_DEBUG_FLAG_KEY = createContextKey('OpenTelemetry Context Key B3 Debug Flag');
const RPC_METADATA_KEY = createContextKey('OpenTelemetry SDK Context Key RPC_METADATA');

/** A framework that follows a request and says only at its end which route has answered. */
export interface RouteSource {
  /** Writes `route`, and `error` if it knows one, into the metadata. Asked once or more; never throws. */
  settle(metadata: RpcMetadata): void;
}

/** A request of Node's, or what a framework has for it. */
export interface RequestLike {
  readonly socket?: object | null;
}

/** Travels in the context of a server request; the framework that matched a route writes it down here. */
export interface RpcMetadata {
  readonly type: 'http';
  span: Span;
  /** Template with its mount prefix; undefined until known. */
  route?: string | undefined;
  /** Ours: what made the framework answer with an error; recorded if the span ends as failed. */
  error?: unknown;
  /** Ours: whose metadata it is, while its span is recorded. A request made up inside of another has the same context. */
  request?: RequestLike | undefined;
  /** Ours: settled before `route` and `error` are read. */
  source?: RouteSource | undefined;
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

/** Some hand a request on in a wrapper of their own; one that is made up has no socket, or one of its own. */
function isSame(one: RequestLike, other: RequestLike): boolean {
  return one === other || (one.socket != null && one.socket === other.socket);
}

/** The metadata that frameworks write to; undefined when the request's span is not recorded. */
export function recordedMetadataOf(request: RequestLike): RpcMetadata | undefined {
  const metadata = rpcMetadataOf(activeContext());
  if (metadata === undefined || !metadata.span.isRecording()) return undefined;
  return metadata.request === undefined || isSame(metadata.request, request) ? metadata : undefined;
}

/** The official http instrumentation only reads `route`: for it, a read settles. */
export function setRouteSource(metadata: RpcMetadata, source: RouteSource): void {
  if ('source' in metadata) {
    metadata.source = source;
    return;
  }
  // Not what an earlier source would say.
  let route = Object.getOwnPropertyDescriptor(metadata, 'route')?.value as string | undefined;
  Object.defineProperty(metadata, 'route', {
    configurable: true,
    enumerable: true,
    get() {
      source.settle(metadata);
      return route;
    },
    set(value: string | undefined) {
      route = value;
    },
  });
}

/** The API keeps the key of the active span to itself, but says it to any context it is asked to set a span in. */
function learnSpanKey(): symbol {
  let key: symbol | undefined;
  const probe: Context = {
    getValue: () => undefined,
    setValue(asked) {
      key = asked;
      return probe;
    },
    deleteValue: () => probe,
  };
  trace.setSpan(probe, trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 }));
  if (key === undefined) throw new Error('the API did not say its span key');
  return key;
}

const SPAN_KEY = learnSpanKey();

/** Stands for a span that is recorded elsewhere, or no more. */
export class SilentSpan implements Span {
  readonly #spanContext: SpanContext;

  constructor(spanContext: SpanContext) {
    this.#spanContext = spanContext;
  }

  spanContext(): SpanContext {
    return this.#spanContext;
  }
  isRecording(): boolean {
    return false;
  }
  end(): void {}
  recordException(): void {}
  setAttribute(): this {
    return this;
  }
  setAttributes(): this {
    return this;
  }
  addEvent(): this {
    return this;
  }
  addLink(): this {
    return this;
  }
  addLinks(): this {
    return this;
  }
  setStatus(): this {
    return this;
  }
  updateName(): this {
    return this;
  }
}

/**
 * What stays of a span in the context of a request that is over: a timer or a socket that was made in the request holds
 * that context for the rest of its own life.
 */
class EndedSpan extends SilentSpan {
  readonly ended = true;
  readonly endedAtMillis: number;

  constructor(span: Span & MaybeEnded) {
    super(span.spanContext());
    this.endedAtMillis = endOf(span) ?? Date.now();
  }
}

/** A parent with another active span, and with the metadata of a server request if any is given. */
export class ContextWithSpan implements Context {
  #parent: Context;
  #span: Span;
  readonly #metadata: RpcMetadata | undefined;
  /** The same values in a context of the API, made when somebody derives another from this one. */
  #plain: Context | undefined;

  constructor(parent: Context, span: Span, metadata?: RpcMetadata) {
    this.#parent = parent;
    this.#span = span;
    this.#metadata = metadata;
  }

  getValue(key: symbol): unknown {
    if (key === SPAN_KEY) return this.#span;
    if (key === RPC_METADATA_KEY && this.#metadata !== undefined) return this.#metadata;
    return this.#parent.getValue(key);
  }

  setValue(key: symbol, value: unknown): Context {
    return this.#asPlain().setValue(key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#asPlain().deleteValue(key);
  }

  /**
   * Lets go of the span, which has ended, of the messages and the error and, unless it carries baggage, of the parent,
   * which must come from {@link extractFrom}. Contexts that were derived from this one keep theirs.
   */
  release(): void {
    this.#span = new EndedSpan(this.#span);
    this.#plain = undefined;
    const parent = this.#parent;
    if (propagation.getBaggage(parent) === undefined && parent.getValue(B3_DEBUG_FLAG_KEY) === undefined) {
      this.#parent = ROOT_CONTEXT;
    }
    if (this.#metadata === undefined) return;
    this.#metadata.span = this.#span;
    this.#metadata.error = undefined;
    this.#metadata.request = undefined;
    this.#metadata.source = undefined;
  }

  #asPlain(): Context {
    if (this.#plain === undefined) {
      const withSpan = this.#parent.setValue(SPAN_KEY, this.#span);
      this.#plain = this.#metadata === undefined ? withSpan : withSpan.setValue(RPC_METADATA_KEY, this.#metadata);
    }
    return this.#plain;
  }
}

/** Never the active context: a request that arrives belongs to its sender, whatever ran when the server was started. */
export function extractFrom(headers: unknown): Context {
  return propagation.extract(ROOT_CONTEXT, headers);
}

/** Writes the headers that carry `span` on behalf of a call made in `parent`. */
export function inject<Carrier>(parent: Context, span: Span, carrier: Carrier, setter: TextMapSetter<Carrier>): void {
  propagation.inject(new ContextWithSpan(parent, span), carrier, setter);
}
