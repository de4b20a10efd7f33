/**
 * How the application's worker threads (guests) use the exporter of the main thread (host): a BroadcastChannel from them
 * to it, and a few shared slots for each. Both sides import this file; it has no effect and loads nothing.
 *
 *   guest                                          host (main thread)                        exporting thread
 *     ├── first span: {isFirst, slots, chunk} ───────► SLOT_OWNER: NOBODY → HOST, atomically
 *     ├── {resource}, {batch}, {batch} ... ──────────► its own batches from now on, ─────────► as any other
 *     │      its places are free again ◄── SLOT_RELEASED  with the guest's resource  ◄── SETTLED
 *     └── end: {isEnded}                               takes what a thread that was ended from outside left in its chunk
 *
 * Nobody answers: the guest sets SLOT_OWNER from NOBODY to ITSELF and starts an exporter of its own. Only one of the two
 * can succeed, so no batch is sent twice and none is left to the other by both.
 *
 * The chunk that a guest writes to is shared from its first span on, with the bytes in use in a slot: threads are ended
 * without a last word (terminate(), process.exit on the main thread), and then the host reads it. It may do so while the
 * guest goes on; it remembers what it has taken, and takes the rest when that batch is posted.
 */
import { type ExportSettings, PROTOCOL_VERSION, RECORD_HEADER_BYTES, RECORD_SCOPE, RECORD_SPAN } from './protocol.js';
import type { SealedBatch } from './span-queue.js';

export const SLOT_OWNER = 0;
/** Batches of the guest that need no place any more. */
export const SLOT_RELEASED = 1;
/** Flushes that the guest has asked for and that are over. */
export const SLOT_FLUSHED = 2;
/** The open chunk: which one (counts up), the id that its batch will have, bytes in use. */
export const SLOT_CHUNK = 3;
export const SLOT_BATCH = 4;
export const SLOT_BYTES = 5;
/** In SLOT_BATCH: the slots are being changed. */
export const BATCH_CHANGES = 0;
const SLOTS = 6;

export const OWNER_NOBODY = 0;
export const OWNER_HOST = 1;
export const OWNER_ITSELF = 2;

export interface GuestMessage {
  /** Thread id of the guest that it is about. */
  readonly from: number;
  readonly isFirst?: boolean;
  readonly slots?: SharedArrayBuffer;
  readonly resource?: Uint8Array;
  readonly chunk?: { readonly number: number; readonly memory: SharedArrayBuffer | undefined };
  readonly batch?: SealedBatch;
  /** Milliseconds since the epoch: send what there is until then. */
  readonly flushUntil?: number;
  readonly isEnded?: boolean;
}

export function createSlots(): Int32Array {
  return new Int32Array(new SharedArrayBuffer(SLOTS * Int32Array.BYTES_PER_ELEMENT));
}

/** FNV-1a: tells settings apart, keeps secrets out of a name. */
function fingerprint(text: string): string {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return (hash >>> 0).toString(16);
}

/** Threads with other settings (`new Worker(file, { env })`) than the main thread's find nobody under their name. */
export function busName(destination: string, settings: ExportSettings, environment: object): string {
  const { spool, diagnosticsSocket, ...rest } = settings;
  const text = JSON.stringify([rest, spool && { ...spool, owner: '' }, environment]);
  return `org.trace-agent.${PROTOCOL_VERSION}.${destination}.${fingerprint(text)}`;
}

/**
 * The spans of a chunk behind `start`, as a chunk of their own: the scopes before it come along. `start` and `end` lie
 * between two records.
 */
export function cutChunk(memory: SharedArrayBuffer, start: number, end: number): Omit<SealedBatch, 'id'> {
  const bytes = new Uint8Array(memory, 0, end);
  const view = new DataView(memory, 0, end);
  const parts: [from: number, to: number][] = [];
  let spanCount = 0;
  let byteLength = 0;
  for (let from = 0; from < end; ) {
    const to = from + RECORD_HEADER_BYTES + view.getUint32(from, true);
    const kind = view.getUint16(from + 6, true);
    if (from >= start || kind === RECORD_SCOPE) {
      parts.push([from, to]);
      byteLength += to - from;
      if (kind === RECORD_SPAN) spanCount++;
    }
    from = to;
  }
  const chunk = new SharedArrayBuffer(byteLength);
  const target = new Uint8Array(chunk);
  let at = 0;
  for (const [from, to] of parts) {
    target.set(bytes.subarray(from, to), at);
    at += to - from;
  }
  return { chunk, byteLength, spanCount };
}
