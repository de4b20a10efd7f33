/** The flag that says that a trace id is random. Spec: W3C Trace Context Level 2. Hot path. */
import type { SpanContext } from '@opentelemetry/api';

const RANDOM = 2;

/** Of a trace that comes from elsewhere, its caller says whether its id is random; callees are told what it said. */
export function keepRandomFlag(own: SpanContext, parent: SpanContext): void {
  if (own.traceId === parent.traceId) own.traceFlags |= parent.traceFlags & RANDOM;
}

/** The ids that the SDK makes are random. */
export function setRandomFlag(own: SpanContext): void {
  own.traceFlags |= RANDOM;
}
