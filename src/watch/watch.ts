/**
 * Looks now and then for what cannot be seen at start: a clock that jumps, libraries that came too early, an application
 * in which there is nothing to trace. Main thread; one unreferenced timer, loads nothing until its first tick.
 */
import type { Log } from '../diag/log.js';

export const TICK_MILLIS = 5000;

export interface WatchOptions {
  readonly log: Log;
  /** Called at every tick with the time since the start. Must not throw. */
  readonly onTick: (ageMillis: number) => void;
}

/** What the two clocks of a process may drift apart in one tick; the slewing of NTP is a thousandth of that. */
const MAX_DRIFT_MILLIS = 2000;
// Kept from the start: fake clocks of a test library must not stop the timer.
const startInterval = setInterval;
const hrtime = process.hrtime;

function monotonicMillis(): number {
  const [seconds, nanos] = hrtime();
  return seconds * 1e3 + nanos / 1e6;
}

/** Compares the clock that stamps spans, `Date.now` as it is at the moment, with one that cannot be set. */
export function createClockCheck(log: Log, monotonicNow: () => number = monotonicMillis): () => void {
  let offset = Date.now() - monotonicNow();
  return () => {
    const current = Date.now() - monotonicNow();
    const jump = current - offset;
    offset = current;
    if (Math.abs(jump) < MAX_DRIFT_MILLIS) return;
    const seconds = `${jump > 0 ? '+' : '-'}${Math.round(Math.abs(jump) / 1000)} s`;
    log.warn('TA4003', `the clock jumped by ${seconds}; spans around that moment have wrong times`, 'clock');
  };
}

/** Starts the timer for the life of the process. */
export function startWatch({ log, onTick }: WatchOptions): void {
  const checkClock = createClockCheck(log);
  let age = 0;
  startInterval(() => {
    age += TICK_MILLIS;
    checkClock();
    onTick(age);
  }, TICK_MILLIS).unref();
}
