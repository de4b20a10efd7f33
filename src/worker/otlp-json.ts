/**
 * OTLP as JSON. Worker; loads nothing. Spec: otlp, section "JSON Protobuf Encoding": lowerCamelCase names, ids in
 * hexadecimal, 64-bit integers as decimal text, enums as integers, other bytes in base64.
 */
import { readChunk, type ScopeGroup } from './chunk-reader.js';
import { type AnyValue, type HolderData, type KeyValue, readResource, readScope, readSpan } from './otlp-span.js';

/** JSON has no word for these three; protobuf's JSON mapping names them so. */
function jsonDouble(value: number): number | string {
  if (Number.isFinite(value)) return value;
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? 'Infinity' : '-Infinity';
}

function jsonValue(value: AnyValue): object {
  if ('intValue' in value) return { intValue: String(value.intValue) };
  if ('doubleValue' in value) return { doubleValue: jsonDouble(value.doubleValue as number) };
  if ('arrayValue' in value) return { arrayValue: { values: (value.arrayValue as AnyValue[]).map(jsonValue) } };
  if ('kvlistValue' in value) return { kvlistValue: { values: jsonAttributes(value.kvlistValue as KeyValue[]) } };
  if ('bytesValue' in value) return { bytesValue: (value.bytesValue as Buffer).toString('base64') };
  return value;
}

function jsonAttributes(attributes: readonly KeyValue[]): object[] {
  return attributes.map(({ key, value }) => ({ key, value: jsonValue(value) }));
}

/** Leaves out what protobuf 3 leaves out: zero, empty text, empty lists. */
function compact(entries: Record<string, unknown>): object {
  const kept = Object.entries(entries).filter(
    ([, value]) => value !== 0 && value !== '' && !(Array.isArray(value) && value.length === 0),
  );
  return Object.fromEntries(kept);
}

function jsonSpan(message: Buffer): object {
  const span = readSpan(message);
  return compact({
    ...span,
    startTimeUnixNano: String(span.startTimeUnixNano),
    endTimeUnixNano: String(span.endTimeUnixNano),
    attributes: jsonAttributes(span.attributes),
    events: span.events.map((event) =>
      compact({ ...event, timeUnixNano: String(event.timeUnixNano), attributes: jsonAttributes(event.attributes) }),
    ),
    links: span.links.map((link) => compact({ ...link, attributes: jsonAttributes(link.attributes) })),
    status: compact(span.status),
  });
}

function jsonHolder({ name, version, attributes }: HolderData): object {
  return compact({ name, version, attributes: jsonAttributes(attributes) });
}

function jsonScopeSpans(chunk: Buffer, { definition, ranges }: ScopeGroup): object {
  const scope = readScope(definition);
  const spans: object[] = [];
  for (let i = 0; i < ranges.length; i += 2) spans.push(jsonSpan(chunk.subarray(ranges[i], ranges[i + 1])));
  return compact({ scope: jsonHolder(scope), spans, schemaUrl: scope.schemaUrl });
}

/** The JSON ExportTraceServiceRequest for one chunk. Throws on a chunk that breaks the layout. */
export function buildJsonRequest(resource: Uint8Array, chunk: Buffer): Buffer {
  const { schemaUrl, ...holder } = readResource(Buffer.from(resource));
  const scopeSpans = readChunk(chunk).map((group) => jsonScopeSpans(chunk, group));
  const resourceSpans = [compact({ resource: jsonHolder({ ...holder, schemaUrl }), scopeSpans, schemaUrl })];
  return Buffer.from(JSON.stringify({ resourceSpans }));
}
