/**
 * What some configurations put around `startSpan` of every tracer. Application's thread, on the hot path of every span;
 * loaded only when one of them is configured.
 */
import {
  context as contextApi,
  INVALID_TRACEID,
  isSpanContextValid,
  SpanKind,
  type SpanOptions,
  trace,
} from '@opentelemetry/api';
import type { SpanCondition } from '../config/types.js';
import { keepRandomFlag, setRandomFlag } from './random-flag.js';
import { compileConditions } from './span-test.js';
import type { TracerLayer } from './tracer.js';

/** For callees who sample by the trace id. */
export const markRandom: TracerLayer =
  (start) =>
  (name, options, context = contextApi.active()) => {
    const span = start(name, options, context);
    const own = span.spanContext();
    if (own.traceId === INVALID_TRACEID) return span;
    const parent = trace.getSpanContext(context);
    if (parent?.traceId === own.traceId) keepRandomFlag(own, parent);
    else setRandomFlag(own);
    return span;
  };

function isInbound(options: SpanOptions | undefined): options is SpanOptions {
  return options !== undefined && (options.kind === SpanKind.SERVER || options.kind === SpanKind.CONSUMER);
}

/** OTEL_NODE_UNTRUSTED_INBOUND: what such a caller says is kept as a link, and a new trace starts. */
export function restartUntrusted(alternatives: readonly (readonly SpanCondition[])[]): TracerLayer {
  const tests = alternatives.map(compileConditions);
  return (start) =>
    (name, options, context = contextApi.active()) => {
      const parent = isInbound(options) ? trace.getSpanContext(context) : undefined;
      if (parent?.isRemote !== true || !isSpanContextValid(parent)) return start(name, options, context);
      const { kind = SpanKind.INTERNAL, attributes = {}, links = [] } = options as SpanOptions;
      if (!tests.some((test) => test(name, kind, attributes))) return start(name, options, context);
      return start(name, { ...options, root: true, links: [...links, { context: parent }] }, context);
    };
}
