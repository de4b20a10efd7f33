/**
 * Stands in for the global `performance` where the SDK is bundled (scripts/build.mjs): Node loads up to 1 ms of code when
 * that is first touched, and the SDK touches it when it is loaded, in processes that never make a span, too.
 */

let real: typeof globalThis.performance | undefined;

export const lazyPerformance: Pick<typeof globalThis.performance, 'now' | 'timeOrigin'> = {
  now() {
    real ??= globalThis.performance;
    return real.now();
  },
  get timeOrigin() {
    real ??= globalThis.performance;
    return real.timeOrigin;
  },
};
