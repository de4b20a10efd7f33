/** What spans are given, made into what they have: times, and values within the limits. Application's thread; loads nothing. */
import type { Attributes, AttributeValue, HrTime } from '@opentelemetry/api';
import { millisToHrTime, sanitizeAttributes } from '@opentelemetry/core';

const NANOS_OF_SECOND = 1e9;

/** `millis` may be negative. */
export function addMillis([seconds, nanos]: HrTime, millis: number): HrTime {
  const [moreSeconds, moreNanos] = millisToHrTime(millis);
  const sum = nanos + moreNanos;
  const carried = sum < 0 ? -1 : sum >= NANOS_OF_SECOND ? 1 : 0;
  return [seconds + moreSeconds + carried, sum - carried * NANOS_OF_SECOND];
}

/** Cuts texts, and those of a list; a list is copied in any case. */
export function cut(value: AttributeValue, limit: number): AttributeValue {
  if (typeof value === 'string') return limit > 0 && value.length > limit ? value.slice(0, limit) : value;
  if (!Array.isArray(value)) return value;
  const cutElement = (element: unknown): unknown =>
    typeof element === 'string' && limit > 0 ? element.slice(0, limit) : element;
  return value.map(cutElement) as AttributeValue;
}

interface Limited {
  readonly attributes: Attributes;
  readonly count: number;
  readonly dropped: number;
}

/** The attributes of an event or a link. */
export function limitAttributes(given: Attributes | undefined, most: number, valueLimit: number): Limited {
  const attributes: Attributes = {};
  let count = 0;
  let dropped = 0;
  for (const [key, value] of Object.entries(sanitizeAttributes(given))) {
    if (count >= most) {
      dropped++;
      continue;
    }
    attributes[key] = cut(value as AttributeValue, valueLimit);
    count++;
  }
  return { attributes, count, dropped };
}

/** Adds to a list that has no more than `most` elements, 1 at least; the oldest makes room. Returns how many got lost. */
export function addLimited<Item>(list: Item[], item: Item, most: number): number {
  const lost = list.length >= most ? 1 : 0;
  if (lost === 1) list.shift();
  list.push(item);
  return lost;
}
