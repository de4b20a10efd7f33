/** What chance does to a share: for statistical tests that must not fail by accident. */

/**
 * How far the share of `count` traces may be from the ratio: 1 % of all, or five standard deviations where that is less. A
 * sampler that keeps to the ratio is further away once in 1.7 million times.
 */
export function toleranceOf(ratio: number, count: number): number {
  return Math.min(0.01, 5 * Math.sqrt((ratio * (1 - ratio)) / count));
}
