/** When a span ended, as far as what stands for it says so. Application's thread; loads nothing. */

/** A span, and what takes its place in the context of a request that is over. */
export interface MaybeEnded {
  readonly ended?: boolean;
  readonly endedAtMillis?: number;
  readonly endTime?: readonly [seconds: number, nanos: number];
}

/** Milliseconds since the epoch; undefined while it has not ended. */
export function endOf({ ended, endedAtMillis, endTime }: MaybeEnded): number | undefined {
  if (ended !== true) return undefined;
  return endedAtMillis ?? (endTime === undefined ? Date.now() : endTime[0] * 1000 + endTime[1] / 1e6);
}
