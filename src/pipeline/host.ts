/**
 * The main thread's part for the application's worker threads: their batches become its own. Opened with the first such
 * thread, when `node:worker_threads` is there already. Protocol: bus.ts.
 */
import {
  BATCH_CHANGES,
  cutChunk,
  type GuestMessage,
  OWNER_HOST,
  OWNER_NOBODY,
  SLOT_BATCH,
  SLOT_BYTES,
  SLOT_CHUNK,
  SLOT_FLUSHED,
  SLOT_OWNER,
  SLOT_RELEASED,
} from './bus.js';
import type { SealedBatch } from './span-queue.js';

type Threads = typeof import('node:worker_threads');

export interface HostEvents {
  /** `release` is to be called when the batch's memory is free. */
  onBatch(batch: Omit<SealedBatch, 'id'>, release: () => void): void;
  /** Never rejects. */
  flush(timeoutMillis: number): Promise<void>;
}

interface Guest {
  readonly slots: Int32Array;
  resource: Uint8Array | undefined;
  chunk: { readonly number: number; readonly memory: SharedArrayBuffer | undefined };
  /** Id of the last batch that came. */
  lastBatch: number;
  /** The batch of which something was taken before it was posted, and how many bytes. */
  taken: { readonly batch: number; readonly bytes: number } | undefined;
}

const epochNow = Date.now;
/** A guest that goes on may change its chunk under our hands. */
const TAKE_ATTEMPTS = 20;
const RETRY_MILLIS = 0.5;
/** To sleep on. */
const IDLE = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

export class Host {
  readonly #events: HostEvents;
  readonly #guests = new Map<number, Guest>();
  readonly #bus: InstanceType<Threads['BroadcastChannel']>;
  readonly #receive: () => GuestMessage | undefined;

  constructor(name: string, events: HostEvents) {
    const { BroadcastChannel, receiveMessageOnPort } = require('node:worker_threads') as Threads;
    this.#events = events;
    const bus = new BroadcastChannel(name);
    bus.onmessage = (event: unknown): void => this.#onMessage((event as { data: GuestMessage }).data);
    bus.unref();
    this.#bus = bus;
    this.#receive = () => receiveMessageOnPort(bus as never)?.message as GuestMessage | undefined;
  }

  /** Hears what has been said and not been delivered yet. */
  drain(): void {
    for (let message = this.#receive(); message !== undefined; message = this.#receive()) this.#onMessage(message);
  }

  /** Takes everything that the threads have, whether they still run or not. */
  gather(): void {
    this.drain();
    for (const guest of this.#guests.values()) {
      for (let attempt = 1; !this.#takeOpen(guest) && attempt < TAKE_ATTEMPTS; attempt++) {
        Atomics.wait(IDLE, 0, 0, RETRY_MILLIS);
        this.drain();
      }
    }
    this.drain();
  }

  /** That thread runs no more. */
  ended(threadId: number): void {
    this.drain();
    const guest = this.#guests.get(threadId);
    if (guest === undefined) return;
    this.#takeOpen(guest);
    this.#guests.delete(threadId);
  }

  close(): void {
    this.#bus.close();
  }

  #onMessage(message: GuestMessage): void {
    const guest = this.#guests.get(message.from) ?? this.#welcome(message);
    if (guest === undefined) return;
    if (message.resource !== undefined) guest.resource = message.resource;
    if (message.chunk !== undefined) guest.chunk = message.chunk;
    if (message.batch !== undefined) this.#onBatch(guest, message.batch);
    if (message.flushUntil !== undefined) this.#flush(guest, message.flushUntil);
    if (message.isEnded === true) {
      this.#takeOpen(guest);
      this.#guests.delete(message.from);
    }
  }

  /** Undefined: the guest sends its spans itself, or said something before anybody listened. */
  #welcome({ from, isFirst, slots: memory, chunk }: GuestMessage): Guest | undefined {
    if (isFirst !== true || memory === undefined || chunk === undefined) return undefined;
    const slots = new Int32Array(memory);
    if (Atomics.compareExchange(slots, SLOT_OWNER, OWNER_NOBODY, OWNER_HOST) !== OWNER_NOBODY) return undefined;
    Atomics.notify(slots, SLOT_OWNER);
    const guest: Guest = { slots, resource: undefined, chunk, lastBatch: 0, taken: undefined };
    this.#guests.set(from, guest);
    return guest;
  }

  #onBatch(guest: Guest, batch: SealedBatch): void {
    guest.lastBatch = batch.id;
    const release = (): void => void Atomics.add(guest.slots, SLOT_RELEASED, 1);
    const isCut = guest.taken?.batch === batch.id;
    const { chunk, byteLength, spanCount } = isCut
      ? cutChunk(batch.chunk, guest.taken?.bytes ?? 0, batch.byteLength)
      : batch;
    if (spanCount === 0) release();
    else this.#adopt(guest, { chunk, byteLength, spanCount }, release);
  }

  #adopt(guest: Guest, batch: Omit<SealedBatch, 'id'>, release: () => void): void {
    const { resource } = guest;
    this.#events.onBatch(resource === undefined ? batch : { ...batch, resource }, release);
  }

  /** False when the guest has gone on to another batch meanwhile: it says so in a moment. */
  #takeOpen(guest: Guest): boolean {
    const { slots, chunk } = guest;
    const batch = Atomics.load(slots, SLOT_BATCH);
    const bytes = Atomics.load(slots, SLOT_BYTES);
    const isSame = (): boolean =>
      Atomics.load(slots, SLOT_CHUNK) === chunk.number && Atomics.load(slots, SLOT_BATCH) === batch;
    if (batch === BATCH_CHANGES || !isSame()) return false;
    const start = guest.taken?.batch === batch ? guest.taken.bytes : 0;
    const hasMore = chunk.memory !== undefined && bytes > start && batch > guest.lastBatch;
    const copy = hasMore ? copyOf(chunk.memory, bytes) : undefined;
    if (!isSame()) return false;
    if (copy === undefined) return true;
    guest.taken = { batch, bytes };
    this.#adopt(guest, cutChunk(copy, start, bytes), () => undefined);
    return true;
  }

  #flush({ slots }: Guest, until: number): void {
    const done = (): void => void Atomics.add(slots, SLOT_FLUSHED, 1);
    this.#events.flush(Math.max(0, until - epochNow())).then(done, done);
  }
}

/** What is read twice must not change in between. */
function copyOf(memory: SharedArrayBuffer, byteLength: number): SharedArrayBuffer {
  const copy = new SharedArrayBuffer(byteLength);
  new Uint8Array(copy).set(new Uint8Array(memory, 0, byteLength));
  return copy;
}
