/**
 * Spans that have started and not ended, so that a dying process can end them with a status that says why. Application's
 * thread, on the hot path of every span; loads nothing.
 *
 *   start ─► young ──(sweep)──► settled ──(sweep)──► old: WeakRef only
 *   end   ─► removed from young or settled; an old one is noticed at the next sweep
 *
 * A span the application forgets to end is held strongly for two sweeps at most (20-40 s at the pipeline's pace), after
 * that it is held by nobody here. Nearly all spans end young and cost one insertion and one removal in a Set.
 */
import type { Span } from '@opentelemetry/sdk-trace';

/** Beyond this many young spans new ones are not followed: a leak of that speed must not become ours. */
const MAX_FOLLOWED = 10_000;

export class OpenSpans {
  #young = new Set<Span>();
  #settled = new Set<Span>();
  #old: WeakRef<Span>[] = [];

  started(span: Span): void {
    if (this.#young.size < MAX_FOLLOWED) this.#young.add(span);
  }

  ended(span: object): void {
    if (!this.#young.delete(span as Span)) this.#settled.delete(span as Span);
  }

  /** Moves every generation on by one. */
  sweep(): void {
    this.#old = this.#old.filter((reference) => reference.deref()?.isRecording() === true);
    if (this.#old.length < MAX_FOLLOWED) for (const span of this.#settled) this.#old.push(new WeakRef(span));
    this.#settled = this.#young;
    this.#young = new Set();
  }

  /** The spans still open, oldest first. */
  list(): Span[] {
    const old = this.#old.map((reference) => reference.deref()).filter((span) => span?.isRecording() === true);
    return [...(old as Span[]), ...this.#settled, ...this.#young];
  }
}
