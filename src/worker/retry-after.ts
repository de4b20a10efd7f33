/** The Retry-After header (RFC 9110, section 10.2.3): seconds or an HTTP date. Worker; loads nothing. */

/** Milliseconds to wait from `nowEpochMillis` on, never negative; undefined when absent or not understood. */
export function parseRetryAfter(value: string | undefined, nowEpochMillis: number): number | undefined {
  const text = value?.trim();
  if (text === undefined || text === '') return undefined;
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  if (!/[a-z]/i.test(text)) return undefined;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowEpochMillis);
}
