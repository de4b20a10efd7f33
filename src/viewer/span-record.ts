/**
 * The plain span that the receiver hands out, whatever protocol it came by. Types only.
 */

/** Span kinds and status codes by the names the OpenTelemetry specification gives them. */
export type SpanKindName = 'UNSPECIFIED' | 'INTERNAL' | 'SERVER' | 'CLIENT' | 'PRODUCER' | 'CONSUMER';
export type StatusCodeName = 'UNSET' | 'OK' | 'ERROR';

/** Decoded attributes: strings, booleans, numbers (bigint past 2^53), Uint8Array, arrays and nested records. */
export type Attributes = Record<string, unknown>;

export interface SpanEvent {
  name: string;
  timeUnixNano: bigint;
  attributes: Attributes;
  droppedAttributesCount: number;
}

export interface SpanLink {
  traceId: string;
  spanId: string;
  traceState: string;
  flags: number;
  attributes: Attributes;
  droppedAttributesCount: number;
}

/** One span as received: ids are lower-case hex, times are nanoseconds since the epoch. */
export interface SpanRecord {
  traceId: string;
  spanId: string;
  /** Empty for a root span. */
  parentSpanId: string;
  traceState: string;
  /** OTLP span flags: bits 0-7 the W3C flags, bit 8 "parent is known remote or local", bit 9 "parent is remote". */
  flags: number;
  name: string;
  kind: SpanKindName;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: Attributes;
  droppedAttributesCount: number;
  events: SpanEvent[];
  droppedEventsCount: number;
  links: SpanLink[];
  droppedLinksCount: number;
  status: { code: StatusCodeName; message: string };
  /** Resource attributes; the same object for all spans of one ResourceSpans message. */
  resource: Attributes;
  scope: { name: string; version: string };
}

/** The request cannot be decoded or breaks a rule of its protocol; `message` says which one. */
export class InvalidRequest extends Error {
  override readonly name = 'InvalidRequest';
}
