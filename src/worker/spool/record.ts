/**
 * One spooled batch as bytes. Worker; loads nothing. The format is read by later versions of the agent too: change it
 * only together with MAGIC.
 *
 *     0       4       8         12          16               24               28
 *     ├ magic ┼ crc32 ┼ length ─┼ spans ────┼ made at ───────┼ resource size ─┼─ resource ─┬─ chunk ───────────┤
 *       TAS1    of everything   uint32       float64 epoch ms  uint32            bytes        the rest: layout in
 *               behind it       (total bytes)                                                 pipeline/protocol.ts
 *
 * Little-endian. A file that is shorter than its length, or whose checksum differs, was torn by a crash or damaged, and
 * is worth nothing: its batch is one request, there is no part of it to save.
 */
import { crc32 } from './crc32.js';

const MAGIC = Buffer.from('TAS1');
const HEADER_BYTES = 28;
/** Nothing the agent writes is larger; a length beyond it is damage. */
const MAX_RECORD_BYTES = 128 * 1024 * 1024;

export interface SpooledBatch {
  readonly spanCount: number;
  /** Milliseconds since the epoch. */
  readonly madeAt: number;
  /** ResourceSpans fields of the process that made it. */
  readonly resource: Buffer;
  readonly chunk: Buffer;
}

/** The file content for a batch. */
export function encodeRecord(batch: SpooledBatch): Buffer {
  const { resource, chunk } = batch;
  const record = Buffer.allocUnsafe(HEADER_BYTES + resource.length + chunk.length);
  MAGIC.copy(record, 0);
  record.writeUInt32LE(record.length, 8);
  record.writeUInt32LE(batch.spanCount, 12);
  record.writeDoubleLE(batch.madeAt, 16);
  record.writeUInt32LE(resource.length, 24);
  resource.copy(record, HEADER_BYTES);
  chunk.copy(record, HEADER_BYTES + resource.length);
  record.writeUInt32LE(crc32(record.subarray(8)), 4);
  return record;
}

/** The batch in a file, undefined when it is torn, damaged or not ours. Bytes behind the record are ignored. */
export function decodeRecord(file: Buffer): SpooledBatch | undefined {
  if (file.length < HEADER_BYTES || !file.subarray(0, 4).equals(MAGIC)) return undefined;
  const length = file.readUInt32LE(8);
  if (length < HEADER_BYTES || length > MAX_RECORD_BYTES || length > file.length) return undefined;
  const record = file.subarray(0, length);
  if (record.readUInt32LE(4) !== crc32(record.subarray(8))) return undefined;
  const resourceEnd = HEADER_BYTES + record.readUInt32LE(24);
  if (resourceEnd > length) return undefined;
  return {
    spanCount: record.readUInt32LE(12),
    madeAt: record.readDoubleLE(16),
    resource: record.subarray(HEADER_BYTES, resourceEnd),
    chunk: record.subarray(resourceEnd),
  };
}
