/** Server side: one SERVER span for each 'request' event. Hot path: one context run, no closure, no listener. */
import type { EventEmitter } from 'node:events';
import type { ClientRequest, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { type Context, ROOT_CONTEXT, type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { ContextWithSpan, extractFrom, isSuppressed, type RpcMetadata, suppress } from '../context.js';
import { createTie, failSpan, failSpanByCode, giveAttributes } from '../operation.js';
import type { AnyFunction, Faults } from '../patch.js';
import { HTTP_RESPONSE_STATUS_CODE, HTTP_ROUTE } from '../semconv.js';
import type { PassOn } from '../unsampled.js';
import { serverAttributes } from './attributes.js';
import { type Exchange, exchanges } from './messages.js';
import { captureHeaders, type HttpRules, methodInName } from './rules.js';
import { outgoingHeader } from './stored-header.js';

/** What the wrappers of one instrumentation share. */
export interface HttpTracing {
  readonly tracer: Tracer;
  readonly rules: HttpRules;
  /** What decides about a span looks at its attributes: they must be there at its start. */
  readonly decidesByAttributes: boolean;
  /** For requests that are sent; which of them are excluded has to be found out first. */
  readonly passOn: PassOn;
  readonly faults: Faults;
  /** Node's class, whose events are ours. */
  readonly ClientRequest: typeof ClientRequest;
}

class ServerExchange implements Exchange {
  readonly context: ContextWithSpan;
  readonly #metadata: RpcMetadata;
  readonly #response: ServerResponse;
  readonly #rules: HttpRules;
  /** Undefined when nothing is recorded, and after the end. */
  #span: Span | undefined;
  #error: unknown;
  #waiting: Set<ServerExchange> | undefined;

  constructor(parent: Context, span: Span, request: IncomingMessage, response: ServerResponse, rules: HttpRules) {
    const isRecording = span.isRecording();
    this.#metadata = {
      type: 'http',
      span,
      route: undefined,
      error: undefined,
      request: isRecording ? request : undefined,
      source: undefined,
    };
    this.context = new ContextWithSpan(parent, span, this.#metadata);
    this.#response = response;
    this.#rules = rules;
    this.#span = isRecording ? span : undefined;
  }

  observe(message: EventEmitter, event: string | symbol, argument: unknown): void {
    if (this.#span === undefined || message !== this.#response) return;
    if (event === 'close') this.end();
    else if (event === 'error') this.#error = argument;
    // A response that some adapter made without a socket may never close. Its listeners come first.
    else if (event === 'finish' && !this.#response.socket) process.nextTick(() => this.end());
  }

  /** Names the set that holds this exchange until it has ended. */
  waitIn(waiting: Set<ServerExchange>): void {
    this.#waiting = waiting.add(this);
  }

  /** At most once. */
  end(): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    this.#waiting?.delete(this);
    try {
      this.#describe(span);
    } finally {
      span.end();
      this.context.release();
    }
  }

  #describe(span: Span): void {
    const response = this.#response;
    const metadata = this.#metadata;
    const { statusCode } = response;
    metadata.source?.settle(metadata);
    const { route } = metadata;
    if (response.headersSent) span.setAttribute(HTTP_RESPONSE_STATUS_CODE, statusCode);
    if (route) {
      span.setAttribute(HTTP_ROUTE, route);
      span.updateName(`${methodInName(this.#rules, response.req.method ?? 'GET')} ${route}`);
    }
    const capture = this.#rules.server.response;
    if (capture.length > 0) span.setAttributes(captureHeaders(capture, (name) => outgoingHeader(response, name)));
    this.#judge(span, statusCode);
  }

  #judge(span: Span, statusCode: number): void {
    const error = this.#error ?? this.#response.errored ?? undefined;
    if (error !== undefined) failSpan(span, error);
    else if (!isComplete(this.#response)) this.#judgeAbort(span);
    else if (statusCode >= 500) {
      failSpanByCode(span, String(statusCode));
      if (this.#metadata.error instanceof Error) span.recordException(this.#metadata.error);
    }
  }

  /** The connection went before the response was complete. That is how every event stream ends. */
  #judgeAbort(span: Span): void {
    const type = this.#response.headersSent ? outgoingHeader(this.#response, 'content-type') : undefined;
    if (String(type).startsWith('text/event-stream')) return;
    failSpanByCode(span, 'ECONNRESET');
  }
}

/** http2's responses know less of themselves: they are complete when they were ended and their stream was not reset. */
function isComplete(response: ServerResponse): boolean {
  const { writableFinished } = response as { writableFinished?: boolean };
  if (writableFinished !== undefined) return writableFinished;
  const { stream, writableEnded } = response as { stream?: { aborted?: boolean; rstCode?: number } } & ServerResponse;
  return writableEnded && stream?.aborted !== true && (stream?.rstCode ?? 0) === 0;
}

/** Exchanges of a connection whose responses wait for their turn. */
const waitingOn = createTie<Set<ServerExchange>>();

/**
 * A pipelined request whose response has to wait for its turn gets no event when the connection goes: Node assigns the
 * socket only then. One listener per connection, and only for connections on which this happens.
 */
function endWithSocket(socket: Socket | undefined, exchange: ServerExchange): void {
  if (typeof socket?.once !== 'function') return;
  let waiting = waitingOn.get(socket);
  if (waiting === undefined) {
    const all = new Set<ServerExchange>();
    waitingOn.set(socket, all);
    socket.once('close', () => {
      for (const open of all) open.end();
    });
    waiting = all;
  }
  exchange.waitIn(waiting);
}

const SERVER = { kind: SpanKind.SERVER };

/** Of all requests that are excluded: nothing is traced in its context. */
const EXCLUDED: Exchange = { context: suppress(ROOT_CONTEXT), observe: () => undefined };

function begin(
  request: IncomingMessage,
  response: ServerResponse,
  scheme: string,
  { tracer, rules, decidesByAttributes }: HttpTracing,
): Exchange | undefined {
  // One server may hand its requests to another by emitting them again.
  if (exchanges.get(request) !== undefined || isSuppressed(activeContext())) return undefined;
  if (rules.server.isExcluded?.(request) === true) {
    exchanges.set(request, EXCLUDED);
    exchanges.set(response, EXCLUDED);
    return EXCLUDED;
  }
  const parent = extractFrom(request.headers);
  const name = methodInName(rules, request.method ?? 'GET');
  const options = decidesByAttributes
    ? { kind: SpanKind.SERVER, attributes: serverAttributes(request, scheme, rules) }
    : SERVER;
  const span = tracer.startSpan(name, options, parent);
  const exchange = new ServerExchange(parent, span, request, response, rules);
  exchanges.set(request, exchange);
  exchanges.set(response, exchange);
  if (span.isRecording()) {
    // Most requests of a busy service are not sampled: nothing is made for them that nobody looks at.
    if (!decidesByAttributes) giveAttributes(span, serverAttributes(request, scheme, rules));
    if (response.socket === null) endWithSocket(request.socket, exchange);
  }
  return exchange;
}

/**
 * Wraps `Server.prototype.emit`. What a handler throws passes untouched: a catch would change the line that Node
 * prints for an uncaught exception, and its span is ended with the connection or by the end of the process.
 */
export function wrapServerEmit(original: AnyFunction, scheme: string, tracing: HttpTracing): AnyFunction {
  return function emit(this: EventEmitter, event: string | symbol, request: IncomingMessage, response: ServerResponse) {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const parameters = arguments as unknown as unknown[];
    if (event !== 'request' || tracing.faults.isDisabled) return original.apply(this, parameters);
    let exchange: Exchange | undefined;
    try {
      exchange = begin(request, response, scheme, tracing);
    } catch (error) {
      tracing.faults.record(error);
    }
    if (exchange === undefined) return original.apply(this, parameters);
    return runIn(exchange.context, original, this, parameters);
  };
}
