/**
 * Zipkin v2 JSON to span records. What OTLP has and Zipkin lacks stays empty; tags are strings and stay strings.
 */
import { type Attributes, InvalidRequest, type SpanEvent, type SpanKindName, type SpanRecord } from './span-record.js';

const KINDS: readonly SpanKindName[] = ['CLIENT', 'SERVER', 'PRODUCER', 'CONSUMER'];

interface ZipkinSpan {
  traceId: string;
  id: string;
  parentId?: string;
  name?: string;
  kind?: string;
  /** Microseconds since the epoch. */
  timestamp?: number;
  /** Microseconds. */
  duration?: number;
  localEndpoint?: { serviceName?: string };
  tags?: Record<string, string>;
  annotations?: { timestamp: number; value: string }[];
}

/** Decodes the body of POST /api/v2/spans. Throws InvalidRequest. */
export function spansFromZipkin(text: string): SpanRecord[] {
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw new InvalidRequest(`not Zipkin JSON: ${(error as Error).message}`);
  }
  if (!Array.isArray(list)) throw new InvalidRequest('not Zipkin JSON: the request is not a list');
  return list.map((span: ZipkinSpan) => toSpan(span));
}

function toSpan(span: ZipkinSpan): SpanRecord {
  checkIds(span);
  const tags: Attributes = span.tags ?? {};
  const start = BigInt(Math.round(span.timestamp ?? 0)) * 1000n;
  return {
    traceId: span.traceId.padStart(32, '0'),
    spanId: span.id,
    parentSpanId: span.parentId ?? '',
    traceState: '',
    flags: 0,
    name: span.name ?? '',
    kind: KINDS.find((kind) => kind === span.kind) ?? 'INTERNAL',
    startTimeUnixNano: start,
    endTimeUnixNano: start + BigInt(Math.round(span.duration ?? 0)) * 1000n,
    attributes: tags,
    droppedAttributesCount: 0,
    events: (span.annotations ?? []).map(toEvent),
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: statusOf(tags),
    resource: { 'service.name': span.localEndpoint?.serviceName ?? '' },
    scope: { name: String(tags['otel.library.name'] ?? ''), version: String(tags['otel.library.version'] ?? '') },
  };
}

function checkIds(span: ZipkinSpan): void {
  if (!/^([0-9a-f]{16}|[0-9a-f]{32})$/.test(String(span.traceId))) {
    throw new InvalidRequest(`traceId ${span.traceId} is not 16 or 32 hex digits`);
  }
  for (const id of [span.id, span.parentId ?? span.id]) {
    if (!/^[0-9a-f]{16}$/.test(String(id))) throw new InvalidRequest(`span id ${id} is not 16 hex digits`);
  }
}

function toEvent(annotation: { timestamp: number; value: string }): SpanEvent {
  return {
    name: annotation.value,
    timeUnixNano: BigInt(Math.round(annotation.timestamp)) * 1000n,
    attributes: {},
    droppedAttributesCount: 0,
  };
}

/** OpenTelemetry's mapping to Zipkin: `otel.status_code` names the code, `error` carries the message. */
function statusOf(tags: Attributes): SpanRecord['status'] {
  const code = tags['otel.status_code'];
  if (code === 'ERROR' || tags.error !== undefined) return { code: 'ERROR', message: String(tags.error ?? '') };
  return { code: code === 'OK' ? 'OK' : 'UNSET', message: '' };
}
