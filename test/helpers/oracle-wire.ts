/** How Oracle's network protocol (TNS) and the one inside of it (TTC) write values; for a double of the server. */

export const u8 = (...values: number[]): Buffer => Buffer.from(values);
export const u16 = (value: number): Buffer => u8(value >> 8, value & 255);
export const u32 = (value: number): Buffer => Buffer.concat([u16(value >>> 16), u16(value & 0xffff)]);

/** An integer in as few bytes as it needs, whose number comes first. */
export function int(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return u8(bytes.length, ...bytes);
}

/** Some integers, one after the other. */
export const ints = (...values: number[]): Buffer => Buffer.concat(values.map(int));

/** At most 252 bytes. */
export function bytes(content: Buffer | string): Buffer {
  const buffer = Buffer.from(content as string);
  return Buffer.concat([u8(buffer.length), buffer]);
}

/** The length is written twice, unless there is nothing. */
export const text = (content: string): Buffer =>
  content === '' ? int(0) : Buffer.concat([int(Buffer.byteLength(content)), bytes(content)]);

/** Length, checksum, type, flags, checksum. */
export const HEADER_LENGTH = 8;

/** Until a connection is accepted, lengths have two bytes; from then on, by what we accept, four. */
export function packet(type: number, content: Buffer, isAccepted: boolean): Buffer {
  const length = HEADER_LENGTH + content.length;
  const size = isAccepted ? u32(length) : Buffer.concat([u16(length), u16(0)]);
  return Buffer.concat([size, u8(type, 0, 0, 0), content]);
}

const PARAMETERS = 8;
const STATUS = 9;
const ERROR = 4;

export type Pairs = Readonly<Record<string, string | { readonly text: string; readonly flag: number }>>;

/** What the server says of itself, and the end of the answer. */
export function parameters(pairs: Pairs): Buffer {
  const entries = Object.entries(pairs).map(([key, value]) => {
    const { text: content, flag } = typeof value === 'string' ? { text: value, flag: 0 } : value;
    return Buffer.concat([text(key), text(content), int(flag)]);
  });
  return Buffer.concat([u8(PARAMETERS), int(entries.length), ...entries, status]);
}

/** The end of an answer that says nothing else. */
export const status = Buffer.concat([u8(STATUS), ints(0, 0)]);

export interface Outcome {
  /** Of an error; 0 is none. */
  readonly code?: number;
  readonly message?: string;
  /** That were read or changed. */
  readonly rows?: number;
}

/** The end of the answer to a statement. */
export function outcome({ code = 0, message = '', rows = 0 }: Outcome): Buffer {
  return Buffer.concat([
    u8(ERROR),
    // State of the call, numbers of the call and of the row, the error, its place, the cursor.
    ints(0, 0, 0, 0, 0, 0, 0, 0),
    u8(0, 0, 0, 0, 0, 0),
    // The row's identity.
    ints(0, 0),
    u8(0),
    ints(0, 0),
    // The system's own error.
    int(0),
    u8(0, 0),
    // Padding, rounds, the row's other identity, and what failed of several: codes, places, messages.
    ints(0, 0, 0, 0, 0, 0),
    ints(code, rows),
    ...(code === 0 ? [] : [bytes(message)]),
  ]);
}

const DESCRIPTION = 16;
const ROW_HEADER = 6;
const ROW = 7;
const VARCHAR = 1;
const UTF8 = 873;
const NO_MORE_ROWS = 1403;

/** The only column. */
function column(name: string, maxSize: number): Buffer {
  return Buffer.concat([
    u8(VARCHAR, 0, 0, 0),
    ints(maxSize, 0, 0, 0, 0, UTF8),
    u8(1),
    int(maxSize),
    u8(1, name.length),
    text(name),
    ints(0, 0, 0, 0),
  ]);
}

/** A result with one column of texts, complete. */
export function result(name: string, values: readonly string[]): Buffer {
  return Buffer.concat([
    u8(DESCRIPTION),
    bytes(''),
    ints(40, 1),
    u8(0),
    column(name, 40),
    ints(0, 0, 0, 0, 0, 0),
    u8(ROW_HEADER, 0),
    ints(0, 0, 0, 0, 0, 0),
    ...values.map((value) => Buffer.concat([u8(ROW), bytes(value)])),
    outcome({ code: NO_MORE_ROWS, message: 'ORA-01403: no data found\n', rows: values.length }),
  ]);
}
