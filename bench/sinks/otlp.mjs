/**
 * Counts the spans of an OTLP/protobuf request by kind. It walks the wire format and reads one field: a full decoder
 * would cost more than all agents together.
 */

const RESOURCE_SPANS = 1;
const SCOPE_SPANS = 2;
const SPANS = 2;
const KIND = 6;
const KIND_SERVER = 2;
const KIND_CLIENT = 3;

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

let position = 0;

function readVarint(bytes) {
  let value = 0;
  let factor = 1;
  for (;;) {
    const byte = bytes[position++];
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return value;
    factor *= 128;
  }
}

/** Calls `visit(number, type, start, end)` for each field of the message between `from` and `to`. */
function walk(bytes, from, to, visit) {
  position = from;
  while (position < to) {
    const key = readVarint(bytes);
    const type = key & 7;
    const start = position;
    let end;
    if (type === VARINT) {
      readVarint(bytes);
      end = position;
      visit(key >>> 3, type, start, end);
    } else if (type === BYTES) {
      const length = readVarint(bytes);
      const first = position;
      end = first + length;
      visit(key >>> 3, type, first, end);
    } else if (type === FIXED_64) end = start + 8;
    else if (type === FIXED_32) end = start + 4;
    else throw new Error(`wire type ${type}`);
    position = end;
  }
  if (position !== to) throw new Error('a field is longer than its message');
}

function kindOf(bytes, from, to) {
  let kind = 0;
  walk(bytes, from, to, (number, type, start) => {
    if (number !== KIND || type !== VARINT) return;
    position = start;
    kind = readVarint(bytes);
  });
  return kind;
}

/** Calls `visit(start, end)` for each sub-message with that number. */
function eachMessage(bytes, from, to, wanted, visit) {
  walk(bytes, from, to, (number, type, start, end) => {
    if (number === wanted && type === BYTES) visit(start, end);
  });
}

/** @param {Buffer} body an ExportTraceServiceRequest */
export function count(body) {
  const counts = { server: 0, client: 0, other: 0 };
  eachMessage(body, 0, body.length, RESOURCE_SPANS, (resourceStart, resourceEnd) =>
    eachMessage(body, resourceStart, resourceEnd, SCOPE_SPANS, (scopeStart, scopeEnd) =>
      eachMessage(body, scopeStart, scopeEnd, SPANS, (start, end) => {
        const kind = kindOf(body, start, end);
        counts[kind === KIND_SERVER ? 'server' : kind === KIND_CLIENT ? 'client' : 'other']++;
      }),
    ),
  );
  return counts;
}
