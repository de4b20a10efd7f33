/**
 * Client side: one CLIENT span for each call that is started on a channel, the one place that every client, interceptor
 * and kind of call comes through. The application's metadata is copied, not changed. Hot path.
 *
 *   createCall() ─ tie ─► ClientCall ◄─ start(): the span, a copy of the metadata that carries its context
 *                             └─ in the place of the listener: end of the span, and the caller's context for the rest
 */
import { type Context, context as contextApi, type Span, SpanKind, type Tracer } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { inject, isSuppressed } from '../context.js';
import type { HostAndPort } from '../http/address.js';
import { createTie } from '../operation.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';
import { methodOf, parsePeer, parseTarget, recordPeer, type SpanStart, spanStart } from './attributes.js';
import { isClientError, recordStatus } from './status.js';

/** What the wrappers of one instrumentation share. */
export interface GrpcTracing {
  readonly tracer: Tracer;
  readonly faults: Faults;
}

interface Metadata {
  clone(): Metadata;
  set(key: string, value: string): void;
}

interface Status {
  readonly code: number;
  readonly details: string;
}

interface Listener {
  onReceiveMetadata(metadata: unknown): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: Status): void;
}

/** The part of `Call` that we use. */
interface Call {
  getPeer(): string;
}

interface Channel {
  getTarget(): string;
}

/** Goes with each message; only a stream's have a callback. */
interface MessageContext {
  readonly callback?: (error?: unknown) => void;
}

const setter = { set: (metadata: Metadata, key: string, value: string): void => metadata.set(key, value) };

/** A client that forwards whatever it is asked for has any number of methods. */
const MAX_CACHED_METHODS = 1000;

/** What the spans of one channel start with. */
class ChannelStarts {
  readonly target: string;
  readonly #server: HostAndPort;
  readonly #byPath = new Map<string, SpanStart>();

  constructor(channel: Channel) {
    this.target = channel.getTarget();
    this.#server = parseTarget(this.target);
  }

  of(path: string): SpanStart {
    const known = this.#byPath.get(path);
    if (known !== undefined) return known;
    const start = spanStart(methodOf(path), this.#server);
    if (this.#byPath.size < MAX_CACHED_METHODS) this.#byPath.set(path, start);
    return start;
  }
}

const channels = createTie<ChannelStarts>();

function startsOf(channel: Channel): ChannelStarts {
  const known = channels.get(channel);
  if (known !== undefined) return known;
  const starts = new ChannelStarts(channel);
  channels.set(channel, starts);
  return starts;
}

let lastPeer = '';
let lastPeerParsed: HostAndPort = { address: '', port: undefined };

function peerOf(text: string): HostAndPort {
  if (text !== lastPeer) {
    lastPeerParsed = parsePeer(text);
    lastPeer = text;
  }
  return lastPeerParsed;
}

class ClientCall implements Listener {
  /** In which all callbacks run: what is done with a response is no part of the call. */
  readonly #caller: Context;
  readonly #channel: Channel;
  readonly #path: string;
  readonly #tracing: GrpcTracing;
  #listener: Listener | undefined;
  #call: Call | undefined;
  /** Undefined when nothing is recorded, and after the end. */
  #span: Span | undefined;
  #hasWritten = false;

  constructor(channel: Channel, path: string, tracing: GrpcTracing) {
    this.#caller = activeContext();
    this.#channel = channel;
    this.#path = path;
    this.#tracing = tracing;
  }

  /** Never throws. */
  listenFor(listener: Listener): void {
    this.#listener = listener;
  }

  /** Returns the metadata to send. */
  begin(call: Call, metadata: Metadata): Metadata {
    if (isSuppressed(this.#caller)) return metadata;
    const injected = metadata.clone();
    const { name, attributes } = startsOf(this.#channel).of(this.#path);
    const span = this.#tracing.tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, this.#caller);
    if (span.isRecording()) {
      this.#span = span;
      this.#call = call;
    }
    inject(this.#caller, span, injected, setter);
    return injected;
  }

  /**
   * A message that waits for a connection is written in the connection's context, and so are all that follow it: binding
   * the first is enough.
   */
  bindWrite(context: MessageContext): MessageContext {
    if (this.#hasWritten || context.callback === undefined) return context;
    this.#hasWritten = true;
    return { ...context, callback: contextApi.bind(activeContext(), context.callback) };
  }

  onReceiveMetadata(metadata: unknown): void {
    const listener = this.#listener as Listener;
    if (activeContext() === this.#caller) listener.onReceiveMetadata(metadata);
    else runIn(this.#caller, listener.onReceiveMetadata, listener, [metadata]);
  }

  onReceiveMessage(message: unknown): void {
    const listener = this.#listener as Listener;
    if (activeContext() === this.#caller) listener.onReceiveMessage(message);
    else runIn(this.#caller, listener.onReceiveMessage, listener, [message]);
  }

  onReceiveStatus(status: Status): void {
    const listener = this.#listener as Listener;
    const span = this.#span;
    if (span !== undefined) this.#end(span, status);
    if (activeContext() === this.#caller) listener.onReceiveStatus(status);
    else runIn(this.#caller, listener.onReceiveStatus, listener, [status]);
  }

  #end(span: Span, { code, details }: Status): void {
    this.#span = undefined;
    try {
      this.#record(span, code, details);
    } catch (error) {
      this.#tracing.faults.record(error);
    }
  }

  #record(span: Span, code: number, details: string): void {
    try {
      recordStatus(span, code, isClientError(code), details);
      const peer = this.#call?.getPeer();
      // A call without a connection says its target, or that it does not know.
      if (peer !== undefined && peer !== 'unknown' && peer !== startsOf(this.#channel).target) {
        recordPeer(span, peerOf(peer));
      }
    } finally {
      span.end();
    }
  }
}

const calls = createTie<ClientCall>();

function wrapStart(original: AnyFunction, { faults }: GrpcTracing): AnyFunction {
  return function start(this: Call, metadata: Metadata, listener: Listener) {
    const call = calls.get(this);
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    if (call === undefined) return original.apply(this, arguments as unknown as unknown[]);
    call.listenFor(listener);
    let sent = metadata;
    try {
      sent = call.begin(this, metadata);
    } catch (error) {
      faults.record(error);
    }
    return original.call(this, sent, call);
  };
}

function wrapSend(original: AnyFunction): AnyFunction {
  return function sendMessageWithContext(this: Call, context: MessageContext, message: unknown) {
    const call = calls.get(this);
    return original.call(this, call === undefined ? context : call.bindWrite(context), message);
  };
}

/** Wraps `Channel.prototype.createCall`. What the original throws passes untouched, and nothing was traced. */
export function wrapCreateCall(original: AnyFunction, tracing: GrpcTracing): AnyFunction {
  const patched = new WeakSet<object>();
  return function createCall(this: Channel, path: string): Call {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const call: Call = original.apply(this, arguments as unknown as unknown[]);
    if (tracing.faults.isDisabled) return call;
    try {
      // The class of calls is exported by nothing.
      const prototype: object = Object.getPrototypeOf(call);
      if (!patched.has(prototype)) {
        patched.add(prototype);
        patchMethod(prototype, 'start', (start) => wrapStart(start, tracing));
        patchMethod(prototype, 'sendMessageWithContext', wrapSend);
      }
      calls.set(call, new ClientCall(this, path, tracing));
    } catch (error) {
      tracing.faults.record(error);
    }
    return call;
  };
}
