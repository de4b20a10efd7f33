/**
 * Memory that all threads of the process share, with the trace contexts of messages that are under way between them: the
 * n-th message to a thread has its context here, beside the message. Any thread; loads nothing.
 *
 *   slot = (thread, number) modulo SLOTS     │ state │ thread │ number │ length │ JSON │
 *
 * A slot that another message needs is taken over: that many messages under way have a context, older ones have none.
 */
const SLOTS = 256;
const SLOT_BYTES = 1024;
const HEADER_BYTES = 16;
const TEXT_BYTES = SLOT_BYTES - HEADER_BYTES;
const SLOT_INTS = SLOT_BYTES / Int32Array.BYTES_PER_ELEMENT;

const STATE = 0;
const THREAD = 1;
const NUMBER = 2;
const LENGTH = 3;

const FREE = 0;
const BUSY = 1;
const READY = 2;

/** Neighbouring threads begin far from one another. */
const SPREAD = 37;

export class ContextRing {
  readonly memory: SharedArrayBuffer;
  readonly #ints: Int32Array;

  /** With the memory of another thread's ring, or a new one. */
  constructor(memory = new SharedArrayBuffer(SLOTS * SLOT_BYTES)) {
    this.memory = memory;
    this.#ints = new Int32Array(memory);
  }

  #slot(thread: number, number: number): number {
    return (Math.abs(thread * SPREAD + number) % SLOTS) * SLOT_INTS;
  }

  /** False when there is no room for it. */
  put(thread: number, number: number, text: string): boolean {
    const length = Buffer.byteLength(text);
    if (length > TEXT_BYTES) return false;
    const at = this.#slot(thread, number);
    const ints = this.#ints;
    if (Atomics.exchange(ints, at + STATE, BUSY) === BUSY) return false;
    ints[at + THREAD] = thread;
    ints[at + NUMBER] = number;
    ints[at + LENGTH] = length;
    Buffer.from(this.memory, at * Int32Array.BYTES_PER_ELEMENT + HEADER_BYTES, TEXT_BYTES).write(text);
    Atomics.store(ints, at + STATE, READY);
    return true;
  }

  /** What was put for that message, once. */
  take(thread: number, number: number): string | undefined {
    const at = this.#slot(thread, number);
    const ints = this.#ints;
    if (Atomics.compareExchange(ints, at + STATE, READY, BUSY) !== READY) return undefined;
    const isOurs = ints[at + THREAD] === thread && ints[at + NUMBER] === number;
    const start = at * Int32Array.BYTES_PER_ELEMENT + HEADER_BYTES;
    const text = isOurs ? Buffer.from(this.memory, start, ints[at + LENGTH]).toString() : undefined;
    Atomics.store(ints, at + STATE, isOurs ? FREE : READY);
    return text;
  }
}
