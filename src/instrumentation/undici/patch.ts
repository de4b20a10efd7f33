/**
 * Traces fetch and the undici package through the diagnostics channels of both. Main thread; loaded once the
 * application has started (channel.ts).
 */
import { subscribe } from 'node:diagnostics_channel';
import { propagation, type Span, SpanKind, type TextMapSetter, type Tracer } from '@opentelemetry/api';
import { AGENT_VERSION } from '../../version.js';
import { activeContext } from '../active-context.js';
import { inject, isSuppressed } from '../context.js';
import {
  captureHeaders,
  createHttpRules,
  type HttpRules,
  isCancellation,
  methodInName,
  recordClientStatus,
} from '../http/rules.js';
import { createTie, failSpan } from '../operation.js';
import { Faults } from '../patch.js';
import { HTTP_REQUEST_RESEND_COUNT } from '../semconv.js';
import type { InstrumentationContext } from '../types.js';
import { createPassOn, type PassOn } from '../unsampled.js';
import { connectionAttributes, startAttributes, urlOf } from './attributes.js';
import { UNDICI } from './manifest.js';
import { readHeader, setRequestHeader, type UndiciRequest, type UndiciResponse, type UndiciSocket } from './request.js';
import { beginAttempt, noteResponse } from './resends.js';

interface Message {
  readonly request: UndiciRequest;
  readonly socket: UndiciSocket;
  readonly response: UndiciResponse;
  readonly error: unknown;
}

/** The open span of a request; undefined once it has ended. */
const spans = createTie<Span | undefined>();

const setter: TextMapSetter<UndiciRequest> = { set: setRequestHeader };

function start(request: UndiciRequest, tracer: Tracer, rules: HttpRules, passOn: PassOn): void {
  // CONNECT opens a tunnel for the request that the application made, which comes here by itself.
  if (request.method === 'CONNECT' || spans.get(request) !== undefined) return;
  const active = activeContext();
  const call = beginAttempt(request, active);
  const parent = call?.caller ?? active;
  if (isSuppressed(parent)) return;
  if (rules.client.isExcluded?.(urlOf(request)) === true) return;
  // No channel tells of the end of an upgrade in undici 5 and 6: a span would stay open for ever.
  if (request.upgrade || passOn(parent) !== undefined) {
    propagation.inject(parent, request, setter);
    return;
  }
  const attributes = startAttributes(request, rules);
  if (call !== undefined && call.resends > 0) attributes[HTTP_REQUEST_RESEND_COUNT] = call.resends;
  const span = tracer.startSpan(methodInName(rules, request.method), { kind: SpanKind.CLIENT, attributes }, parent);
  if (span.isRecording()) spans.set(request, span);
  inject(parent, span, request, setter);
}

function respond(span: Span, { request, response }: Message, rules: HttpRules): void {
  const { statusCode, headers } = response;
  if (statusCode < 200 && statusCode !== 101) return;
  recordClientStatus(span, statusCode);
  noteResponse(request, response);
  if (rules.client.response.length > 0) {
    span.setAttributes(captureHeaders(rules.client.response, (name) => readHeader(headers, name)));
  }
}

function end(span: Span, request: UndiciRequest): void {
  spans.set(request, undefined);
  span.end();
}

/** Subscribes to what becomes of requests; returns what is to be told of each that is made. Throws nothing into them. */
export function traceRequests({ tracerProvider, config, log }: InstrumentationContext): (message: unknown) => void {
  const tracer = tracerProvider.getTracer(UNDICI.scope, AGENT_VERSION);
  const rules = createHttpRules(config.http);
  const passOn = createPassOn(config);
  const faults = new Faults('undici', log);

  // Node: what a subscriber throws becomes an uncaught exception of the application.
  const guarded = (handle: (message: Message) => void) => (message: unknown) => {
    try {
      handle(message as Message);
    } catch (error) {
      faults.record(error);
    }
  };
  const onOpen = (channel: string, handle: (span: Span, message: Message) => void): void => {
    const onMessage = guarded((message) => {
      const span = spans.get(message.request);
      if (span !== undefined) handle(span, message);
    });
    subscribe(channel, onMessage);
  };

  onOpen('undici:client:sendHeaders', (span, { socket }) => span.setAttributes(connectionAttributes(socket)));
  onOpen('undici:request:headers', (span, message) => respond(span, message, rules));
  onOpen('undici:request:trailers', (span, { request }) => end(span, request));
  onOpen('undici:request:error', (span, { request, error }) => {
    if (!isCancellation(error)) failSpan(span, error);
    end(span, request);
  });
  return guarded(({ request }) => {
    if (!faults.isDisabled) start(request, tracer, rules, passOn);
  });
}
