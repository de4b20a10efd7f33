/**
 * Finished spans as bytes, bounded in spans and in bytes. Application's thread; loads nothing.
 *
 *                    offer(span)                         seal()
 *   span ──► limits? ──► encode into the open chunk ──► batch ──► (exporter) ──► release(batch)
 *              │ no                                       │                          │
 *              └► reason, nothing kept                    └ chunks in use ◄── free chunks (at most MAX_FREE)
 *
 * Drop policy: when a limit is reached the newest span is refused; what waits is never thrown out. A span is encoded
 * whole or not at all: `used` moves only after the encoder has finished within the chunk.
 *
 * A chunk that is sealed mostly empty (slow traffic) is copied to its true size and written on, so that a day of
 * outage at one span a minute holds bytes and not chunks.
 */
import type { InstrumentationScope } from '@opentelemetry/core';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { BATCH_CHANGES, SLOT_BATCH, SLOT_BYTES, SLOT_CHUNK } from './bus.js';
import { AttributeMemory, encodeScope, encodeSpan } from './otlp-encoder.js';
import { OtlpWriter } from './otlp-writer.js';
import { type DropReason, RECORD_HEADER_BYTES, RECORD_SCOPE, RECORD_SPAN } from './protocol.js';

export interface QueueLimits {
  /** Spans that may wait, sent ones not yet confirmed included. */
  readonly maxSpans: number;
  /** Bytes of chunks that may be held. */
  readonly maxBytes: number;
  /** Spans in one batch. */
  readonly maxBatchSpans: number;
}

/** A sealed chunk; `chunk` is owned by the queue until {@link SpanQueue.release}. */
export interface SealedBatch {
  readonly id: number;
  readonly chunk: SharedArrayBuffer;
  readonly byteLength: number;
  readonly spanCount: number;
  /** Of a thread that has another one than the process. */
  readonly resource?: Uint8Array | undefined;
}

/** The chunk that is written to, for whoever takes it when this thread is ended from outside. */
export interface OpenChunk {
  /** Slots of bus.ts. */
  readonly slots: Int32Array;
  chunk: SharedArrayBuffer | undefined;
  /** Counts the chunks. */
  chunkNumber: number;
  /** Called after `chunk` has changed. */
  onChange(): void;
}

const DEFAULT_CHUNK_BYTES = 256 * 1024;
const MIN_CHUNK_BYTES = 16 * 1024;
const MAX_FREE = 4;
const MAX_SCOPE_INDEX = 0xffff;
/** Scopes of a batch whose attributes are remembered: more than applications have, and a bound for those that make them. */
const REMEMBERED_SCOPES = 16;
/** The kinds are 0 to 4; an application may give a span anything. */
const KIND_BITS = 3;
const KIND_MASK = 2 ** KIND_BITS - 1;
/** OTLP asks clients not to send more than 64 MiB; leave room for the resource and the envelope. */
const MAX_SPAN_BYTES = 60 * 1024 * 1024;

function writeHeader(bytes: Buffer, at: number, length: number, scope: number, kind: number): void {
  bytes[at] = length;
  bytes[at + 1] = length >>> 8;
  bytes[at + 2] = length >>> 16;
  bytes[at + 3] = length >>> 24;
  bytes[at + 4] = scope;
  bytes[at + 5] = scope >>> 8;
  bytes[at + 6] = kind;
  bytes[at + 7] = 0;
}

export class SpanQueue {
  readonly #limits: QueueLimits;
  readonly #chunkBytes: number;
  readonly #free: SharedArrayBuffer[] = [];
  readonly #writer = new OtlpWriter(Buffer.alloc(0));
  readonly #scopes = new Map<InstrumentationScope, number>();
  #lastScope: InstrumentationScope | undefined;
  #lastScopeIndex = 0;
  /** By scope and kind of span, for the first {@link REMEMBERED_SCOPES} scopes of a batch. */
  readonly #memories: AttributeMemory[] = [];
  /** Defined by the span being written; forgotten again when that span does not make it into the chunk. */
  #newScope: InstrumentationScope | undefined;
  #chunk: SharedArrayBuffer | undefined;
  #used = 0;
  #openSpans = 0;
  #waitingSpans = 0;
  #heldBytes = 0;
  #nextId = 1;
  readonly #shared: OpenChunk | undefined;

  /** `shared` in a thread that may be ended from outside at any moment. */
  constructor(limits: QueueLimits, shared?: OpenChunk) {
    this.#limits = limits;
    this.#shared = shared;
    this.#chunkBytes = Math.max(MIN_CHUNK_BYTES, Math.min(DEFAULT_CHUNK_BYTES, Math.floor(limits.maxBytes / 4)));
  }

  /** Spans in the open chunk. */
  get openSpans(): number {
    return this.#openSpans;
  }

  /** Bytes of chunks held: open, waiting and on their way. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** True when the open chunk has a batch's worth of spans. */
  get isBatchFull(): boolean {
    return this.#openSpans >= this.#limits.maxBatchSpans;
  }

  /**
   * Takes a span, or says why not. `onFull` is called with a batch when the span needed a new chunk: hand it over.
   * Never throws.
   */
  offer(span: ReadableSpan, onFull: (batch: SealedBatch) => void): DropReason | undefined {
    if (this.#waitingSpans >= this.#limits.maxSpans) return 'queue_full';
    try {
      if (this.#chunk !== undefined && this.#write(span)) return undefined;
      const sealed = this.seal();
      if (sealed !== undefined) onFull(sealed);
      return this.#writeToNewChunk(span);
    } catch {
      this.#forgetNewScope();
      this.#forgetAttributes();
      return 'encode_error';
    }
  }

  #writeToNewChunk(span: ReadableSpan): DropReason | undefined {
    for (let size = this.#chunkBytes; size <= MAX_SPAN_BYTES; size *= 4) {
      if (!this.#openChunk(size)) return 'queue_bytes_full';
      if (this.#write(span)) return undefined;
      this.#closeChunk();
    }
    return 'span_too_large';
  }

  #openChunk(size: number): boolean {
    if (this.#chunk !== undefined) return true;
    if (this.#heldBytes + size > this.#limits.maxBytes) return false;
    const chunk = (size === this.#chunkBytes ? this.#free.pop() : undefined) ?? new SharedArrayBuffer(size);
    this.#chunk = chunk;
    this.#heldBytes += size;
    this.#writer.reset(Buffer.from(chunk));
    return true;
  }

  #closeChunk(): void {
    if (this.#chunk === undefined) return;
    this.#heldBytes -= this.#chunk.byteLength;
    this.#recycle(this.#chunk);
    this.#chunk = undefined;
  }

  /**
   * Called before a batch's first span is written: until then the batch before it, which has been posted by now, can be
   * taken from where it was.
   */
  #share(shared: OpenChunk): void {
    if (shared.chunk !== this.#chunk) {
      shared.chunk = this.#chunk;
      shared.chunkNumber++;
      shared.onChange();
    }
    Atomics.store(shared.slots, SLOT_BATCH, BATCH_CHANGES);
    Atomics.store(shared.slots, SLOT_BYTES, 0);
    Atomics.store(shared.slots, SLOT_CHUNK, shared.chunkNumber);
    Atomics.store(shared.slots, SLOT_BATCH, this.#nextId);
  }

  #recycle(chunk: SharedArrayBuffer): void {
    if (chunk.byteLength === this.#chunkBytes && this.#free.length < MAX_FREE) this.#free.push(chunk);
  }

  /** False when the span does not fit behind what is there; then nothing has changed. */
  #write(span: ReadableSpan): boolean {
    const writer = this.#writer;
    if (this.#shared !== undefined && this.#used === 0) this.#share(this.#shared);
    writer.position = this.#used;
    const scope = this.#scopeIndex(span.instrumentationScope);
    const start = writer.position;
    writer.position = start + RECORD_HEADER_BYTES;
    encodeSpan(writer, span, this.#memoryOf(scope, span.kind));
    if (writer.hasOverflowed || scope > MAX_SCOPE_INDEX) {
      this.#forgetNewScope();
      this.#forgetAttributes();
      return false;
    }
    this.#newScope = undefined;
    writeHeader(writer.bytes, start, writer.position - start - RECORD_HEADER_BYTES, scope, RECORD_SPAN);
    this.#used = writer.position;
    if (this.#shared !== undefined) Atomics.store(this.#shared.slots, SLOT_BYTES, this.#used);
    this.#openSpans++;
    this.#waitingSpans++;
    return true;
  }

  #memoryOf(scope: number, kind: number): AttributeMemory | undefined {
    if (scope >= REMEMBERED_SCOPES) return undefined;
    const index = (scope << KIND_BITS) | (kind & KIND_MASK);
    let memory = this.#memories[index];
    if (memory === undefined) {
      memory = new AttributeMemory();
      this.#memories[index] = memory;
    }
    return memory;
  }

  #forgetAttributes(): void {
    for (const memory of this.#memories) memory?.forget();
  }

  #scopeIndex(scope: InstrumentationScope): number {
    if (scope === this.#lastScope) return this.#lastScopeIndex;
    const known = this.#scopes.get(scope);
    const index = known ?? this.#scopes.size;
    if (known === undefined) this.#defineScope(scope, index);
    this.#lastScope = scope;
    this.#lastScopeIndex = index;
    return index;
  }

  #defineScope(scope: InstrumentationScope, index: number): void {
    const writer = this.#writer;
    const start = writer.position;
    writer.position = start + RECORD_HEADER_BYTES;
    encodeScope(writer, scope);
    writeHeader(writer.bytes, start, writer.position - start - RECORD_HEADER_BYTES, index, RECORD_SCOPE);
    this.#scopes.set(scope, index);
    this.#newScope = scope;
  }

  #forgetNewScope(): void {
    if (this.#newScope === undefined) return;
    this.#scopes.delete(this.#newScope);
    this.#newScope = undefined;
    this.#lastScope = undefined;
  }

  /** The open chunk as a batch, undefined when it holds no span. */
  seal(): SealedBatch | undefined {
    const chunk = this.#chunk;
    if (chunk === undefined || this.#openSpans === 0) return undefined;
    const byteLength = this.#used;
    const spanCount = this.#openSpans;
    const isSmall = byteLength * 2 < chunk.byteLength && this.#heldBytes + byteLength <= this.#limits.maxBytes;
    this.#used = 0;
    this.#openSpans = 0;
    this.#scopes.clear();
    this.#lastScope = undefined;
    this.#forgetAttributes();
    if (!isSmall) this.#chunk = undefined;
    return { id: this.#nextId++, chunk: isSmall ? this.#copyOut(byteLength) : chunk, byteLength, spanCount };
  }

  #copyOut(byteLength: number): SharedArrayBuffer {
    const copy = new SharedArrayBuffer(byteLength);
    new Uint8Array(copy).set(this.#writer.bytes.subarray(0, byteLength));
    this.#heldBytes += byteLength;
    return copy;
  }

  /** The batch is settled: its memory and its places are free again. */
  release(batch: SealedBatch): void {
    this.#heldBytes -= batch.chunk.byteLength;
    this.#waitingSpans -= batch.spanCount;
    // Another thread may not be done with it.
    if (this.#shared === undefined) this.#recycle(batch.chunk);
  }
}
