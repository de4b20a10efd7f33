/**
 * Zipkin v2 JSON. Worker; loads nothing. Spec: trace/sdk_exporters/zipkin.md (kind, status, events, scope, service name).
 */
import { readChunk, type ScopeGroup } from './chunk-reader.js';
import {
  type AnyValue,
  type HolderData,
  type KeyValue,
  readResource,
  readScope,
  readSpan,
  type SpanData,
} from './otlp-span.js';

const NANOS_PER_MICRO = 1000n;
/** OTLP kinds that Zipkin knows; INTERNAL has no kind there. */
const KINDS: Readonly<Record<number, string>> = { 2: 'SERVER', 3: 'CLIENT', 4: 'PRODUCER', 5: 'CONSUMER' };
const STATUS_OK = 1;
const STATUS_ERROR = 2;
/** Resource attributes that name the remote side of a client or producer span, best first. */
const REMOTE_NAMES = ['peer.service', 'server.address', 'network.peer.address', 'messaging.destination.name'];

function plainValue(value: AnyValue): unknown {
  if ('intValue' in value)
    return Number.isSafeInteger(Number(value.intValue)) ? Number(value.intValue) : String(value.intValue);
  if ('arrayValue' in value) return (value.arrayValue as AnyValue[]).map(plainValue);
  if ('kvlistValue' in value) {
    return Object.fromEntries((value.kvlistValue as KeyValue[]).map(({ key, value }) => [key, plainValue(value)]));
  }
  if ('bytesValue' in value) return (value.bytesValue as Buffer).toString('base64');
  const [plain] = Object.values(value);
  return plain ?? null;
}

/** Tags are text; what is not text is written as JSON. */
function tagValue(value: AnyValue): string {
  const plain = plainValue(value);
  return typeof plain === 'string' ? plain : JSON.stringify(plain);
}

function tagsOf(attributes: readonly KeyValue[]): Record<string, string> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, tagValue(value)]));
}

function statusTags({ status }: SpanData): Record<string, string> {
  if (status.code === STATUS_OK) return { 'otel.status_code': 'OK' };
  if (status.code !== STATUS_ERROR) return {};
  return { 'otel.status_code': 'ERROR', error: status.message };
}

function droppedTags(span: SpanData): Record<string, string> {
  const counts = {
    'otel.dropped_attributes_count': span.droppedAttributesCount,
    'otel.dropped_events_count': span.droppedEventsCount,
    'otel.dropped_links_count': span.droppedLinksCount,
  };
  return Object.fromEntries(
    Object.entries(counts).flatMap(([key, count]) => (count > 0 ? [[key, String(count)]] : [])),
  );
}

function scopeTags({ name, version }: HolderData): Record<string, string> {
  return {
    ...(name === '' ? {} : { 'otel.scope.name': name }),
    ...(version === '' ? {} : { 'otel.scope.version': version }),
  };
}

function annotation(event: SpanData['events'][number]): object {
  const attributes = Object.fromEntries(event.attributes.map(({ key, value }) => [key, plainValue(value)]));
  const value = event.attributes.length === 0 ? event.name : JSON.stringify({ [event.name]: attributes });
  return { timestamp: Number(event.timeUnixNano / NANOS_PER_MICRO), value };
}

function remoteEndpoint(span: SpanData, tags: Record<string, string>): object | undefined {
  const isOutgoing = span.kind === 3 || span.kind === 4;
  const serviceName = isOutgoing
    ? REMOTE_NAMES.map((name) => tags[name]).find((name) => name !== undefined)
    : undefined;
  return serviceName === undefined ? undefined : { serviceName };
}

function zipkinSpan(message: Buffer, scope: HolderData, resourceTags: Record<string, string>): object {
  const span = readSpan(message);
  const tags = tagsOf(span.attributes);
  const start = span.startTimeUnixNano / NANOS_PER_MICRO;
  const duration = span.endTimeUnixNano / NANOS_PER_MICRO - start;
  const remote = remoteEndpoint(span, tags);
  return {
    traceId: span.traceId,
    id: span.spanId,
    ...(span.parentSpanId === '' ? {} : { parentId: span.parentSpanId }),
    name: span.name,
    ...(KINDS[span.kind] === undefined ? {} : { kind: KINDS[span.kind] }),
    timestamp: Number(start),
    // Zipkin reads 0 as "unknown"; the shortest duration it can hold is 1.
    duration: Math.max(1, Number(duration)),
    localEndpoint: { serviceName: resourceTags['service.name'] ?? 'unknown_service' },
    ...(remote === undefined ? {} : { remoteEndpoint: remote }),
    ...(span.events.length === 0 ? {} : { annotations: span.events.map(annotation) }),
    tags: { ...resourceTags, ...tags, ...scopeTags(scope), ...droppedTags(span), ...statusTags(span) },
  };
}

function zipkinSpans(
  chunk: Buffer,
  { definition, ranges }: ScopeGroup,
  resourceTags: Record<string, string>,
): object[] {
  const scope = readScope(definition);
  const spans: object[] = [];
  for (let i = 0; i < ranges.length; i += 2) {
    spans.push(zipkinSpan(chunk.subarray(ranges[i], ranges[i + 1]), scope, resourceTags));
  }
  return spans;
}

/** The Zipkin v2 JSON list for one chunk. Throws on a chunk that breaks the layout. */
export function buildZipkinRequest(resource: Uint8Array, chunk: Buffer): Buffer {
  const resourceTags = tagsOf(readResource(Buffer.from(resource)).attributes);
  return Buffer.from(JSON.stringify(readChunk(chunk).flatMap((group) => zipkinSpans(chunk, group, resourceTags))));
}
