/** Client side: one CLIENT span for each request that `http.request` or `http.get` makes. */
import type { EventEmitter } from 'node:events';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { type Context, type Span, SpanKind, type TextMapSetter } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import { inject, isSuppressed } from '../context.js';
import { failSpan, failSpanByCode } from '../operation.js';
import type { AnyFunction, Faults } from '../patch.js';
import { OTHER } from '../semconv.js';
import { clientAttributes, type RequestInput, type RequestView, recordConnection, targetOf } from './attributes.js';
import { earlyHeadersOf, headerCarrierSetter, previewRequest, withHeaders } from './early-headers.js';
import { type Exchange, exchanges } from './messages.js';
import { captureHeaders, type HttpRules, isCancellation, methodInName, recordClientStatus } from './rules.js';
import type { HttpTracing } from './server.js';
import { outgoingHeader } from './stored-header.js';

class ClientExchange implements Exchange {
  /** The caller's: what it does with the response is no part of the call. */
  readonly context: Context;
  readonly #request: ClientRequest;
  readonly #rules: HttpRules;
  readonly #signal: AbortSignal | undefined;
  #response: IncomingMessage | undefined;
  /** Undefined when nothing is recorded, and after the end. */
  #span: Span | undefined;

  constructor(context: Context, span: Span, request: ClientRequest, rules: HttpRules, signal: AbortSignal | undefined) {
    this.context = context;
    this.#request = request;
    this.#rules = rules;
    this.#signal = signal;
    this.#span = span.isRecording() ? span : undefined;
  }

  observe(message: EventEmitter, event: string | symbol, argument: unknown): void {
    if (message === this.#request) this.#observeRequest(event, argument);
    else if (this.#span === undefined) return;
    else if (event === 'end') this.#end();
    else if (event === 'error') this.#fail(argument);
    else if (event === 'close') this.#onResponseClose(message as IncomingMessage);
  }

  #observeRequest(event: string | symbol, argument: unknown): void {
    if (event === 'response') this.#onResponse(argument as IncomingMessage);
    else if (this.#span === undefined) return;
    else if (event === 'error') this.#fail(argument);
    else if (event === 'upgrade' || event === 'connect') {
      this.#onResponse(argument as IncomingMessage);
      this.#end();
    } else if (event === 'close' && this.#response?.complete !== false) this.#end();
  }

  #onResponse(response: IncomingMessage): void {
    this.#response = response;
    exchanges.set(response, this);
    const span = this.#span;
    if (span === undefined) return;
    recordConnection(span, response);
    recordClientStatus(span, response.statusCode ?? 0);
    const capture = this.#rules.client.response;
    if (capture.length > 0) span.setAttributes(captureHeaders(capture, (name) => response.headers[name]));
  }

  /** Without an 'end' before it: the connection broke, or the caller had read enough. */
  #onResponseClose(response: IncomingMessage): void {
    if (!response.complete && response.errored) this.#fail(response.errored);
    else this.#end();
  }

  #fail(error: unknown): void {
    // A request that its signal ended says ECONNRESET once the response has begun: the reason is the truth.
    const reason: unknown = this.#signal?.aborted ? this.#signal.reason : error;
    const isIntended = this.#signal?.aborted ? !isTimeout(reason) : isCancellation(error);
    if (!isIntended && this.#span !== undefined) failSpan(this.#span, reason);
    this.#end();
  }

  #end(): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    const capture = this.#rules.client.request;
    if (capture.length > 0) span.setAttributes(captureHeaders(capture, (name) => outgoingHeader(this.#request, name)));
    span.end();
  }
}

function isTimeout(reason: unknown): boolean {
  return (reason as { name?: unknown } | undefined)?.name === 'TimeoutError';
}

const setter: TextMapSetter<ClientRequest> = {
  set: (request, name, value) => void request.setHeader(name, value),
};

/** A call before the request is there. */
interface Call {
  readonly parent: Context;
  readonly parameters: unknown[];
  /** What goes on in the place of a span when nothing is recorded. */
  readonly passedOn: Span | undefined;
  /** There when the call needs no look at its target, or headers had to be written in advance. */
  readonly span: Span | undefined;
  readonly isInjected: boolean;
}

interface Options {
  readonly input: RequestInput;
  readonly options: RequestInput | undefined;
}

const NOT_LOOKED_AT: Options = { input: {}, options: undefined };

function optionsOf([first, second]: readonly unknown[]): Options {
  const input = typeof first === 'string' ? new URL(first) : first;
  const options = typeof second === 'object' && second !== null ? second : undefined;
  return { input: (input ?? {}) as RequestInput, options: options as RequestInput | undefined };
}

/** Undefined for an excluded URL. */
function startSpan(
  request: RequestView,
  { input, options }: Options,
  parent: Context,
  passedOn: Span | undefined,
  { tracer, rules }: HttpTracing,
): Span | undefined {
  const target = targetOf(request, input, options);
  if (rules.client.isExcluded?.(target.url) === true) return undefined;
  if (passedOn !== undefined) return passedOn;
  const attributes = clientAttributes(request.method, target, rules);
  return tracer.startSpan(methodInName(rules, request.method), { kind: SpanKind.CLIENT, attributes }, parent);
}

/** Undefined when the call is not to be traced. Throws for parameters that the original will refuse as well. */
function prepare(parameters: unknown[], protocol: string, tracing: HttpTracing): Call | undefined {
  const parent = activeContext();
  if (isSuppressed(parent)) return undefined;
  const passedOn = tracing.passOn(parent);
  const known = tracing.rules.client.isExcluded === undefined ? passedOn : undefined;
  const headers = earlyHeadersOf(parameters);
  if (headers === undefined) return { parent, parameters, passedOn, span: known, isInjected: false };
  const span =
    known ?? startSpan(previewRequest(parameters, protocol), optionsOf(parameters), parent, passedOn, tracing);
  if (span === undefined) return undefined;
  const carrier = { headers };
  inject(parent, span, carrier, headerCarrierSetter);
  return { parent, parameters: withHeaders(parameters, carrier.headers), passedOn, span, isInjected: true };
}

function begin(request: ClientRequest, call: Call, tracing: HttpTracing): void {
  // Somebody else's stand-in (a mock) has no events of ours: a span would stay open for ever.
  if (!(request instanceof tracing.ClientRequest) || exchanges.get(request) !== undefined) {
    abandon(call, tracing.faults);
    return;
  }
  const { parent } = call;
  const given = call.span?.isRecording() === false ? NOT_LOOKED_AT : optionsOf(call.parameters);
  const span = call.span ?? startSpan(request as RequestView, given, parent, call.passedOn, tracing);
  if (span === undefined) return;
  const signal = given.options?.signal ?? given.input.signal;
  exchanges.set(request, new ClientExchange(parent, span, request, tracing.rules, signal));
  if (!call.isInjected) inject(parent, span, request, setter);
}

/** Ends what was started for a request that did not come about. Never throws: an exception may be on its way. */
function abandon({ span }: Call, faults: Faults): void {
  if (span === undefined) return;
  try {
    failSpanByCode(span, OTHER);
    span.end();
  } catch (error) {
    faults.record(error);
  }
}

/**
 * Wraps `http.request` or `https.request`. What the original throws passes untouched: no catch, which would change the
 * line that Node prints for an uncaught exception.
 */
export function wrapRequest(original: AnyFunction, protocol: string, tracing: HttpTracing): AnyFunction {
  const { faults } = tracing;
  return function request(this: unknown, ...parameters: unknown[]): ClientRequest {
    if (faults.isDisabled) return original.apply(this, parameters);
    let call: Call | undefined;
    let fault: unknown;
    try {
      call = prepare(parameters, protocol, tracing);
    } catch (error) {
      fault = error;
    }
    let request: ClientRequest | undefined;
    try {
      request = original.apply(this, call?.parameters ?? parameters) as ClientRequest;
    } finally {
      if (request === undefined && call !== undefined) abandon(call, faults);
    }
    try {
      if (fault !== undefined) faults.record(fault);
      if (call !== undefined) begin(request, call, tracing);
    } catch (error) {
      faults.record(error);
    }
    return request;
  };
}

/** Node's own `get` calls a `request` that cannot be replaced, and ends the request before anybody could add to it. */
export function createGet(request: AnyFunction): AnyFunction {
  return function get(this: unknown): ClientRequest {
    // biome-ignore lint/complexity/noArguments: forwards exactly what the caller passed, at no cost
    const made: ClientRequest = request.apply(this, arguments as unknown as unknown[]);
    made.end();
    return made;
  };
}
