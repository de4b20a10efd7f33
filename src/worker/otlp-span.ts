/**
 * OTLP Span messages back to plain data, for the formats that are not protobuf. Worker; loads nothing. The field numbers
 * are those of opentelemetry-proto v1.11.0 (trace.proto, common.proto, resource.proto).
 */
import { type Field, readFields } from './protobuf-reader.js';

/** OTLP's AnyValue: exactly one field, or none for an empty value. 64-bit integers stay bigint. */
export type AnyValue =
  | { readonly stringValue: string }
  | { readonly boolValue: boolean }
  | { readonly intValue: bigint }
  | { readonly doubleValue: number }
  | { readonly arrayValue: readonly AnyValue[] }
  | { readonly kvlistValue: readonly KeyValue[] }
  | { readonly bytesValue: Buffer }
  | Record<string, never>;

export interface KeyValue {
  readonly key: string;
  readonly value: AnyValue;
}

export interface SpanEventData {
  timeUnixNano: bigint;
  name: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
}

export interface SpanLinkData {
  traceId: string;
  spanId: string;
  traceState: string;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  flags: number;
}

/** Ids are lower-case hexadecimal text. */
export interface SpanData {
  traceId: string;
  spanId: string;
  traceState: string;
  parentSpanId: string;
  flags: number;
  name: string;
  kind: number;
  startTimeUnixNano: bigint;
  endTimeUnixNano: bigint;
  attributes: KeyValue[];
  droppedAttributesCount: number;
  events: SpanEventData[];
  droppedEventsCount: number;
  links: SpanLinkData[];
  droppedLinksCount: number;
  status: { code: number; message: string };
}

/** InstrumentationScope or Resource with the schema URL that stands beside it. */
export interface HolderData {
  name: string;
  version: string;
  attributes: KeyValue[];
  schemaUrl: string;
}

const uint = (field: Field): number => (field.wire === 'varint' ? Number(field.value) : 0);
const bytes = (field: Field): Buffer => (field.wire === 'bytes' ? field.value : Buffer.alloc(0));
const text = (field: Field): string => bytes(field).toString('utf8');
const hex = (field: Field): string => bytes(field).toString('hex');
const time = (field: Field): bigint => (field.wire === 'fixed64' ? field.value.readBigUInt64LE(0) : 0n);
const fixed32 = (field: Field): number => (field.wire === 'fixed32' ? field.value.readUInt32LE(0) : 0);

function readAnyValue(message: Buffer): AnyValue {
  for (const field of readFields(message)) {
    if (field.number === 1) return { stringValue: text(field) };
    if (field.number === 2) return { boolValue: uint(field) !== 0 };
    if (field.number === 3 && field.wire === 'varint') return { intValue: BigInt.asIntN(64, field.value) };
    if (field.number === 4 && field.wire === 'fixed64') return { doubleValue: field.value.readDoubleLE(0) };
    if (field.number === 5)
      return { arrayValue: [...readFields(bytes(field))].map((item) => readAnyValue(bytes(item))) };
    if (field.number === 6)
      return { kvlistValue: [...readFields(bytes(field))].map((item) => readKeyValue(bytes(item))) };
    if (field.number === 7) return { bytesValue: bytes(field) };
  }
  return {};
}

function readKeyValue(message: Buffer): KeyValue {
  let key = '';
  let value: AnyValue = {};
  for (const field of readFields(message)) {
    if (field.number === 1) key = text(field);
    if (field.number === 2) value = readAnyValue(bytes(field));
  }
  return { key, value };
}

function readEvent(message: Buffer): SpanEventData {
  const event: SpanEventData = { timeUnixNano: 0n, name: '', attributes: [], droppedAttributesCount: 0 };
  for (const field of readFields(message)) {
    if (field.number === 1) event.timeUnixNano = time(field);
    if (field.number === 2) event.name = text(field);
    if (field.number === 3) event.attributes.push(readKeyValue(bytes(field)));
    if (field.number === 4) event.droppedAttributesCount = uint(field);
  }
  return event;
}

function readLink(message: Buffer): SpanLinkData {
  const link: SpanLinkData = {
    traceId: '',
    spanId: '',
    traceState: '',
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
  };
  for (const field of readFields(message)) {
    if (field.number === 1) link.traceId = hex(field);
    if (field.number === 2) link.spanId = hex(field);
    if (field.number === 3) link.traceState = text(field);
    if (field.number === 4) link.attributes.push(readKeyValue(bytes(field)));
    if (field.number === 5) link.droppedAttributesCount = uint(field);
    if (field.number === 6) link.flags = fixed32(field);
  }
  return link;
}

function readStatus(message: Buffer): { code: number; message: string } {
  const status = { code: 0, message: '' };
  for (const field of readFields(message)) {
    if (field.number === 2) status.message = text(field);
    if (field.number === 3) status.code = uint(field);
  }
  return status;
}

function emptySpan(): SpanData {
  return {
    traceId: '',
    spanId: '',
    traceState: '',
    parentSpanId: '',
    flags: 0,
    name: '',
    kind: 0,
    startTimeUnixNano: 0n,
    endTimeUnixNano: 0n,
    attributes: [],
    droppedAttributesCount: 0,
    events: [],
    droppedEventsCount: 0,
    links: [],
    droppedLinksCount: 0,
    status: { code: 0, message: '' },
  };
}

type Scalars = Omit<SpanData, 'attributes' | 'events' | 'links'>;
type ScalarReader = { [K in keyof Scalars]: readonly [K, (field: Field) => Scalars[K]] }[keyof Scalars];

const SCALARS: Readonly<Record<number, ScalarReader>> = {
  1: ['traceId', hex],
  2: ['spanId', hex],
  3: ['traceState', text],
  4: ['parentSpanId', hex],
  5: ['name', text],
  6: ['kind', uint],
  7: ['startTimeUnixNano', time],
  8: ['endTimeUnixNano', time],
  10: ['droppedAttributesCount', uint],
  12: ['droppedEventsCount', uint],
  14: ['droppedLinksCount', uint],
  15: ['status', (field) => readStatus(bytes(field))],
  16: ['flags', fixed32],
};

function readSpanField(span: SpanData, field: Field): void {
  const scalar = SCALARS[field.number];
  if (scalar !== undefined) Object.assign(span, { [scalar[0]]: scalar[1](field) });
  else if (field.number === 9) span.attributes.push(readKeyValue(bytes(field)));
  else if (field.number === 11) span.events.push(readEvent(bytes(field)));
  else if (field.number === 13) span.links.push(readLink(bytes(field)));
}

/** Reads a Span message. Throws a RangeError when the bytes are not a protobuf message. */
export function readSpan(message: Buffer): SpanData {
  const span = emptySpan();
  for (const field of readFields(message)) readSpanField(span, field);
  return span;
}

/** Reads a chunk's scope definition: field 1 holds the scope, field 3 the schema URL. */
export function readScope(definition: Buffer): HolderData {
  return readHolder(definition, { name: 1, version: 2, attributes: 3 });
}

/** Reads the resource bytes: field 1 holds the resource, field 3 the schema URL. */
export function readResource(resource: Buffer): HolderData {
  return readHolder(resource, { name: 0, version: 0, attributes: 1 });
}

function readHolder(outer: Buffer, numbers: { name: number; version: number; attributes: number }): HolderData {
  const holder: HolderData = { name: '', version: '', attributes: [], schemaUrl: '' };
  for (const field of readFields(outer)) {
    if (field.number === 3) holder.schemaUrl = text(field);
    if (field.number !== 1) continue;
    for (const inner of readFields(bytes(field))) {
      if (inner.number === numbers.name) holder.name = text(inner);
      if (inner.number === numbers.version) holder.version = text(inner);
      if (inner.number === numbers.attributes) holder.attributes.push(readKeyValue(bytes(inner)));
    }
  }
  return holder;
}
