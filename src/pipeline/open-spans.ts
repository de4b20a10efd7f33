/**
 * Spans that have started and not ended, so that a dying process can end them with a status that says why. Application's
 * thread, on the hot path of every span; loads nothing.
 *
 *   start ─► young ──(sweep)──► settled ──(sweep)──► old: WeakRef only
 *   end   ─► removed from young or settled; an old one is noticed at the next sweep
 *
 * A span the application forgets to end is held strongly for two sweeps at most (20-40 s at the pipeline's pace), after
 * that it is held by nobody here. Nearly all spans end young. A span knows its place in the list: in a Set V8 would have to
 * make a hash for each.
 */
import type { Span } from '@opentelemetry/sdk-trace';

/** Beyond this many young spans new ones are not followed: a leak of that speed must not become ours. */
const MAX_FOLLOWED = 10_000;

/** One list can follow a span. */
interface Followed {
  /** Its place in the list of its generation. */
  openIndex?: number;
}

type Generation = (Span | undefined)[];

function inOrder(generation: Generation): Span[] {
  const open = generation.filter((span) => span !== undefined);
  return open.sort(({ startTime: one }, { startTime: other }) => one[0] - other[0] || one[1] - other[1]);
}

export class OpenSpans {
  #young: Generation = [];
  /** Places in `#young` that are free again. */
  #free: number[] = [];
  #settled: Generation = [];
  #old: WeakRef<Span>[] = [];

  started(span: Span & Followed): void {
    const index = this.#free.pop() ?? this.#young.length;
    if (index >= MAX_FOLLOWED) return;
    this.#young[index] = span;
    span.openIndex = index;
  }

  ended(span: object & Followed): void {
    const { openIndex: index } = span;
    if (index === undefined) return;
    if (this.#young[index] === span) {
      this.#young[index] = undefined;
      this.#free.push(index);
    } else if (this.#settled[index] === span) this.#settled[index] = undefined;
  }

  /** Moves every generation on by one. */
  sweep(): void {
    this.#old = this.#old.filter((reference) => reference.deref()?.isRecording() === true);
    if (this.#old.length < MAX_FOLLOWED) for (const span of inOrder(this.#settled)) this.#old.push(new WeakRef(span));
    this.#settled = this.#young;
    this.#young = [];
    this.#free = [];
  }

  /** The spans still open, oldest first. */
  list(): Span[] {
    const old = this.#old.map((reference) => reference.deref()).filter((span) => span?.isRecording() === true);
    return [...(old as Span[]), ...inOrder(this.#settled), ...inOrder(this.#young)];
  }
}
