/**
 * Reads protobuf messages field by field; unknown fields are skipped by their wire type. Worker; loads nothing.
 */

/** One field as it stands on the wire. Varints come as unsigned 64-bit numbers. */
export type Field =
  | { readonly number: number; readonly wire: 'varint'; readonly value: bigint }
  | { readonly number: number; readonly wire: 'fixed64' | 'fixed32' | 'bytes'; readonly value: Buffer };

const FIXED64_BYTES = 8;
const FIXED32_BYTES = 4;
const MAX_VARINT_BYTES = 10;

function readVarint(bytes: Buffer, position: number): { value: bigint; next: number } {
  let value = 0n;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = bytes.readUInt8(position + i);
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: position + i + 1 };
  }
  throw new RangeError('a varint of more than ten bytes');
}

function slice(bytes: Buffer, start: number, length: number): Buffer {
  if (start + length > bytes.length) throw new RangeError('a field reaches beyond its message');
  return bytes.subarray(start, start + length);
}

/** The message's fields in order. Throws a RangeError when the bytes are not a protobuf message. */
export function* readFields(bytes: Buffer): Generator<Field> {
  let at = 0;
  while (at < bytes.length) {
    const tag = readVarint(bytes, at);
    const number = Number(tag.value >> 3n);
    const wire = Number(tag.value & 7n);
    at = tag.next;
    if (wire === 0) {
      const { value, next } = readVarint(bytes, at);
      at = next;
      yield { number, wire: 'varint', value };
    } else if (wire === 1) {
      yield { number, wire: 'fixed64', value: slice(bytes, at, FIXED64_BYTES) };
      at += FIXED64_BYTES;
    } else if (wire === 5) {
      yield { number, wire: 'fixed32', value: slice(bytes, at, FIXED32_BYTES) };
      at += FIXED32_BYTES;
    } else if (wire === 2) {
      const { value, next } = readVarint(bytes, at);
      const content = slice(bytes, next, Number(value));
      at = next + content.length;
      yield { number, wire: 'bytes', value: content };
    } else throw new RangeError(`wire type ${wire}`);
  }
}
