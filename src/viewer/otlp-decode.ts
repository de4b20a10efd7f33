/**
 * OTLP messages and OTLP JSON to span records. Strict on purpose: what a lenient collector would repair (a wrong id
 * length, an enum by name, a rounded time) is refused here, so that a test sees it.
 */
import {
  type AnyValueMessage,
  decodeTraceRequest,
  type EventMessage,
  type KeyValueMessage,
  type LinkMessage,
  type Long,
  type SpanMessage,
  type TraceRequestMessage,
  traceRequestFromObject,
} from './otlp-schema.js';
import {
  type Attributes,
  InvalidRequest,
  type SpanEvent,
  type SpanKindName,
  type SpanLink,
  type SpanRecord,
  type StatusCodeName,
} from './span-record.js';

const KINDS: readonly SpanKindName[] = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_CODES: readonly StatusCodeName[] = ['UNSET', 'OK', 'ERROR'];

/** Decodes an OTLP protobuf trace request. Throws InvalidRequest. */
export function spansFromProtobuf(bytes: Uint8Array): SpanRecord[] {
  let message: TraceRequestMessage;
  try {
    message = decodeTraceRequest(bytes);
  } catch (error) {
    throw new InvalidRequest(`not an ExportTraceServiceRequest: ${(error as Error).message}`);
  }
  return spansFromMessage(message);
}

/** Decodes an OTLP JSON trace request (hex ids, 64-bit integers as strings, enums as integers). Throws InvalidRequest. */
export function spansFromJson(text: string): SpanRecord[] {
  let plain: unknown;
  try {
    plain = JSON.parse(text, reviveJsonField);
  } catch (error) {
    throw new InvalidRequest(`not OTLP JSON: ${(error as Error).message}`);
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) {
    throw new InvalidRequest('not OTLP JSON: the request is not an object');
  }
  try {
    return spansFromMessage(traceRequestFromObject(plain));
  } catch (error) {
    if (error instanceof InvalidRequest) throw error;
    throw new InvalidRequest(`not an ExportTraceServiceRequest: ${(error as Error).message}`);
  }
}

const HEX = /^([0-9a-f]{2})*$/i;

function reviveJsonField(key: string, value: unknown): unknown {
  switch (key) {
    case 'traceId':
    case 'spanId':
    case 'parentSpanId':
      if (typeof value !== 'string' || !HEX.test(value)) throw new Error(`${key} is not a hex string`);
      return Buffer.from(value, 'hex');
    case 'startTimeUnixNano':
    case 'endTimeUnixNano':
    case 'timeUnixNano':
      if (typeof value !== 'string') throw new Error(`${key} is not a decimal string`);
      return value;
    case 'kind':
      if (typeof value !== 'number') throw new Error('kind is not an integer');
      return value;
    default:
      return value;
  }
}

function spansFromMessage(message: TraceRequestMessage): SpanRecord[] {
  const spans: SpanRecord[] = [];
  for (const { resource, scopeSpans } of message.resourceSpans) {
    const resourceAttributes = toAttributes(resource?.attributes ?? []);
    for (const { scope, spans: messages } of scopeSpans) {
      const scopeRecord = { name: scope?.name ?? '', version: scope?.version ?? '' };
      for (const span of messages) spans.push(toSpan(span, resourceAttributes, scopeRecord));
    }
  }
  return spans;
}

function toSpan(span: SpanMessage, resource: Attributes, scope: SpanRecord['scope']): SpanRecord {
  return {
    traceId: toId(span.traceId, 16, 'traceId'),
    spanId: toId(span.spanId, 8, 'spanId'),
    parentSpanId: span.parentSpanId?.length ? toId(span.parentSpanId, 8, 'parentSpanId') : '',
    traceState: span.traceState ?? '',
    flags: span.flags ?? 0,
    name: span.name ?? '',
    kind: nameOf(KINDS, span.kind, 'span kind'),
    startTimeUnixNano: toUnsigned(span.startTimeUnixNano),
    endTimeUnixNano: toUnsigned(span.endTimeUnixNano),
    attributes: toAttributes(span.attributes),
    droppedAttributesCount: span.droppedAttributesCount ?? 0,
    events: span.events.map(toEvent),
    droppedEventsCount: span.droppedEventsCount ?? 0,
    links: span.links.map(toLink),
    droppedLinksCount: span.droppedLinksCount ?? 0,
    status: {
      code: nameOf(STATUS_CODES, span.status?.code ?? 0, 'status code'),
      message: span.status?.message ?? '',
    },
    resource,
    scope,
  };
}

function toEvent(event: EventMessage): SpanEvent {
  return {
    name: event.name ?? '',
    timeUnixNano: toUnsigned(event.timeUnixNano),
    attributes: toAttributes(event.attributes),
    droppedAttributesCount: event.droppedAttributesCount ?? 0,
  };
}

function toLink(link: LinkMessage): SpanLink {
  return {
    traceId: toId(link.traceId, 16, 'link traceId'),
    spanId: toId(link.spanId, 8, 'link spanId'),
    traceState: link.traceState ?? '',
    flags: link.flags ?? 0,
    attributes: toAttributes(link.attributes),
    droppedAttributesCount: link.droppedAttributesCount ?? 0,
  };
}

function toId(bytes: Uint8Array | null, size: number, field: string): string {
  const id = Buffer.from(bytes ?? []).toString('hex');
  if (id.length !== size * 2) throw new InvalidRequest(`${field} has ${id.length / 2} bytes instead of ${size}`);
  if (/^0*$/.test(id)) throw new InvalidRequest(`${field} is all zeros`);
  return id;
}

function nameOf<T extends string>(names: readonly T[], code: number | null, what: string): T {
  const name = names[code ?? 0];
  if (name === undefined) throw new InvalidRequest(`unknown ${what} ${code}`);
  return name;
}

function toAttributes(pairs: readonly KeyValueMessage[]): Attributes {
  // fromEntries defines properties instead of assigning them, so a hostile `__proto__` key stays an ordinary one.
  return Object.fromEntries(pairs.map(({ key, value }) => [key ?? '', toValue(value)]));
}

function toValue(value: AnyValueMessage | null): unknown {
  // `value` is the name of the field that the `oneof` holds; protobufjs generates the getter.
  switch (value?.value) {
    case 'stringValue':
      return value.stringValue;
    case 'boolValue':
      return value.boolValue;
    case 'intValue':
      return toInteger(value.intValue);
    case 'doubleValue':
      return value.doubleValue;
    case 'arrayValue':
      return value.arrayValue?.values.map(toValue);
    case 'kvlistValue':
      return toAttributes(value.kvlistValue?.values ?? []);
    case 'bytesValue':
      return Uint8Array.from(value.bytesValue ?? []);
    default:
      return null;
  }
}

function toUnsigned(value: Long | number | null): bigint {
  return BigInt.asUintN(64, toBigInt(value));
}

function toInteger(value: Long | number | null): number | bigint {
  const integer = BigInt.asIntN(64, toBigInt(value));
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : integer;
}

function toBigInt(value: Long | number | null): bigint {
  if (value === null) return 0n;
  if (typeof value === 'number') return BigInt(value);
  return (BigInt(value.high) << 32n) | BigInt(value.low >>> 0);
}
