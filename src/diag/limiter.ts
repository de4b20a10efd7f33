/**
 * Says how often the same message may come: at once, then after 1, 4, 16, 64 minutes, then every 4 hours. Whatever
 * repeats for a day is ten lines. Loads nothing.
 */

const MINUTE = 60_000;
const FIRST_WAIT_MILLIS = MINUTE;
const FACTOR = 4;
const MAX_WAIT_MILLIS = 240 * MINUTE;
/** Messages that differ are few; a text that holds something that always differs must not grow the map for ever. */
const MAX_KEYS = 500;

interface Told {
  dueAt: number;
  waitMillis: number;
  suppressed: number;
}

export class Limiter {
  readonly #now: () => number;
  readonly #told = new Map<string, Told>();

  constructor(now: () => number) {
    this.#now = now;
  }

  isDue(key: string): boolean {
    const told = this.#told.get(key);
    return told === undefined || this.#now() >= told.dueAt;
  }

  /** How many were held back since the last one that was let through; undefined = hold this one back too. */
  admit(key: string): number | undefined {
    const now = this.#now();
    const told = this.#told.get(key);
    if (told === undefined) {
      if (this.#told.size >= MAX_KEYS) this.#told.clear();
      this.#told.set(key, { dueAt: now + FIRST_WAIT_MILLIS, waitMillis: FIRST_WAIT_MILLIS, suppressed: 0 });
      return 0;
    }
    if (now < told.dueAt) {
      told.suppressed++;
      return undefined;
    }
    const { suppressed } = told;
    // Twice the longest wait without a word: the matter was settled meanwhile.
    const isNew = now - told.dueAt > 2 * MAX_WAIT_MILLIS;
    told.waitMillis = isNew ? FIRST_WAIT_MILLIS : Math.min(told.waitMillis * FACTOR, MAX_WAIT_MILLIS);
    told.dueAt = now + told.waitMillis;
    told.suppressed = 0;
    return suppressed;
  }
}
