/**
 * The delivery of an application's worker thread: leaves its batches to the main thread, whose exporter sends them with
 * everything else. Without an answer from there it has an exporter of its own. In such a thread `node:worker_threads` is
 * loaded already. Protocol: bus.ts.
 */
import {
  type GuestMessage,
  OWNER_HOST,
  OWNER_ITSELF,
  OWNER_NOBODY,
  SLOT_FLUSHED,
  SLOT_OWNER,
  SLOT_RELEASED,
} from './bus.js';
import { Delivery, type DeliveryOptions, type State } from './delivery.js';
import type { DropReason } from './protocol.js';
import type { OpenChunk, SealedBatch } from './span-queue.js';

type Threads = typeof import('node:worker_threads');

export interface GuestDeliveryOptions extends DeliveryOptions {
  readonly bus: string;
  readonly open: OpenChunk;
}

/** A main thread that has not answered by then is blocked, or has no agent. */
const ANSWER_MILLIS = 3000;
/** The same at the end of the thread, which waits for it. */
const LAST_ANSWER_MILLIS = 250;
const POLL_MILLIS = 5;
const startTimer = setTimeout;
const stopTimer = clearTimeout;
const epochNow = Date.now;

export class GuestDelivery {
  readonly #options: GuestDeliveryOptions;
  readonly #slots: Int32Array;
  readonly #threadId: number;
  /** Posted; nobody is known to have them. */
  #held: SealedBatch[] = [];
  /** The host's; they still count against this thread's limits. */
  readonly #given: SealedBatch[] = [];
  #released = 0;
  #flushes = 0;
  #hasSpoken = false;
  #hasResource = false;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;
  /** The exporter of this thread, when there is no host. */
  #own: Delivery | undefined;

  constructor(options: GuestDeliveryOptions) {
    this.#options = options;
    this.#slots = options.open.slots;
    this.#threadId = (require('node:worker_threads') as Threads).threadId;
    options.open.onChange = () => this.#post({});
  }

  get state(): State {
    if (this.#own !== undefined) return this.#own.state;
    return this.#hasSpoken ? 'worker' : 'idle';
  }

  get #isAlone(): boolean {
    return this.#own !== undefined;
  }

  get restarts(): number {
    return this.#own?.restarts ?? 0;
  }

  get isInProcess(): boolean {
    return this.#own?.isInProcess === true;
  }

  push(batch: SealedBatch): void {
    if (this.#own !== undefined) {
      this.#own.push(batch);
      return;
    }
    this.#held.push(batch);
    this.#sendResource();
    this.#post({ batch });
    this.reclaim();
  }

  start(): void {
    if (this.#own !== undefined) this.#own.start();
    else this.#sendResource();
  }

  /** What becomes of a thread that was started by this one. */
  childEnded(threadId: number): void {
    this.#say({ from: threadId, isEnded: true });
  }

  /** Reads it now: not in the middle of the application's first span, not at every message. */
  #sendResource(): void {
    if (this.#hasResource || this.#isStopped) return;
    this.#hasResource = true;
    this.#post({ resource: this.#options.encodeResource() });
  }

  #post(content: Omit<GuestMessage, 'from'>): void {
    if (this.#own !== undefined || this.#isStopped) return;
    const isFirst = !this.#hasSpoken;
    this.#hasSpoken = true;
    const { chunk: memory, chunkNumber, slots } = this.#options.open;
    const chunk = { number: chunkNumber, memory };
    const first = isFirst ? { isFirst, slots: slots.buffer as SharedArrayBuffer } : {};
    this.#say({ from: this.#threadId, ...first, chunk, ...content });
    if (isFirst) this.#awaitAnswer();
  }

  /** Opened for each message: an open channel hears what all the other threads say. */
  #say(message: GuestMessage): void {
    const { BroadcastChannel } = require('node:worker_threads') as Threads;
    const bus = this.#options.runDetached(() => new BroadcastChannel(this.#options.bus));
    bus.postMessage(message);
    bus.close();
  }

  #awaitAnswer(): void {
    this.#options.runDetached(() => {
      this.#timer = startTimer(() => this.#standAlone(), ANSWER_MILLIS).unref();
    });
  }

  /** With a host, what is held is its own, accounts included. */
  #giveAway(): void {
    if (Atomics.load(this.#slots, SLOT_OWNER) !== OWNER_HOST) return;
    const { counters } = this.#options;
    for (const batch of this.#held.splice(0)) {
      counters.created -= batch.spanCount;
      counters.queued -= batch.spanCount;
      this.#given.push(batch);
    }
  }

  /** Frees the places of what the host has settled; true when there was something. */
  reclaim(): boolean {
    this.#giveAway();
    const released = Atomics.load(this.#slots, SLOT_RELEASED);
    const count = released - this.#released;
    this.#released = released;
    // Not always in this order, but that many.
    for (const batch of this.#given.splice(0, count)) this.#options.events.onReleased(batch);
    return count > 0;
  }

  /** Starts an exporter in this thread, unless the host was faster. */
  #standAlone(): void {
    if (this.#own !== undefined || this.#isStopped) return;
    if (Atomics.compareExchange(this.#slots, SLOT_OWNER, OWNER_NOBODY, OWNER_ITSELF) !== OWNER_NOBODY) {
      this.#giveAway();
      return;
    }
    stopTimer(this.#timer);
    const own = new Delivery(this.#options);
    this.#own = own;
    for (const batch of this.#held.splice(0)) own.push(batch);
    own.start();
  }

  async flush(timeoutMillis: number): Promise<void> {
    if (this.#own !== undefined) return this.#own.flush(timeoutMillis);
    this.reclaim();
    if (this.#held.length + this.#given.length === 0) return;
    const until = epochNow() + timeoutMillis;
    const flush = ++this.#flushes;
    this.#post({ flushUntil: until });
    while (epochNow() < until && Atomics.load(this.#slots, SLOT_FLUSHED) < flush) {
      await new Promise((resolve) => startTimer(resolve, POLL_MILLIS));
      if (this.#isAlone) return this.flush(until - epochNow());
    }
    this.reclaim();
  }

  handOver(timeoutMillis: number): void {
    this.#own?.handOver(timeoutMillis);
  }

  /** The thread is about to end. The host outlives it, so nobody waits, unless there may be none. */
  flushSync(timeoutMillis: number): void {
    const startedAt = epochNow();
    if (this.#own === undefined && this.#held.length > 0 && timeoutMillis > 0) {
      Atomics.wait(this.#slots, SLOT_OWNER, OWNER_NOBODY, Math.min(LAST_ANSWER_MILLIS, timeoutMillis));
    }
    this.#giveAway();
    if (this.#own === undefined && this.#held.length > 0 && timeoutMillis > 0) this.#standAlone();
    this.#own?.flushSync(timeoutMillis - (epochNow() - startedAt));
  }

  stop(reason: DropReason): void {
    if (this.#isStopped) return;
    this.#disown();
    if (this.#hasSpoken) this.#post({ isEnded: true });
    this.#isStopped = true;
    this.#own?.stop(reason);
    const { counters, events } = this.#options;
    for (const { spanCount } of this.#held.splice(0)) {
      counters.queued -= spanCount;
      counters.dropped[reason] += spanCount;
      events.onDropped(reason, spanCount);
    }
    stopTimer(this.#timer);
  }

  /** What is still held is dropped after this, so nobody may come for it. */
  #disown(): void {
    if (this.#held.length > 0) Atomics.compareExchange(this.#slots, SLOT_OWNER, OWNER_NOBODY, OWNER_ITSELF);
    this.#giveAway();
  }
}
