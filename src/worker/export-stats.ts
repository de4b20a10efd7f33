/** How the requests of one exporter went, in numbers. Worker; loads nothing. */
import type { DropReason, ExportKind, ExportStats, FailureClass } from '../pipeline/protocol.js';
import type { Outcome } from './outcome.js';

/** Upper bounds of the duration buckets, in seconds; those of the specification for HTTP requests. */
export const DURATION_BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/** Requests that ended alike; `failureClass` is undefined for those that were delivered. */
export interface Durations {
  readonly failureClass: FailureClass | undefined;
  readonly buckets: number[];
  count: number;
  sumMillis: number;
}

export class StatsKeeper {
  kind: ExportKind;
  #requests = 0;
  #delivered = 0;
  readonly #failures: Partial<Record<FailureClass, number>> = {};
  readonly #buckets: number[] = new Array(DURATION_BOUNDS.length + 1).fill(0);
  #sumMillis = 0;
  #maxMillis = 0;
  #lastFailure: ExportStats['lastFailure'];
  #lastDeliveryEpochMillis: number | undefined;
  #inFlightSpans = 0;
  readonly #durations = new Map<FailureClass | undefined, Durations>();
  readonly #spans = new Map<DropReason | undefined, number>();

  constructor(kind: ExportKind) {
    this.kind = kind;
  }

  begin(spanCount: number): void {
    this.#inFlightSpans += spanCount;
  }

  end(spanCount: number, outcome: Outcome, millis: number): void {
    this.#inFlightSpans -= spanCount;
    this.#requests++;
    this.#sumMillis += millis;
    this.#maxMillis = Math.max(this.#maxMillis, millis);
    const bucket = DURATION_BOUNDS.findIndex((bound) => millis <= bound * 1000);
    const index = bucket === -1 ? DURATION_BOUNDS.length : bucket;
    this.#buckets[index] = (this.#buckets[index] ?? 0) + 1;
    this.#addDuration(outcome.kind === 'delivered' ? undefined : outcome.failure.failureClass, index, millis);
    if (outcome.kind === 'delivered') {
      this.#delivered++;
      this.#lastDeliveryEpochMillis = Date.now();
      return;
    }
    const { failureClass, detail } = outcome.failure;
    this.#failures[failureClass] = (this.#failures[failureClass] ?? 0) + 1;
    this.#lastFailure = { failureClass, detail, atEpochMillis: Date.now() };
  }

  #addDuration(failureClass: FailureClass | undefined, index: number, millis: number): void {
    let durations = this.#durations.get(failureClass);
    if (durations === undefined) {
      durations = {
        failureClass,
        buckets: new Array<number>(DURATION_BOUNDS.length + 1).fill(0),
        count: 0,
        sumMillis: 0,
      };
      this.#durations.set(failureClass, durations);
    }
    durations.buckets[index] = (durations.buckets[index] ?? 0) + 1;
    durations.count++;
    durations.sumMillis += millis;
  }

  /** What became of the spans of a batch. */
  settled(exported: number, dropped: Partial<Record<DropReason, number>>): void {
    const add = (reason: DropReason | undefined, count: number): void => {
      if (count > 0) this.#spans.set(reason, (this.#spans.get(reason) ?? 0) + count);
    };
    add(undefined, exported);
    for (const [reason, count] of Object.entries(dropped)) add(reason as DropReason, count);
  }

  durations(): readonly Durations[] {
    return [...this.#durations.values()];
  }

  /** Spans for which the export has finished; `reason` is undefined for those that a collector accepted. */
  spans(): readonly { readonly reason: DropReason | undefined; readonly count: number }[] {
    return [...this.#spans].map(([reason, count]) => ({ reason, count }));
  }

  read(): ExportStats {
    return {
      kind: this.kind,
      requests: this.#requests,
      delivered: this.#delivered,
      failures: { ...this.#failures },
      inFlightSpans: this.#inFlightSpans,
      durationBuckets: [...this.#buckets],
      sumMillis: this.#sumMillis,
      maxMillis: this.#maxMillis,
      lastFailure: this.#lastFailure,
      lastDeliveryEpochMillis: this.#lastDeliveryEpochMillis,
    };
  }
}
