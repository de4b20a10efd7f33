/** So many a second, with one second's worth (at least one) at once: a token bucket. Loaded only with a rule that has one. */

// Kept from the start: fake clocks of a test library must not stop the agent.
const { hrtime } = process;
const monotonicSeconds = (): number => {
  const [seconds, nanos] = hrtime();
  return seconds + nanos / 1e9;
};

export class RateLimit {
  readonly #perSecond: number;
  readonly #capacity: number;
  readonly #now: () => number;
  #tokens: number;
  #filledAt: number;

  /** `now` in seconds; a clock that only goes forward. */
  constructor(perSecond: number, now: () => number = monotonicSeconds) {
    this.#perSecond = perSecond;
    // A rate of 0 admits nothing, a rate of one a minute its first one at once.
    this.#capacity = perSecond === 0 ? 0 : Math.max(1, perSecond);
    this.#now = now;
    this.#tokens = this.#capacity;
    this.#filledAt = now();
  }

  /** True when one more may pass. */
  take(): boolean {
    const now = this.#now();
    this.#tokens = Math.min(this.#capacity, this.#tokens + (now - this.#filledAt) * this.#perSecond);
    this.#filledAt = now;
    if (this.#tokens < 1) return false;
    this.#tokens--;
    return true;
  }
}
