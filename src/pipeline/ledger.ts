/**
 * Batches that are not settled, and the counters that follow from their fate. Application's thread; loads nothing.
 *
 *   add ──► in memory ──settle──► gone, counted, memory released
 *               └──spooled──► on disk, memory released ──settle──► gone, counted
 */
import type { MutableCounters } from './counters.js';
import { DROP_REASONS, type DropReason } from './protocol.js';
import type { SealedBatch } from './span-queue.js';

export interface LedgerEvents {
  /** The batch's memory may be used again. Counters are up to date. */
  onReleased(batch: SealedBatch): void;
  onDropped(reason: DropReason, count: number): void;
}

/** What became of a batch: exported + all dropped = its spans. */
export interface Settlement {
  readonly id: number;
  readonly exported: number;
  readonly dropped: Partial<Record<DropReason, number>>;
}

export class Ledger {
  readonly #counters: MutableCounters;
  readonly #events: LedgerEvents;
  readonly #inMemory = new Map<number, SealedBatch>();
  /** Span counts by batch. */
  readonly #onDisk = new Map<number, number>();

  constructor(counters: MutableCounters, events: LedgerEvents) {
    this.#counters = counters;
    this.#events = events;
  }

  /** Batches held in memory, oldest first. */
  get batches(): Iterable<SealedBatch> {
    return this.#inMemory.values();
  }

  /** True when no batch is held in memory. */
  get isEmpty(): boolean {
    return this.#inMemory.size === 0;
  }

  add(batch: SealedBatch): void {
    this.#inMemory.set(batch.id, batch);
  }

  /** Counts a batch's fate; a second word about the same batch is ignored. */
  settle({ id, exported, dropped }: Settlement): void {
    const batch = this.#inMemory.get(id);
    const spanCount = batch?.spanCount ?? this.#onDisk.get(id);
    if (spanCount === undefined) return;
    if (this.#onDisk.delete(id)) this.#counters.spooled -= spanCount;
    this.#inMemory.delete(id);
    this.#counters.exported += exported;
    this.#counters.queued -= spanCount;
    for (const reason of DROP_REASONS) {
      const count = dropped[reason] ?? 0;
      this.#counters.dropped[reason] += count;
      if (count > 0) this.#events.onDropped(reason, count);
    }
    if (batch !== undefined) this.#events.onReleased(batch);
  }

  /** The batch is on disk. */
  spooled(id: number): void {
    const batch = this.#inMemory.get(id);
    if (batch === undefined) return;
    this.#inMemory.delete(id);
    this.#onDisk.set(id, batch.spanCount);
    this.#counters.spooled += batch.spanCount;
    this.#events.onReleased(batch);
  }

  restored(exported: number): void {
    this.#counters.restored += exported;
  }

  /** Drops what is held in memory; what is on disk stays queued. */
  dropAll(reason: DropReason): void {
    for (const { id, spanCount } of [...this.#inMemory.values()]) {
      this.settle({ id, exported: 0, dropped: { [reason]: spanCount } });
    }
  }
}
