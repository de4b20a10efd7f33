/**
 * When the next request may start: back-off and circuit breaker of one collector in one place. Worker; loads nothing.
 *
 *            retryable failure                      third failure in a row
 *   closed ─────────────────────► backing off ─────────────────────────────► open
 *     ▲    1st: 0.5 s, 2nd: 1 s,    one request at a time                     one request per 5 s, also while
 *     └──── each x 0.5 ... 1.5 ◄────── any success ◄──────────────────────────an earlier one still hangs
 *
 * While open the interval is exact, not jittered: that keeps both promises, at most one attempt per 5 s and delivery
 * within 5 s of recovery. Processes do not run in step all the same, the jittered steps before have spread them.
 * A time the collector named (Retry-After, RetryInfo) replaces the interval; a named 0 means "at once" only the first
 * time in a row, so that it cannot become a hot loop.
 */

const BASE_DELAY_MILLIS = 500;
const OPEN_INTERVAL_MILLIS = 5000;
const FAILURES_TO_OPEN = 3;
/** A named time is never cut short; this much is added so that clients told the same do not return together. */
const NAMED_JITTER = 0.05;
const MAX_NAMED_JITTER_MILLIS = 250;
/** Nobody means more than this; a mistake there must not silence a process for days. */
const MAX_NAMED_MILLIS = 3_600_000;

/** Identifies the attempt to the gate when it ends. */
export interface Attempt {
  readonly generation: number;
  readonly startedAt: number;
}

export class Gate {
  readonly #now: () => number;
  readonly #random: () => number;
  #failures = 0;
  #generation = 0;
  #opensAt = 0;
  #namedUntil = 0;
  #hasSucceeded = false;

  constructor(now: () => number, random: () => number = Math.random) {
    this.#now = now;
    this.#random = random;
  }

  /** Milliseconds until an attempt may start, 0 = now. */
  get waitMillis(): number {
    return Math.max(0, this.#opensAt - this.#now());
  }

  /** True while the last attempt failed, and before the first success: then requests go one by one. */
  get isSuspicious(): boolean {
    return this.#failures > 0 || !this.#hasSucceeded;
  }

  /** True while the last attempt failed. */
  get isFailing(): boolean {
    return this.#failures > 0;
  }

  /** Milliseconds until a time the collector named, 0 when it named none. */
  get namedWaitMillis(): number {
    return Math.max(0, this.#namedUntil - this.#now());
  }

  begin(): Attempt {
    const startedAt = this.#now();
    if (this.#failures > 0) this.#opensAt = Math.max(this.#opensAt, startedAt + OPEN_INTERVAL_MILLIS);
    return { generation: this.#generation, startedAt };
  }

  /** The collector answered with something final. */
  succeeded(): void {
    this.#failures = 0;
    this.#opensAt = 0;
    this.#namedUntil = 0;
    this.#hasSucceeded = true;
    this.#generation++;
  }

  failed(attempt: Attempt, retryAfterMillis: number | undefined): void {
    if (retryAfterMillis !== undefined && retryAfterMillis > 0) this.#name(retryAfterMillis);
    // Requests that were under way together fail together: that is one failure.
    if (attempt.generation !== this.#generation) return;
    this.#generation++;
    this.#failures++;
    if (this.namedWaitMillis > 0) this.#opensAt = this.#namedUntil;
    else if (retryAfterMillis === 0 && this.#failures === 1) this.#opensAt = 0;
    else this.#opensAt = this.#nextStart(attempt);
  }

  #name(named: number): void {
    const millis = Math.min(named, MAX_NAMED_MILLIS);
    const jitter = Math.min(MAX_NAMED_JITTER_MILLIS, millis * NAMED_JITTER) * this.#random();
    this.#namedUntil = Math.max(this.#namedUntil, this.#now() + millis + jitter);
    this.#opensAt = Math.max(this.#opensAt, this.#namedUntil);
  }

  #nextStart(attempt: Attempt): number {
    if (this.#failures >= FAILURES_TO_OPEN) return attempt.startedAt + OPEN_INTERVAL_MILLIS;
    return this.#now() + BASE_DELAY_MILLIS * 2 ** (this.#failures - 1) * (0.5 + this.#random());
  }
}
