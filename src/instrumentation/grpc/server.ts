/**
 * Server side: one SERVER span for each HTTP/2 stream that a gRPC server receives, ended with the stream: what was sent
 * on it says how the call went, also for methods that do not exist, deadlines, cancellations and messages that cannot
 * be written. Hot path: per call one listener, one copy of the handler's record.
 *
 *   stream ─► _streamHandler ── ServerCall ──► _runHandlerForCall ─► handler, in the call's context
 *      └──────── 'close' ──────────┘                                   └─ tie ─ events of what it was given: the same
 */
import type { EventEmitter } from 'node:events';
import type { IncomingHttpHeaders, OutgoingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from 'node:http2';
import { type Context, type Span, SpanKind } from '@opentelemetry/api';
import { activeContext, inContextOf, runIn } from '../active-context.js';
import { ContextWithSpan, extractFrom, isSuppressed } from '../context.js';
import { type HostAndPort, splitHost } from '../http/address.js';
import { createTie } from '../operation.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';
import { methodOf, recordPeer, type SpanStart, spanStart, unknownMethodStart } from './attributes.js';
import type { GrpcTracing } from './client.js';
import { CANCELLED, isServerError, recordStatus } from './status.js';

function serverOf(authority: string | undefined): HostAndPort | undefined {
  return authority === undefined || authority === '' ? undefined : splitHost(authority);
}

interface KnownStart {
  readonly authority: string | undefined;
  readonly start: SpanStart;
}

/** The methods that a server has, each with the start of its last span: most clients know a server by one name. */
class Methods {
  readonly #byPath = new Map<string, KnownStart | undefined>();

  add(path: string): void {
    this.#byPath.set(path, undefined);
  }

  startOf(path: string, authority: string | undefined): SpanStart {
    const known = this.#byPath.get(path);
    if (known !== undefined && known.authority === authority) return known.start;
    if (!this.#byPath.has(path)) return unknownMethodStart(methodOf(path), serverOf(authority));
    const start = spanStart(methodOf(path), serverOf(authority));
    this.#byPath.set(path, { authority, start });
    return start;
  }
}

const methods = createTie<Methods>();

function methodsOf(server: object): Methods {
  const known = methods.get(server);
  if (known !== undefined) return known;
  const created = new Methods();
  methods.set(server, created);
  return created;
}

const peers = createTie<HostAndPort>();

/** Asked once a connection: a session hands out its socket behind a proxy. */
function peerOf(session: ServerHttp2Session | undefined): HostAndPort | undefined {
  // The socket of a session that is gone throws when it is asked anything.
  if (session === undefined || session.destroyed) return undefined;
  const known = peers.get(session);
  if (known !== undefined) return known;
  const { remoteAddress: address, remotePort: port } = session.socket;
  if (address === undefined) return undefined;
  const peer = { address, port };
  peers.set(session, peer);
  return peer;
}

/** The headers with the status: trailers unless nothing came before. What is sent after a client has left goes nowhere. */
function sentStatus({ aborted, sentHeaders, sentTrailers }: ServerHttp2Stream): OutgoingHttpHeaders | undefined {
  if (aborted) return undefined;
  if (sentTrailers?.['grpc-status'] !== undefined) return sentTrailers;
  return sentHeaders?.['grpc-status'] === undefined ? undefined : sentHeaders;
}

/** gRPC escapes the details of a status for the header. */
function decodeDetails(message: unknown): string | undefined {
  if (typeof message !== 'string') return undefined;
  try {
    return decodeURI(message);
  } catch {
    return message;
  }
}

class ServerCall {
  readonly context: ContextWithSpan;
  readonly #stream: ServerHttp2Stream;
  readonly #faults: Faults;
  readonly #span: Span;

  constructor(parent: Context, span: Span, stream: ServerHttp2Stream, faults: Faults) {
    this.context = new ContextWithSpan(parent, span);
    this.#stream = stream;
    this.#faults = faults;
    this.#span = span;
    // It closes once; `once` would make two more objects.
    if (span.isRecording()) stream.on('close', () => this.#end());
  }

  /** What a handler throws goes no further than grpc-js, which tells the client of an unknown error. Never throws. */
  recordThrown(error: unknown): void {
    try {
      this.#span.recordException(error instanceof Error ? error : String(error));
    } catch (fault) {
      this.#faults.record(fault);
    }
  }

  #end(): void {
    try {
      this.#record(this.#span);
    } catch (error) {
      this.#faults.record(error);
    }
  }

  #record(span: Span): void {
    try {
      const sent = sentStatus(this.#stream);
      const code = sent === undefined ? CANCELLED : Number(sent['grpc-status']);
      recordStatus(span, code, isServerError(code), decodeDetails(sent?.['grpc-message']));
    } finally {
      span.end();
      this.context.release();
    }
  }
}

function begin(
  server: object,
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  { tracer, faults }: GrpcTracing,
): ServerCall | undefined {
  // The library answers anything else with an HTTP error.
  if (!headers['content-type']?.startsWith('application/grpc') || isSuppressed(activeContext())) return undefined;
  const parent = extractFrom(headers);
  const { name, attributes } = methodsOf(server).startOf(headers[':path'] ?? '', headers[':authority'] ?? headers.host);
  const span = tracer.startSpan(name, { kind: SpanKind.SERVER, attributes }, parent);
  const call = new ServerCall(parent, span, stream, faults);
  if (span.isRecording()) {
    const peer = peerOf(stream.session as ServerHttp2Session | undefined);
    if (peer !== undefined) recordPeer(span, peer);
  }
  return call;
}

/** The call that `_streamHandler` is at; it looks for the handler before it returns. */
let current: ServerCall | undefined;

/**
 * Wraps `Server.prototype._streamHandler` or its twin for channelz, which get `(stream, headers, ...)`, from grpc-js
 * 1.12 on after a list of interceptors.
 */
export function wrapStreamHandler(original: AnyFunction, tracing: GrpcTracing): AnyFunction {
  return function streamHandler(this: object, ...parameters: unknown[]) {
    if (tracing.faults.isDisabled) return original.apply(this, parameters);
    try {
      const first = Array.isArray(parameters[0]) ? 1 : 0;
      const [stream, headers] = [parameters[first], parameters[first + 1]];
      current = begin(this, stream as ServerHttp2Stream, headers as IncomingHttpHeaders, tracing);
    } catch (error) {
      tracing.faults.record(error);
    }
    if (current === undefined) return original.apply(this, parameters);
    try {
      return runIn(current.context, original, this, parameters);
    } finally {
      current = undefined;
    }
  };
}

/** Calls by what their handlers are given. */
const calls = createTie<ServerCall>();

function wrapEmit(original: AnyFunction): AnyFunction {
  const emitInContext = inContextOf((stream: EventEmitter) => (calls.get(stream) as ServerCall).context, original);

  return function emit(this: EventEmitter, event: string | symbol) {
    const call = calls.get(this);
    if (call === undefined || this.listenerCount(event) === 0 || activeContext() === call.context) {
      // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
      return original.apply(this, arguments as unknown as unknown[]);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return emitInContext.apply(this, arguments as unknown as []);
  };
}

interface Handler {
  readonly func: AnyFunction;
}

/** Wraps `Server.prototype._runHandlerForCall(call, handler, ...)`, which hands the handler a call of its own. */
export function wrapRunHandler(original: AnyFunction, { faults }: GrpcTracing): AnyFunction {
  const patched = new WeakSet<object>();

  const bindEvents = (surface: EventEmitter, call: ServerCall): void => {
    try {
      // The four classes are exported by nothing.
      const prototype: object = Object.getPrototypeOf(surface);
      if (!patched.has(prototype)) {
        patched.add(prototype);
        patchMethod(prototype, 'emit', wrapEmit);
      }
      calls.set(surface, call);
    } catch (error) {
      faults.record(error);
    }
  };

  const traceHandler = (handler: Handler, call: ServerCall): Handler => ({
    ...handler,
    func(...parameters) {
      bindEvents(parameters[0] as EventEmitter, call);
      try {
        return runIn(call.context, handler.func, handler, parameters);
      } catch (error) {
        call.recordThrown(error);
        throw error;
      }
    },
  });

  return function _runHandlerForCall(this: object, inner: unknown, handler: Handler, ...rest: unknown[]) {
    return original.call(this, inner, current === undefined ? handler : traceHandler(handler, current), ...rest);
  };
}

/** Wraps `Server.prototype.register(path, ...)`: the names that may become those of spans. */
export function wrapRegister(original: AnyFunction, { faults }: GrpcTracing): AnyFunction {
  return function register(this: object, path: string) {
    try {
      methodsOf(this).add(path);
    } catch (error) {
      faults.record(error);
    }
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    return original.apply(this, arguments as unknown as unknown[]);
  };
}
