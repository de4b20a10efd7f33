/** What an agent costs while nothing special happens: memory, event-loop delay, idling, single operations. */
import { runPair } from './pair.mjs';

const SPANS_PER_SECOND = 2000;
const WARM_UP_MILLIS = 2000;
const DELAY_MILLIS = 3000;
const ALLOCATION_MILLIS = 1000;
const IDLE_REQUESTS = 20;
/** Longer than any agent keeps its last batch. */
const SETTLE_MILLIS = 11_000;
const IDLE_MILLIS = 5000;

/** @returns {delayP99Millis, bytesPerRequest, rssMiB} of a server with 2,000 requests/s */
export function measureLoaded(cell) {
  return runPair(cell, [], async ({ app, connect, peer }) => {
    await connect();
    await peer('pace', { rate: SPANS_PER_SECOND, millis: WARM_UP_MILLIS });
    await app('startDelay');
    await peer('pace', { rate: SPANS_PER_SECOND, millis: DELAY_MILLIS });
    const { p99Millis } = await app('stopDelay');
    await app('startAllocations');
    const { requests } = await peer('pace', { rate: SPANS_PER_SECOND, millis: ALLOCATION_MILLIS });
    const { bytes } = await app('stopAllocations');
    const { rssMiB } = await app('memory');
    return { delayP99Millis: p99Millis, bytesPerRequest: bytes / requests, rssMiB };
  });
}

/** @returns {idleCpuMillis} CPU milliseconds a second of a server that has served and now waits; takes long, idly */
export function measureIdle(cell) {
  return runPair(cell, [], async ({ app, get }) => {
    for (let index = 0; index < IDLE_REQUESTS; index++) await get();
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MILLIS));
    const { cpuMicros } = await app('idle', { millis: IDLE_MILLIS });
    return { idleCpuMillis: cpuMicros / IDLE_MILLIS };
  });
}

/** @returns {promiseNanos, timerNanos, workerMillis, workerMiB} */
export function measureMicro(cell) {
  return runPair(cell, [], async ({ get }) => JSON.parse((await get('/?wants=async,worker')).body));
}

/** @returns {requirePackageNanos, requireBuiltinNanos} */
export function measureRequire(cell) {
  return runPair(cell, [], async ({ get }) => JSON.parse((await get('/?wants=require')).body));
}
