/**
 * Sealed batches until they are settled: starts the exporter, keeps every batch it has not confirmed, replaces it when
 * it dies, waits for it when the process ends. Application's thread; loads neither the worker's code nor node:http.
 *
 *            start()                 exit, was ready
 *   idle ───────────────► worker ───────────────────► worker (again; unconfirmed batches are handed over once more)
 *                           │ cannot start, twice
 *                           ▼
 *                       in-process ── cannot load ──► broken: every batch is dropped as exporter_fault
 *
 * A worker that dies CRASH_LIMIT times without settling anything has probably been given something it cannot digest:
 * what it held is dropped and it starts afresh. Its code is never moved to this thread for that, only for want of a
 * thread: an error there would be the application's.
 */
import type { Channel, ChannelEvents, ChannelOptions } from './channel.js';
import type { MutableCounters } from './counters.js';
import { openInProcessChannel, type RunUntraced } from './in-process-channel.js';
import { Ledger, type LedgerEvents } from './ledger.js';
import type { AskMessage, DropReason, ExportStats, FromExporter, ReportMessage } from './protocol.js';
import type { SealedBatch } from './span-queue.js';
import { openWorkerChannel } from './worker-channel.js';

export interface DeliveryEvents extends LedgerEvents {
  onReport(report: ReportMessage): void;
  /** The exporter's numbers; `reply` sends a document back, where one is wanted. */
  onAsk(stats: ExportStats, reply: ((text: string) => void) | undefined): void;
  /** What the exporter must know before it flushes; undefined = nothing. */
  describe(): string | undefined;
  /** The exporter moved to this thread, failed for good, or keeps failing. One complete sentence. */
  onNotice(code: 'TA3026' | 'TA3027' | 'TA3028', text: string): void;
}

export interface DeliveryOptions extends Omit<ChannelOptions, 'events'> {
  readonly counters: MutableCounters;
  readonly events: DeliveryEvents;
  readonly runUntraced: RunUntraced;
  /** Runs a function outside any request's async context. */
  readonly runDetached: <T>(run: () => T) => T;
  /** Encoded when the first exporter starts. */
  readonly encodeResource: () => Uint8Array;
}

export type State = 'idle' | 'worker' | 'in-process' | 'broken' | 'stopped';

/** Above any id that a queue counts to. */
const FIRST_ADOPTED_ID = 2 ** 41;
const FAILED_STARTS_LIMIT = 2;
const CRASH_LIMIT = 3;
/** The exporter answers this much before the time is over, so that a process's end stays within its limit. */
const TAIL_MILLIS = 30;
const RESTART_DELAY_MILLIS = 1000;
const MAX_RESTART_DELAY_MILLIS = 60_000;
// Kept from the start: fake clocks of a test library must neither stop a timer nor freeze a wait.
const startTimer = setTimeout;
const stopTimer = clearTimeout;
const hrtime = process.hrtime;
const epochNow = Date.now;

/** Milliseconds of a clock that never jumps. Unlike `performance`, whose first use loads 1 ms of Node's code, it is there. */
function now(): number {
  const [seconds, nanos] = hrtime();
  return seconds * 1e3 + nanos / 1e6;
}

export class Delivery {
  readonly #options: DeliveryOptions;
  readonly #ledger: Ledger;
  readonly #flushes = new Map<number, () => void>();
  #state: State = 'idle';
  #channel: Channel | undefined;
  #isReady = false;
  #failedStarts = 0;
  #crashes = 0;
  #restarts = 0;
  #nextFlushId = 1;
  #hasNew = false;
  /** What to call when a batch of another thread needs no memory any more, by our id of it. */
  readonly #adopted = new Map<number, () => void>();
  #nextAdoptedId = FIRST_ADOPTED_ID;

  constructor(options: DeliveryOptions) {
    this.#options = options;
    this.#ledger = new Ledger(options.counters, {
      onReleased: (batch) => this.#release(batch),
      onDropped: (reason, count) => options.events.onDropped(reason, count),
    });
  }

  get state(): State {
    return this.#state;
  }

  /** How often the exporter was started again after it had died. */
  get restarts(): number {
    return this.#restarts;
  }

  get isInProcess(): boolean {
    return this.#state === 'in-process';
  }

  /** Takes responsibility for a batch. */
  push(batch: SealedBatch): void {
    this.#ledger.add(batch);
    this.#hasNew = true;
    if (this.#state === 'broken' || this.#state === 'stopped') this.#ledger.dropAll('exporter_fault');
    else this.#channel?.post({ verb: 'BATCH', ...batch });
  }

  /** The same for a batch of another thread, with its accounts; `release` is called when its memory is free. */
  adopt(batch: Omit<SealedBatch, 'id'>, release: () => void): void {
    const id = this.#nextAdoptedId++;
    this.#adopted.set(id, release);
    this.#options.counters.created += batch.spanCount;
    this.#options.counters.queued += batch.spanCount;
    this.push({ ...batch, id });
    this.start();
  }

  #release(batch: SealedBatch): void {
    const release = this.#adopted.get(batch.id);
    if (release === undefined) this.#options.events.onReleased(batch);
    else {
      this.#adopted.delete(batch.id);
      release();
    }
  }

  /** Starts the exporter unless it runs. Never throws. */
  start(): void {
    if (this.#state === 'idle') this.#options.runDetached(() => this.#openWorker());
  }

  #channelOptions(): ChannelOptions {
    const { exporterFile, settings, environment } = this.#options;
    let isCurrent = true;
    const events: ChannelEvents = {
      onMessage: (message) => isCurrent && this.#onMessage(message),
      onExit: (cause) => {
        isCurrent = false;
        this.#onExit(cause);
      },
    };
    return { exporterFile, settings, environment, events };
  }

  #openWorker(): void {
    if (this.#state === 'stopped') return;
    this.#state = 'worker';
    this.#isReady = false;
    try {
      this.#adopt(openWorkerChannel(this.#channelOptions()));
    } catch (error) {
      this.#openInProcess(error instanceof Error ? error.message : String(error));
    }
  }

  #openInProcess(cause: string): void {
    const { runUntraced, events } = this.#options;
    this.#state = 'in-process';
    events.onNotice('TA3026', `no worker thread can be had (${cause}); spans are sent from the application's thread`);
    try {
      this.#adopt(openInProcessChannel(this.#channelOptions(), runUntraced));
    } catch (error) {
      this.#state = 'broken';
      events.onNotice('TA3027', `spans cannot be sent: ${error instanceof Error ? error.message : String(error)}`);
      this.#ledger.dropAll('exporter_fault');
      this.#finishFlushes();
    }
  }

  /** Tells a new exporter everything it has to know. */
  #adopt(channel: Channel): void {
    this.#channel = channel;
    channel.post({ verb: 'RESOURCE', bytes: this.#options.encodeResource() });
    for (const batch of this.#ledger.batches) channel.post({ verb: 'BATCH', ...batch });
    if (this.#flushes.size > 0) channel.setReferenced(true);
  }

  #onExit(cause: string): void {
    this.#channel = undefined;
    this.#finishFlushes();
    if (this.#state !== 'worker') return;
    if (!this.#isReady && ++this.#failedStarts >= FAILED_STARTS_LIMIT) {
      this.#openInProcess(cause);
      return;
    }
    this.#restarts++;
    // The first restart is immediate, the next ones are not.
    startTimer(
      () => this.#openWorker(),
      Math.min(RESTART_DELAY_MILLIS * this.#crashes, MAX_RESTART_DELAY_MILLIS),
    ).unref();
    if (++this.#crashes < CRASH_LIMIT) return;
    this.#options.events.onNotice('TA3028', `the exporting thread keeps failing (${cause}); its spans are dropped`);
    this.#ledger.dropAll('exporter_fault');
  }

  #onMessage(message: FromExporter): void {
    if (message.verb === 'SETTLED') {
      this.#crashes = 0;
      this.#ledger.settle(message);
    } else if (message.verb === 'SPOOLED') this.#ledger.spooled(message.id);
    else if (message.verb === 'RESTORED') this.#ledger.restored(message.exported);
    else if (message.verb === 'FLUSHED') this.#finishFlush(message.id);
    else if (message.verb === 'REPORT') this.#options.events.onReport(message);
    else if (message.verb === 'ASK') this.#onAsk(message);
    else {
      this.#isReady = true;
      this.#failedStarts = 0;
    }
  }

  #onAsk({ id, stats }: AskMessage): void {
    const reply = (text: string): void => this.#channel?.post({ verb: 'SNAPSHOT', id, text });
    this.#options.events.onAsk(stats, id === 0 ? undefined : reply);
  }

  #finishFlush(id: number): void {
    this.#flushes.get(id)?.();
    this.#flushes.delete(id);
    if (this.#flushes.size === 0) this.#channel?.setReferenced(false);
  }

  #finishFlushes(): void {
    for (const id of [...this.#flushes.keys()]) this.#finishFlush(id);
  }

  #requestFlush(timeoutMillis: number, onDone: () => void): void {
    const id = this.#nextFlushId++;
    this.#flushes.set(id, onDone);
    const answerMillis = timeoutMillis - Math.min(TAIL_MILLIS, timeoutMillis / 10);
    const text = this.#options.events.describe();
    if (text !== undefined) this.#channel?.post({ verb: 'SNAPSHOT', id: 0, text });
    this.#channel?.post({ verb: 'FLUSH', id, deadlineEpochMillis: epochNow() + answerMillis });
  }

  /** Nothing waits to be sent; the agent's own metrics always do. */
  get #isIdle(): boolean {
    return this.#ledger.isEmpty && this.#options.settings.metrics === undefined;
  }

  /** Resolves when everything pushed so far is settled, hopeless for now, or the time is over. Never rejects. */
  flush(timeoutMillis: number): Promise<void> {
    if (this.#isIdle) return Promise.resolve();
    this.start();
    if (this.#channel === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = startTimer(resolve, timeoutMillis);
      this.#channel?.setReferenced(true);
      this.#requestFlush(timeoutMillis, () => {
        stopTimer(timer);
        resolve();
      });
    });
  }

  /**
   * Gets what was pushed under way without anybody waiting. Where the exporter runs on this thread that keeps the process
   * alive for at most `timeoutMillis`, and only for batches that came since the last call: `beforeExit` is emitted again
   * after every such wait, so a dead collector would otherwise keep the process for ever.
   */
  handOver(timeoutMillis: number): void {
    if (this.#ledger.isEmpty) return;
    this.start();
    if (this.#state === 'in-process' && this.#hasNew && timeoutMillis > 0) void this.flush(timeoutMillis);
    this.#hasNew = false;
  }

  /** As {@link flush}, with this thread blocked. Does not wait where the exporter needs this thread. */
  flushSync(timeoutMillis: number): void {
    if (this.#isIdle) return;
    this.#channel?.drain();
    if (this.#isIdle || timeoutMillis <= 0) return;
    this.start();
    const end = now() + timeoutMillis;
    let isDone = false;
    this.#requestFlush(timeoutMillis, () => {
      isDone = true;
    });
    for (let left = timeoutMillis; left > 0 && !isDone; left = end - now()) {
      if (this.#channel?.canBlock !== true || this.#isIdle) return;
      this.#channel.drain();
      if (!isDone && !this.#isIdle) this.#channel.wait(left);
    }
    this.#channel?.drain();
  }

  /** Drops what is left in memory under `reason` and lets the exporter go; what is on disk stays queued. */
  stop(reason: DropReason): void {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#ledger.dropAll(reason);
    this.#finishFlushes();
    this.#channel?.close();
    this.#channel = undefined;
  }
}
