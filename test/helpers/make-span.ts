/**
 * Span records written by hand, for tests of what reads them. Times are given in milliseconds.
 */
import type { SpanRecord } from '../../src/viewer/span-record.js';

export interface SpanSketch extends Partial<Omit<SpanRecord, 'status' | 'startTimeUnixNano' | 'endTimeUnixNano'>> {
  service?: string;
  /** From the start of the test's time. */
  startMillis?: number;
  millis?: number;
  /** Status ERROR with this message. */
  error?: string;
}

const EPOCH_NANO = 1_700_000_000_000_000_000n;

/** An id of 16 hex digits that shows where it comes from: `spanId(3)` is `0000000000000003`. */
export function spanId(number: number): string {
  return number.toString(16).padStart(16, '0');
}

/** A span with ids of trace 1 and INTERNAL kind unless told otherwise. */
export function makeSpan(id: number, parent: number | undefined, sketch: SpanSketch = {}): SpanRecord {
  const { service = 'shop', startMillis = 0, millis = 1, error, ...fields } = sketch;
  const start = EPOCH_NANO + BigInt(Math.round(startMillis * 1e6));
  return {
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: spanId(id),
    parentSpanId: parent === undefined ? '' : spanId(parent),
    traceState: '',
    flags: 1,
    name: `span ${id}`,
    kind: 'INTERNAL',
    startTimeUnixNano: start,
    endTimeUnixNano: start + BigInt(Math.round(millis * 1e6)),
    attributes: {},
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: error === undefined ? { code: 'UNSET', message: '' } : { code: 'ERROR', message: error },
    resource: { 'service.name': service },
    scope: { name: 'test', version: '1.0.0' },
    ...fields,
  };
}

/** An event as instrumentations record an exception. */
export function exceptionEvent(type: string, message: string): SpanRecord['events'][number] {
  return {
    name: 'exception',
    timeUnixNano: EPOCH_NANO,
    attributes: { 'exception.type': type, 'exception.message': message },
    droppedAttributesCount: 0,
  };
}
