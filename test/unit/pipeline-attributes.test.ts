/**
 * Attributes that a span has in common with the one before it are copied from that one's bytes: the bytes must be what
 * encoding every span by itself makes, whatever changes from span to span and wherever a chunk ends. Seeds are fixed.
 */
import type { Attributes, AttributeValue } from '@opentelemetry/api';
import type { InstrumentationScope } from '@opentelemetry/core';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import t from 'tap';
import { createSlots } from '../../src/pipeline/bus.js';
import { encodeSpan } from '../../src/pipeline/otlp-encoder.js';
import { OtlpWriter } from '../../src/pipeline/otlp-writer.js';
import { RECORD_HEADER_BYTES, RECORD_SPAN } from '../../src/pipeline/protocol.js';
import { type OpenChunk, type SealedBatch, SpanQueue } from '../../src/pipeline/span-queue.js';
import { createRandom, pick, type Random, randomSpans } from '../helpers/random-spans.js';

const SPANS = 3000;
/** Chunks of 16 KiB: many ends of chunks, and spans that are larger than one. */
const LIMITS = { maxSpans: 1e6, maxBytes: 64 * 1024 * 1024, maxBatchSpans: 1e6 };
const RESOURCE = resourceFromAttributes({});

function encodeAlone(span: ReadableSpan): string {
  const writer = new OtlpWriter(Buffer.alloc(1024 * 1024));
  encodeSpan(writer, span);
  return writer.bytes.subarray(0, writer.position).toString('hex');
}

function recordsOf({ chunk, byteLength }: SealedBatch): string[] {
  const bytes = Buffer.from(chunk, 0, byteLength);
  const records: string[] = [];
  for (let at = 0; at < byteLength; ) {
    const end = at + RECORD_HEADER_BYTES + bytes.readUInt32LE(at);
    if (bytes.readUInt16LE(at + 6) === RECORD_SPAN) records.push(bytes.toString('hex', at + RECORD_HEADER_BYTES, end));
    at = end;
  }
  return records;
}

const VALUES: readonly AttributeValue[] = [
  '',
  'GET',
  '/items/1',
  'ä漢😀',
  'x'.repeat(300),
  0,
  -0,
  1,
  '1',
  2 ** 40,
  0.5,
];
const SHARED: string[] = ['a', 'b'];

function change(before: Attributes, random: Random): Attributes {
  const entries = Object.entries(before);
  const place = Math.floor(random() * (entries.length + 1));
  switch (pick(random, ['keep', 'keep', 'keep', 'value', 'add', 'remove', 'reverse', 'array', 'rename', 'many'])) {
    case 'value':
      if (place < entries.length) entries[place] = [(entries[place] as [string, unknown])[0], pick(random, VALUES)];
      break;
    case 'add':
      entries.splice(place, 0, [
        `key ${Math.floor(random() * 1e6)}`,
        pick(random, [...VALUES, true, false, Number.NaN]),
      ]);
      break;
    case 'remove':
      entries.splice(place, 3);
      break;
    case 'reverse':
      entries.reverse();
      break;
    case 'array':
      // The same array with another content.
      SHARED[0] = String(random());
      entries.push(['array', SHARED]);
      break;
    case 'rename':
      if (place < entries.length) entries[place] = [`other ${place}`, (entries[place] as [string, AttributeValue])[1]];
      break;
    case 'many':
      for (let index = 0; index < 40; index++) entries.push([`many ${index}`, index]);
      break;
  }
  return Object.fromEntries(entries.slice(0, 60)) as Attributes;
}

/** As in a thread that may be ended from outside. */
const createShared = (): OpenChunk => ({
  slots: createSlots(),
  chunk: undefined,
  chunkNumber: 0,
  onChange: () => undefined,
});

/** Now and then what is no kind: the SDK takes what it is given. */
const kindOf = (kind: number, random: Random): number =>
  random() < 0.9 ? kind : (pick<unknown>(random, ['SERVER', '2', 0.5, -1, Number.NaN, 1e9, 2 ** 40, null]) as number);

const MANY_SCOPES: readonly InstrumentationScope[] = Array.from({ length: 40 }, (_, index) => ({
  name: `scope ${index}`,
}));

const scopeOf = ({ instrumentationScope }: ReadableSpan, random: Random): InstrumentationScope =>
  random() < 0.7 ? instrumentationScope : pick(random, MANY_SCOPES);

const throwing = (attributes: Attributes): Attributes =>
  Object.defineProperty({ ...attributes, first: 'differs' }, 'last', {
    enumerable: true,
    get() {
      throw new Error('hostile');
    },
  });

for (let seed = 1; seed <= 20; seed++) {
  t.test(`seed ${seed}`, async (t) => {
    const random = createRandom(seed);
    const shared = seed % 3 === 0 ? createShared() : undefined;
    const queue = new SpanQueue({ ...LIMITS, maxBytes: seed % 2 === 0 ? LIMITS.maxBytes : 64 * 1024 }, shared);
    const expected: string[] = [];
    const actual: string[] = [];
    const last = new Map<string, Attributes>();
    const take = (batch: SealedBatch): void => {
      actual.push(...recordsOf(batch));
      queue.release(batch);
    };
    for (const made of randomSpans(random, SPANS, RESOURCE)) {
      const base = { ...made, kind: kindOf(made.kind, random), instrumentationScope: scopeOf(made, random) };
      const of = `${base.instrumentationScope.name} ${base.kind}`;
      const attributes = change(last.get(of) ?? {}, random);
      last.set(of, attributes);
      const isHostile = random() < 0.02;
      const isHuge = random() < 0.01;
      const own = isHuge ? { ...attributes, huge: 'y'.repeat(Math.floor(random() * 20_000)) } : attributes;
      const span = { ...base, attributes: isHostile ? throwing(attributes) : own } as ReadableSpan;
      const refused = queue.offer(span, take);
      if (isHostile) t.equal(refused, 'encode_error');
      else if (refused === undefined) expected.push(encodeAlone(span));
      else t.fail(refused);
      if (random() < 0.01) {
        const batch = queue.seal();
        if (batch !== undefined) take(batch);
      }
    }
    const rest = queue.seal();
    if (rest !== undefined) take(rest);
    t.equal(actual.length, expected.length, 'spans');
    t.equal(actual.filter((record, index) => record !== expected[index]).length, 0, 'spans with other bytes');
  });
}
