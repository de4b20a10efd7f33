/**
 * The encoder against two oracles: the published schema must decode its bytes, and the content must equal what the
 * official serializer makes of the same spans. Spans are random but the seed is fixed and printed.
 */
import type { Attributes } from '@opentelemetry/api';
import { ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import t from 'tap';
import { encodeResource } from '../../src/pipeline/otlp-encoder.js';
import { OtlpWriter } from '../../src/pipeline/otlp-writer.js';
import type { SealedBatch } from '../../src/pipeline/span-queue.js';
import { SpanQueue } from '../../src/pipeline/span-queue.js';
import { decodeTraceRequest } from '../../src/viewer/otlp-schema.js';
import { buildRequest } from '../../src/worker/chunk-reader.js';
import { createRandom, randomSpans } from '../helpers/random-spans.js';

const LARGE = { maxSpans: 1e6, maxBytes: 1e9, maxBatchSpans: 1e6 };
const RESOURCE: Attributes = { 'service.name': 'tést', 'process.pid': 42, list: ['a', 'b'] };

function resourceBytes(): Uint8Array {
  const writer = new OtlpWriter(Buffer.alloc(1024));
  encodeResource(writer, RESOURCE, 'https://schema.example/1');
  return writer.bytes.subarray(0, writer.position);
}

function encodeAll(spans: readonly ReadableSpan[]): Buffer[] {
  const queue = new SpanQueue(LARGE);
  const batches: SealedBatch[] = [];
  for (const span of spans)
    t.equal(
      queue.offer(span, (batch) => batches.push(batch)),
      undefined,
    );
  const last = queue.seal();
  if (last !== undefined) batches.push(last);
  return batches.map(({ chunk, byteLength }) => buildRequest(resourceBytes(), Buffer.from(chunk, 0, byteLength)));
}

/** Defaults and absence mean the same in protobuf 3; bytes become hex, Longs text. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  if ('toUnsigned' in value) return String(value);
  const entries = Object.entries(value).map(([key, item]) => [key, plain(item)] as const);
  return Object.fromEntries(entries.filter(([, item]) => !isDefault(item)));
}

function isDefault(item: unknown): boolean {
  if (item === null || item === undefined || item === '' || item === 0 || item === '0') return true;
  if (Array.isArray(item)) return item.length === 0;
  return typeof item === 'object' && Object.keys(item).length === 0;
}

/** Spans of a request as text by span id, each with its scope. */
function spansById(request: Buffer): Map<string, string> {
  const result = new Map<string, string>();
  for (const { resource, scopeSpans } of decodeTraceRequest(request).resourceSpans) {
    for (const { scope, spans } of scopeSpans) {
      for (const span of spans) {
        const content = JSON.stringify(plain({ resource, scope, span }));
        result.set(Buffer.from(span.spanId ?? []).toString('hex'), content);
      }
    }
  }
  return result;
}

t.test('random spans decode to what the official serializer makes of them', async (t) => {
  const seed = 20260901;
  t.comment(`seed ${seed}`);
  const random = createRandom(seed);
  const resource = Object.assign(resourceFromAttributes(RESOURCE, { schemaUrl: 'https://schema.example/1' }));
  const spans = randomSpans(random, 3000, resource);
  const ours = new Map(encodeAll(spans).flatMap((request) => [...spansById(request)]));
  const official = spansById(Buffer.from(ProtobufTraceSerializer.serializeRequest(spans) as Uint8Array));
  t.equal(ours.size, spans.length, 'every span is there once');
  let different = 0;
  for (const [id, content] of official) {
    if (ours.get(id) === content) continue;
    if (different++ < 3) t.equal(ours.get(id), content, id);
  }
  t.equal(different, 0, 'no span differs');
});

function span(attributes: Attributes, more: Partial<ReadableSpan> = {}): ReadableSpan {
  const [base] = randomSpans(createRandom(1), 1, resourceFromAttributes({}));
  return { ...(base as ReadableSpan), attributes, events: [], links: [], ...more };
}

function decodeOne(input: ReadableSpan) {
  const [request] = encodeAll([input]);
  const decoded = decodeTraceRequest(request as Buffer).resourceSpans[0]?.scopeSpans[0]?.spans[0];
  if (decoded === undefined) throw new Error('no span');
  return decoded;
}

t.test('numbers keep their value at every edge', async (t) => {
  const integers = [0, -0, 1, 127, 128, 2 ** 31, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER, -1, -(2 ** 40), -(2 ** 63)];
  for (const value of integers) {
    const [attribute] = decodeOne(span({ n: value })).attributes;
    t.equal(String(attribute?.value?.intValue), String(BigInt(value)), `${value}`);
  }
  const doubles = [0.5, -1.25, 1e300, 2 ** 63, Number.POSITIVE_INFINITY, Number.MIN_VALUE];
  for (const value of doubles) t.equal(decodeOne(span({ n: value })).attributes[0]?.value?.doubleValue, value);
  t.ok(Number.isNaN(decodeOne(span({ n: Number.NaN })).attributes[0]?.value?.doubleValue));
});

t.test('strings keep their value at every length that changes an encoding', async (t) => {
  for (const unit of ['a', 'é', '漢', '😀']) {
    for (const length of [0, 1, 20, 40, 47, 48, 49, 60, 63, 64, 100, 121, 122, 127, 128, 5000, 16383, 16384, 70_000]) {
      const text = unit.repeat(length);
      const decoded = decodeOne(span({ [`key-${unit}`]: text }));
      t.equal(decoded.attributes[0]?.value?.stringValue, text, `${length} x ${unit}`);
      t.equal(decoded.attributes[0]?.key, `key-${unit}`);
    }
  }
  t.equal(decodeOne(span({ half: 'a\ud800b' })).attributes[0]?.value?.stringValue, 'a\ufffdb', 'a lone surrogate');
});

t.test('times keep every nanosecond', async (t) => {
  const times: [number, number][] = [
    [0, 0],
    [1, 1],
    [1789000000, 999_999_999],
    [4_294_967_295, 123_456_789],
    [5, 2e9],
  ];
  for (const time of times) {
    const expected = BigInt(time[0]) * 1_000_000_000n + BigInt(time[1]);
    t.equal(String(decodeOne(span({}, { startTime: time })).startTimeUnixNano), String(expected));
  }
});

t.test('hostile content never throws and never spoils its neighbours', async (t) => {
  const queue = new SpanQueue(LARGE);
  const cyclic: Record<string, unknown> = {};
  cyclic.self = cyclic;
  const scope = { name: 'hostile' };
  t.equal(
    queue.offer(span({ a: 1 }), () => {}),
    undefined,
  );
  const nested = span({ a: cyclic as never }, { instrumentationScope: scope });
  t.equal(
    queue.offer(nested, () => {}),
    undefined,
    'cyclic',
  );
  const bad = span({}, { instrumentationScope: { name: 'new' } });
  Object.defineProperty(bad, 'events', {
    get() {
      throw new Error('no');
    },
  });
  t.equal(
    queue.offer(bad, () => {}),
    'encode_error',
  );
  const next = span({ a: 2 }, { instrumentationScope: bad.instrumentationScope });
  t.equal(
    queue.offer(next, () => {}),
    undefined,
  );
  const { chunk, byteLength } = queue.seal() as SealedBatch;
  const { resourceSpans } = decodeTraceRequest(buildRequest(resourceBytes(), Buffer.from(chunk, 0, byteLength)));
  const names = resourceSpans[0]?.scopeSpans.map(({ scope, spans }) => `${scope?.name}:${spans.length}`);
  t.strictSame(names?.slice(1), ['hostile:1', 'new:1']);
});

t.test('a span larger than a chunk travels in a chunk of its own', async (t) => {
  const text = 'x'.repeat(3 * 1024 * 1024);
  const requests = encodeAll([span({ a: 1 }), span({ text }), span({ a: 2 })]);
  t.equal(requests.length, 2, 'there is room for the third behind the large one');
  const decoded = requests.flatMap(
    (request) => decodeTraceRequest(request).resourceSpans[0]?.scopeSpans[0]?.spans ?? [],
  );
  t.equal(decoded.length, 3);
  t.equal(decoded[1]?.attributes[0]?.value?.stringValue, text);
});
