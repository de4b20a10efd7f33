/**
 * Entries of Redis streams as commands and replies have them: where the fields of an XADD are, and where the entries of
 * a reply are, in RESP2 and RESP3, as texts and as bytes. Pure. What does not look as expected is left alone.
 *
 * What is added to an entry comes last, and behind it the number of fields that were added: an application that carries
 * a context by itself has the same names, and is shown what it wrote.
 */

/** Position in `args` of the first field of an XADD; `first` is that of its key. Undefined when nothing may be added. */
export function fieldsOf(args: readonly unknown[], first: number): number | undefined {
  const id = idOf(args, first + 1);
  if (id === undefined || !ID.test(textOf(args[id]))) return undefined;
  const count = args.length - id - 1;
  return count >= 2 && count % 2 === 0 ? id + 1 : undefined;
}

const ID = /^(?:\*|\d+(?:-(?:\d+|\*))?)$/;
/** Longer than any option, id or name that is looked for. */
const MAX_LENGTH = 64;

function bytesOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Empty for what is neither text nor bytes, or too long. */
function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  return value instanceof Uint8Array && value.length <= MAX_LENGTH ? bytesOf(value).toString() : '';
}

/** Number of arguments that an option has, itself included. */
const OPTIONS: Readonly<Record<string, number>> = { NOMKSTREAM: 1, KEEPREF: 1, DELREF: 1, ACKED: 1, IDMP: 3, LIMIT: 2 };

/** Undefined for an entry whose fields are what makes it a duplicate. */
function idOf(args: readonly unknown[], first: number): number | undefined {
  let position = first;
  for (;;) {
    const option = textOf(args[position]).toUpperCase();
    if (option === 'IDMPAUTO') return undefined;
    const length = option === 'MAXLEN' || option === 'MINID' ? lengthOfTrim(args, position) : OPTIONS[option];
    if (length === undefined) return position;
    position += length;
  }
}

/** `MAXLEN ~ 1000` */
function lengthOfTrim(args: readonly unknown[], position: number): number {
  return /^[=~]$/.test(textOf(args[position + 1])) ? 3 : 2;
}

/** True when one of the fields from that position on has such a name. */
export function hasField(args: readonly unknown[], fields: number, names: readonly string[]): boolean {
  for (let index = fields; index < args.length; index += 2) {
    if (names.includes(textOf(args[index]).toLowerCase())) return true;
  }
  return false;
}

const MARK = 'trace-agent';
const MARK_BYTES = Buffer.from(MARK);

/** Asked for each entry of a reply. */
function isMark(value: unknown): boolean {
  if (typeof value === 'string') return value === MARK;
  return value instanceof Uint8Array && value.length === MARK.length && MARK_BYTES.equals(value);
}

/** The arguments with further fields. */
export function withFields(args: readonly unknown[], carrier: Readonly<Record<string, string>>): readonly unknown[] {
  const added = Object.entries(carrier);
  return added.length === 0 ? args : [...args, ...added.flat(), MARK, String(added.length)];
}

/** Takes out of the fields of an entry what was added to them, and returns that; undefined when nothing was. */
function takeAdded(fields: unknown[]): readonly unknown[] | undefined {
  const end = fields.length - 2;
  if (end < 2 || !isMark(fields[end])) return undefined;
  const start = end - 2 * Number(textOf(fields[end + 1]));
  // An entry has a field of its own.
  if (!Number.isInteger(start) || start < 2 || start >= end) return undefined;
  return fields.splice(start).slice(0, -2);
}

export const getter = {
  keys: (fields: readonly unknown[]): string[] => fields.filter((_, index) => index % 2 === 0).map(textOf),
  get(fields: readonly unknown[], name: string): string | undefined {
    const wanted = name.toLowerCase();
    for (let index = 0; index < fields.length; index += 2) {
      if (textOf(fields[index]).toLowerCase() === wanted) return String(fields[index + 1]);
    }
    return undefined;
  },
};

/** An entry that has come. */
export interface Entry {
  readonly stream: string;
  readonly id: string;
  /** Names and values in turn: what was added, or what the application wrote. */
  readonly fields: readonly unknown[];
}

/** Takes out of a reply what was added to its entries, which go into `entries`. `first` is the position of the key. */
export function takeEntries(
  command: string,
  args: readonly unknown[],
  first: number,
  reply: unknown,
  entries: Entry[] | undefined,
): void {
  for (const [stream, list] of listsOf(command, args[first], reply)) {
    if (!Array.isArray(list)) continue;
    const name = entries === undefined ? '' : nameOf(stream);
    for (const entry of list as unknown[]) {
      const fields: unknown = Array.isArray(entry) ? (entry as unknown[])[1] : undefined;
      // Of an entry that was deleted only the id is left.
      if (!Array.isArray(fields)) continue;
      const added = takeAdded(fields);
      entries?.push({ stream: name, id: textOf((entry as unknown[])[0]), fields: added ?? (fields as unknown[]) });
    }
  }
}

type Lists = Iterable<readonly [stream: unknown, entries: unknown]>;

function listsOf(command: string, key: unknown, reply: unknown): Lists {
  if (command === 'XREAD' || command === 'XREADGROUP') return listsByStream(reply);
  if (command === 'XAUTOCLAIM') return [[key, Array.isArray(reply) ? (reply as unknown[])[1] : undefined]];
  return [[key, reply]];
}

/** Pairs; in RESP3 a map, which clients make an object, a Map or a flat array of. */
function listsByStream(reply: unknown): Lists {
  if (reply instanceof Map) return reply as Map<unknown, unknown>;
  if (typeof reply !== 'object' || reply === null) return [];
  if (!Array.isArray(reply)) return Object.entries(reply);
  const items = reply as unknown[];
  if (Array.isArray(items[0])) return items.filter(Array.isArray) as [unknown, unknown][];
  return items.flatMap((name, index) => (index % 2 === 0 ? [[name, items[index + 1]] as const] : []));
}

const MAX_NAME_LENGTH = 128;

/** Of a stream: its key, cut where it is very long. */
export function nameOf(key: unknown): string {
  const text = key instanceof Uint8Array ? bytesOf(key.subarray(0, MAX_NAME_LENGTH)).toString() : String(key);
  return text.slice(0, MAX_NAME_LENGTH);
}
