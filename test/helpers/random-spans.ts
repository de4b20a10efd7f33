/**
 * Random SDK-shaped spans from a seed: every attribute type, Unicode, events, links, trace state, flags, dropped counts.
 */
import {
  type Attributes,
  type AttributeValue,
  createTraceState,
  type HrTime,
  type SpanContext,
} from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** 0 <= result < 1, the same sequence for the same seed (mulberry32). */
export type Random = () => number;

export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const SCOPES: readonly InstrumentationScope[] = [
  { name: 'scope-a' },
  { name: '@org/scope-b', version: '1.2.3' },
  { name: 'scope-ç', version: '', schemaUrl: 'https://schema.example/2' },
];

const ALPHABETS = ['abcdefghij/:?=&-_.', 'äöüßñ', '漢字かな', '😀🚀👩‍👩‍👧', 'a漢é😀 \n\t"\\'];

const below = (random: Random, limit: number): number => Math.floor(random() * limit);
export const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)] as T;

function text(random: Random): string {
  const characters = [...pick(random, ALPHABETS)];
  const length = pick(random, [0, 1, 5, 12, 30, 47, 48, 64, 130, 400]);
  return Array.from({ length }, () => pick(random, characters)).join('');
}

function hex(random: Random, length: number): string {
  return Array.from({ length }, () => below(random, 16).toString(16)).join('');
}

function number(random: Random): number {
  const integer = pick(random, [0, 1, 127, 128, 300, 65_536, 2 ** 31, 2 ** 40, Number.MAX_SAFE_INTEGER]);
  return pick(random, [integer, -integer, random(), -random() * 1e9, Number.POSITIVE_INFINITY]);
}

function value(random: Random): AttributeValue {
  const scalar = pick(random, [text, number, (r: Random) => r() < 0.5]);
  if (random() < 0.7) return scalar(random);
  return Array.from({ length: below(random, 5) }, () => scalar(random)) as AttributeValue;
}

function attributes(random: Random, most: number): Attributes {
  const entries = Array.from({ length: below(random, most) }, () => [`k.${text(random)}`, value(random)] as const);
  return Object.fromEntries(entries);
}

function spanContext(random: Random): SpanContext {
  const traceState = random() < 0.2 ? createTraceState('vendor=value,other=1') : undefined;
  return {
    traceId: hex(random, 32),
    spanId: hex(random, 16),
    traceFlags: random() < 0.9 ? 1 : 0,
    isRemote: random() < 0.5,
    ...(traceState === undefined ? {} : { traceState }),
  };
}

const time = (random: Random): HrTime => [below(random, 2_000_000_000), below(random, 1_000_000_000)];
const count = (random: Random): number => (random() < 0.8 ? 0 : below(random, 100_000));

function span(random: Random, resource: Resource): ReadableSpan {
  const context = spanContext(random);
  return {
    name: text(random),
    kind: below(random, 5),
    spanContext: () => context,
    ...(random() < 0.6 ? { parentSpanContext: spanContext(random) } : {}),
    startTime: time(random),
    endTime: time(random),
    duration: [0, 0],
    ended: true,
    status: pick(random, [{ code: 0 }, { code: 1 }, { code: 2 }, { code: 2, message: text(random) }]),
    attributes: attributes(random, 14),
    links: Array.from({ length: below(random, 3) }, () => ({
      context: spanContext(random),
      attributes: attributes(random, 3),
      droppedAttributesCount: count(random),
    })),
    events: Array.from({ length: below(random, 3) }, () => ({
      name: text(random),
      time: time(random),
      attributes: attributes(random, 4),
      droppedAttributesCount: count(random),
    })),
    resource,
    instrumentationScope: pick(random, SCOPES),
    droppedAttributesCount: count(random),
    droppedEventsCount: count(random),
    droppedLinksCount: count(random),
  };
}

/** Spans with distinct ids. */
export function randomSpans(random: Random, length: number, resource: Resource): ReadableSpan[] {
  return Array.from({ length }, () => span(random, resource));
}
