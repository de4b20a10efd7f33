/**
 * Protobuf primitives over a fixed byte range. Application's thread; loads nothing.
 *
 * Writing past the end is allowed and harmless: stores beyond a typed array are ignored, `position` still advances, and
 * the caller compares it with `capacity` once at the end (`hasOverflowed`). That keeps bounds checks off the hot path.
 *
 * A nested message reserves its length prefix before its size is known:
 *
 *     tag | reserved length bytes (guess) | content ...
 *                                         └ start      close(): content moves only when the guess was wrong
 */

/** Below this many characters a loop over char codes beats the native UTF-8 writer (bench/delivery). */
const SHORT_STRING = 32;
/** More than any chunk has, so that closing nested messages does not lead back into it. A small integer to V8. */
const FAR = 2 ** 28;
const TWO_32 = 4294967296;
const NANOS_PER_SECOND = 1e9;

const floatValue = new Float64Array(1);
const floatBytes = new Uint8Array(floatValue.buffer);

/** Value of a hexadecimal digit's char code; 0 for anything else. */
const HEX = new Uint8Array(256);
for (let digit = 0; digit < 16; digit++) {
  const text = digit.toString(16);
  HEX[text.charCodeAt(0)] = digit;
  HEX[text.toUpperCase().charCodeAt(0)] = digit;
}

function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  return value < 0x10000000 ? 4 : 5;
}

export class OtlpWriter {
  bytes: Buffer;
  position = 0;
  capacity: number;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.capacity = bytes.length;
  }

  /** Continues in another range from its start. */
  reset(bytes: Buffer): void {
    this.bytes = bytes;
    this.capacity = bytes.length;
    this.position = 0;
  }

  get hasOverflowed(): boolean {
    return this.position > this.capacity;
  }

  byte(value: number): void {
    this.bytes[this.position++] = value;
  }

  /** Unsigned, below 2^53. */
  varint(value: number): void {
    const { bytes } = this;
    let rest = value;
    while (rest >= 0x80) {
      bytes[this.position++] = (rest % 0x80) | 0x80;
      rest = rest < 0x80000000 ? rest >>> 7 : Math.floor(rest / 0x80);
    }
    bytes[this.position++] = rest;
  }

  /** A signed 64-bit number as protobuf's int64 wants it: negative numbers take ten bytes. */
  int64(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest >= 0x80n) {
      this.byte(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.byte(Number(rest));
  }

  fixed32(value: number): void {
    const { bytes } = this;
    const at = this.position;
    bytes[at] = value;
    bytes[at + 1] = value >>> 8;
    bytes[at + 2] = value >>> 16;
    bytes[at + 3] = value >>> 24;
    this.position = at + 4;
  }

  double(value: number): void {
    floatValue[0] = value;
    for (let i = 0; i < 8; i++) this.bytes[this.position++] = floatBytes[i] as number;
  }

  /** `[seconds, nanoseconds]` as an unsigned 64-bit nanosecond count, in arithmetic that stays exact below 2^53. */
  hrTime(time: readonly [number, number]): void {
    const seconds = time[0] >>> 0;
    const high = (seconds >>> 16) * NANOS_PER_SECOND;
    const low = (high % 65536) * 65536 + (seconds & 0xffff) * NANOS_PER_SECOND + time[1];
    this.fixed32(low >>> 0);
    this.fixed32(Math.floor(high / 65536) + Math.floor(low / TWO_32));
  }

  /** Hexadecimal text as bytes with its length; text of odd length loses its last digit. */
  hex(tag: number, text: string): void {
    const { bytes } = this;
    const length = text.length >> 1;
    bytes[this.position++] = tag;
    bytes[this.position++] = length;
    let at = this.position;
    for (let i = 0; i < length; i++) {
      const high = HEX[text.charCodeAt(i * 2)] as number;
      bytes[at++] = (high << 4) | (HEX[text.charCodeAt(i * 2 + 1)] as number);
    }
    this.position = at;
  }

  string(tag: number, text: string): void {
    const { bytes } = this;
    const { length } = text;
    bytes[this.position++] = tag;
    if (length < SHORT_STRING) {
      const start = this.position + 1;
      let i = 0;
      for (; i < length; i++) {
        const code = text.charCodeAt(i);
        if (code > 0x7f) break;
        bytes[start + i] = code;
      }
      if (i === length) {
        bytes[start - 1] = length;
        this.position = start + length;
        return;
      }
    }
    this.longString(text);
  }

  private longString(text: string): void {
    const reserved = varintSize(text.length);
    const start = this.position + reserved;
    // The native writer refuses an offset beyond the end and cuts silently before it; three bytes per unit is the most.
    if (start + text.length * 3 > this.capacity && start + Buffer.byteLength(text) > this.capacity) {
      this.position = this.capacity + FAR;
      return;
    }
    this.position = start + this.bytes.write(text, start, 'utf8');
    this.close(start, text.length);
  }

  blob(tag: number, value: Uint8Array): void {
    this.byte(tag);
    this.varint(value.length);
    if (this.position + value.length <= this.capacity) this.bytes.set(value, this.position);
    this.position += value.length;
  }

  /** Writes bytes again that are there already. */
  repeat(start: number, length: number): void {
    this.bytes.copyWithin(this.position, start, start + length);
    this.position += length;
  }

  /** Opens a nested message and returns where its content starts. `expectedLength`: a guess, the same for close. */
  open(tag: number, expectedLength: number): number {
    this.bytes[this.position++] = tag;
    this.position += varintSize(expectedLength);
    return this.position;
  }

  close(start: number, expectedLength: number): void {
    const length = this.position - start;
    const reserved = varintSize(expectedLength);
    const needed = varintSize(length);
    if (needed !== reserved) this.shift(start, needed - reserved);
    const end = this.position;
    this.position = start - reserved;
    this.varint(length);
    this.position = end;
  }

  private shift(start: number, by: number): void {
    if (this.position > this.capacity || this.position + by > this.capacity) {
      this.position = this.capacity + FAR;
      return;
    }
    this.bytes.copyWithin(start + by, start, this.position);
    this.position += by;
  }
}
