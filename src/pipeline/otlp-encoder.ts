/**
 * SDK spans to OTLP protobuf (opentelemetry-proto v1.11.0, trace.proto and common.proto). Application's thread, on the
 * hot path of every span's end; type-only imports of the SDK, loads nothing else.
 *
 * Tags are `field number << 3 | wire type`, written out so that a reader can compare them with the schema.
 */
import type { Attributes, HrTime, Link, SpanContext } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { ReadableSpan, TimedEvent } from '@opentelemetry/sdk-trace';
import type { OtlpWriter } from './otlp-writer.js';

/** Span.flags: the low byte is W3C trace flags; these two say whether the parent came from another process. */
const FLAG_HAS_IS_REMOTE = 0x100;
const FLAG_IS_REMOTE = 0x200;

/** Deepest nesting of array and map values; deeper ones become empty values (specification: AttributeValueDepthLimit). */
const MAX_DEPTH = 64;

/** A nested message of unknown size is expected to need this many length bytes' worth of content. */
const SMALL = 0;
const MEDIUM = 0x80;

function flagsOf(context: SpanContext, remote: boolean | undefined): number {
  return (context.traceFlags & 0xff) | FLAG_HAS_IS_REMOTE | (remote === true ? FLAG_IS_REMOTE : 0);
}

function writeNumber(writer: OtlpWriter, value: number): void {
  if (!Number.isInteger(value) || value >= 2 ** 63 || value < -(2 ** 63)) {
    writer.byte(0x21); // AnyValue.double_value
    writer.double(value);
    return;
  }
  writer.byte(0x18); // AnyValue.int_value
  if (value >= 0 && value <= Number.MAX_SAFE_INTEGER) writer.varint(value === 0 ? 0 : value);
  else writer.int64(BigInt(value));
}

function writeArray(writer: OtlpWriter, values: ArrayLike<unknown>, depth: number): void {
  const start = writer.open(0x2a, MEDIUM); // AnyValue.array_value
  for (let i = 0; i < values.length; i++) writeAnyValue(writer, 0x0a, values[i], depth + 1);
  writer.close(start, MEDIUM);
}

function writeMap(writer: OtlpWriter, value: object, depth: number): void {
  const start = writer.open(0x32, MEDIUM); // AnyValue.kvlist_value
  for (const [key, item] of Object.entries(value)) writeKeyValue(writer, 0x0a, key, item, depth + 1);
  writer.close(start, MEDIUM);
}

function writeObject(writer: OtlpWriter, value: object, depth: number): void {
  if (depth >= MAX_DEPTH) return;
  if (Array.isArray(value)) writeArray(writer, value, depth);
  else if (value instanceof Uint8Array)
    writer.blob(0x3a, value); // AnyValue.bytes_value
  else writeMap(writer, value, depth);
}

function writeBigInt(writer: OtlpWriter, value: bigint): void {
  if (BigInt.asIntN(64, value) === value) {
    writer.byte(0x18);
    writer.int64(value);
  } else writer.string(0x0a, value.toString());
}

/** AnyValue under the given tag; null, undefined, functions and symbols are an empty value. */
function writeAnyValue(writer: OtlpWriter, tag: number, value: unknown, depth: number): void {
  const expected = typeof value === 'string' ? value.length + 2 : SMALL;
  const start = writer.open(tag, expected);
  if (typeof value === 'string') writer.string(0x0a, value);
  else if (typeof value === 'number') writeNumber(writer, value);
  else if (typeof value === 'boolean') {
    writer.byte(0x10); // AnyValue.bool_value
    writer.byte(value ? 1 : 0);
  } else if (typeof value === 'object' && value !== null) writeObject(writer, value, depth);
  else if (typeof value === 'bigint') writeBigInt(writer, value);
  writer.close(start, expected);
}

function writeKeyValue(writer: OtlpWriter, tag: number, key: string, value: unknown, depth: number): void {
  const expected = typeof value === 'string' ? key.length + value.length + 6 : key.length + 13;
  const start = writer.open(tag, expected);
  writer.string(0x0a, key);
  writeAnyValue(writer, 0x12, value, depth);
  writer.close(start, expected);
}

function writeAttributes(writer: OtlpWriter, tag: number, attributes: Attributes | undefined): void {
  if (attributes === undefined || attributes === null) return;
  for (const key in attributes) {
    if (Object.hasOwn(attributes, key)) writeKeyValue(writer, tag, key, attributes[key], 0);
  }
}

// In a `for ... in` V8 compiles calls of this one away, and of Object.hasOwn not: 10 ns an attribute (Node.js 20).
const isOwn = Object.prototype.hasOwnProperty;
/** Attributes of one span that are remembered; what comes after them is written anew. */
const MAX_REMEMBERED = 32;

/**
 * What the attributes of the last span of a scope and kind came to, in the bytes that a writer still has: most of the next
 * one's are the same (method, scheme, server, user agent), and bytes are copied in a tenth of the time that it takes to make
 * them.
 */
export class AttributeMemory {
  readonly #keys: string[] = [];
  readonly #values: unknown[] = [];
  /** Bytes that each has taken, one after the other. */
  readonly #lengths: number[] = [];
  #start = 0;
  #count = 0;

  /** The bytes are no longer there. */
  forget(): void {
    this.#count = 0;
    this.#values.length = 0;
  }

  write(writer: OtlpWriter, tag: number, attributes: Attributes): void {
    const keys = this.#keys;
    const values = this.#values;
    const lengths = this.#lengths;
    const known = this.#count;
    const start = writer.position;
    let index = 0;
    let sourceEnd = this.#start;
    let sameBytes = 0;
    for (const key in attributes) {
      if (!isOwn.call(attributes, key)) continue;
      const value = attributes[key];
      const length = index < known ? (lengths[index] as number) : 0;
      sourceEnd += length;
      // An array may have been changed meanwhile.
      if (length > 0 && values[index] === value && keys[index] === key && typeof value !== 'object') {
        sameBytes += length;
        index++;
        continue;
      }
      if (sameBytes > 0) writer.repeat(sourceEnd - length - sameBytes, sameBytes);
      sameBytes = 0;
      const at = writer.position;
      writeKeyValue(writer, tag, key, value, 0);
      if (index < MAX_REMEMBERED) {
        keys[index] = key;
        values[index] = value;
        lengths[index] = writer.position - at;
      }
      index++;
    }
    if (sameBytes > 0) writer.repeat(sourceEnd - sameBytes, sameBytes);
    this.#start = start;
    this.#count = Math.min(index, MAX_REMEMBERED);
  }
}

/** A uint32 field, left out when zero as protobuf 3 does. */
function writeCount(writer: OtlpWriter, tag: number, count: number | undefined): void {
  if (count === undefined || !(count > 0)) return;
  writer.byte(tag);
  writer.varint(Math.min(Math.floor(count), 0xffffffff));
}

function writeOptionalString(writer: OtlpWriter, tag: number, text: string | undefined): void {
  if (typeof text === 'string' && text.length > 0) writer.string(tag, text);
}

function writeTime(writer: OtlpWriter, tag: number, time: HrTime): void {
  writer.byte(tag);
  writer.hrTime(time);
}

function writeFlags(writer: OtlpWriter, tag0: number, tag1: number, flags: number): void {
  writer.byte(tag0);
  if (tag1 !== 0) writer.byte(tag1);
  writer.fixed32(flags);
}

function writeEvent(writer: OtlpWriter, event: TimedEvent): void {
  const start = writer.open(0x5a, MEDIUM); // Span.events
  writeTime(writer, 0x09, event.time);
  writeOptionalString(writer, 0x12, event.name);
  writeAttributes(writer, 0x1a, event.attributes);
  writeCount(writer, 0x20, event.droppedAttributesCount);
  writer.close(start, MEDIUM);
}

function writeLink(writer: OtlpWriter, link: Link): void {
  const { context } = link;
  const start = writer.open(0x6a, SMALL); // Span.links
  writer.hex(0x0a, context.traceId);
  writer.hex(0x12, context.spanId);
  writeOptionalString(writer, 0x1a, context.traceState?.serialize());
  writeAttributes(writer, 0x22, link.attributes);
  writeCount(writer, 0x28, link.droppedAttributesCount);
  writeFlags(writer, 0x35, 0, flagsOf(context, context.isRemote));
  writer.close(start, SMALL);
}

function writeStatus(writer: OtlpWriter, span: ReadableSpan): void {
  const { code, message } = span.status;
  if (code === 0 && !message) return;
  const expected = (message?.length ?? 0) + 6;
  const start = writer.open(0x7a, expected); // Span.status
  writeOptionalString(writer, 0x12, message);
  writeCount(writer, 0x18, code);
  writer.close(start, expected);
}

/**
 * Writes one OTLP Span message at the writer's position. Throws only what a hostile span's own getters throw; `memory` has
 * to be forgotten then, and when the writer leaves these bytes.
 */
export function encodeSpan(writer: OtlpWriter, span: ReadableSpan, memory?: AttributeMemory): void {
  const context = span.spanContext();
  const parent = span.parentSpanContext;
  writer.hex(0x0a, context.traceId);
  writer.hex(0x12, context.spanId);
  if (context.traceState !== undefined) writeOptionalString(writer, 0x1a, context.traceState.serialize());
  if (parent?.spanId) writer.hex(0x22, parent.spanId);
  writeOptionalString(writer, 0x2a, span.name);
  writeCount(writer, 0x30, span.kind + 1); // the API's INTERNAL is 0, the schema's is 1
  writeTime(writer, 0x39, span.startTime);
  writeTime(writer, 0x41, span.endTime);
  if (memory === undefined) writeAttributes(writer, 0x4a, span.attributes);
  else memory.write(writer, 0x4a, span.attributes);
  writeCount(writer, 0x50, span.droppedAttributesCount);
  for (const event of span.events) writeEvent(writer, event);
  writeCount(writer, 0x60, span.droppedEventsCount);
  for (const link of span.links) writeLink(writer, link);
  writeCount(writer, 0x70, span.droppedLinksCount);
  writeStatus(writer, span);
  writeFlags(writer, 0x85, 0x01, flagsOf(context, parent?.isRemote));
}

/** Newer API versions let a scope carry attributes; the 2.x types do not know them. */
type ScopeWithAttributes = InstrumentationScope & { attributes?: Attributes; droppedAttributesCount?: number };

/** Writes the ScopeSpans fields `scope` and `schema_url`; spans may follow in the same message. */
export function encodeScope(writer: OtlpWriter, scope: ScopeWithAttributes): void {
  const start = writer.open(0x0a, SMALL);
  writeOptionalString(writer, 0x0a, scope.name);
  writeOptionalString(writer, 0x12, scope.version);
  writeAttributes(writer, 0x1a, scope.attributes);
  writeCount(writer, 0x20, scope.droppedAttributesCount);
  writer.close(start, SMALL);
  writeOptionalString(writer, 0x1a, scope.schemaUrl);
}

/** Writes the ResourceSpans fields `resource` and `schema_url`. */
export function encodeResource(writer: OtlpWriter, attributes: Attributes, schemaUrl: string | undefined): void {
  const start = writer.open(0x0a, MEDIUM);
  writeAttributes(writer, 0x0a, attributes);
  writer.close(start, MEDIUM);
  writeOptionalString(writer, 0x1a, schemaUrl);
}
