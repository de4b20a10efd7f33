/**
 * OTLP JSON and Zipkin made from protobuf bytes: the JSON of random spans says the same as their protobuf, by a strict
 * reader of both; Zipkin is compared with the specification's table by example.
 */
import { resourceFromAttributes } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import t from 'tap';
import { encodeResource } from '../../src/pipeline/otlp-encoder.js';
import { OtlpWriter } from '../../src/pipeline/otlp-writer.js';
import { type SealedBatch, SpanQueue } from '../../src/pipeline/span-queue.js';
import { spansFromJson, spansFromProtobuf } from '../../src/viewer/otlp-decode.js';
import { buildRequest, readChunk } from '../../src/worker/chunk-reader.js';
import { buildJsonRequest } from '../../src/worker/otlp-json.js';
import { buildZipkinRequest } from '../../src/worker/zipkin-json.js';
import { createRandom, randomSpans } from '../helpers/random-spans.js';

function resourceBytes(): Buffer {
  const writer = new OtlpWriter(Buffer.alloc(1024));
  encodeResource(writer, { 'service.name': 'tést', list: [1, 2], on: true }, 'https://schema.example/1');
  return writer.bytes.subarray(0, writer.position);
}

function chunkOf(spans: readonly ReadableSpan[]): Buffer {
  const queue = new SpanQueue({ maxSpans: 1e6, maxBytes: 1e9, maxBatchSpans: 1e6 });
  for (const span of spans) {
    const refused = queue.offer(span, () => {
      throw new Error('one chunk is enough here');
    });
    if (refused !== undefined) throw new Error(refused);
  }
  const { chunk, byteLength } = queue.seal() as SealedBatch;
  return Buffer.from(chunk, 0, byteLength);
}

t.test('JSON says what protobuf says', async (t) => {
  const resource = resourceFromAttributes({});
  for (let seed = 1; seed <= 40; seed++) {
    const chunk = chunkOf(randomSpans(createRandom(seed), 40, resource));
    const json = spansFromJson(buildJsonRequest(resourceBytes(), chunk).toString());
    t.strictSame(json, spansFromProtobuf(buildRequest(resourceBytes(), chunk)), `seed ${seed}`);
  }
});

t.test('bytes, maps, 64-bit integers and numbers that JSON has no word for', async (t) => {
  const [span] = randomSpans(createRandom(1), 1, resourceFromAttributes({})) as [ReadableSpan];
  const attributes = {
    bytes: Uint8Array.from([1, 2, 255]),
    map: { a: { b: [true, null] } },
    large: 2 ** 60,
    nan: Number.NaN,
    infinite: Number.NEGATIVE_INFINITY,
  };
  const chunk = chunkOf([{ ...span, attributes: attributes as never }]);
  const request = JSON.parse(buildJsonRequest(resourceBytes(), chunk).toString());
  t.strictSame(request.resourceSpans[0].scopeSpans[0].spans[0].attributes, [
    { key: 'bytes', value: { bytesValue: 'AQL/' } },
    {
      key: 'map',
      value: {
        kvlistValue: {
          values: [
            {
              key: 'a',
              value: {
                kvlistValue: { values: [{ key: 'b', value: { arrayValue: { values: [{ boolValue: true }, {}] } } }] },
              },
            },
          ],
        },
      },
    },
    { key: 'large', value: { intValue: '1152921504606846976' } },
    { key: 'nan', value: { doubleValue: 'NaN' } },
    { key: 'infinite', value: { doubleValue: '-Infinity' } },
  ]);
});

t.test('Zipkin', async (t) => {
  const [base] = randomSpans(createRandom(1), 1, resourceFromAttributes({})) as [ReadableSpan];
  const context = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
  const span: ReadableSpan = {
    ...base,
    name: 'GET /users/:id',
    kind: 2,
    spanContext: () => context,
    parentSpanContext: { traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), traceFlags: 1 },
    startTime: [1_700_000_000, 123_456_789],
    endTime: [1_700_000_000, 323_456_789],
    status: { code: 2, message: 'boom' },
    attributes: { 'server.address': 'db.example', 'http.response.status_code': 500, list: ['a', 1 as never], on: true },
    events: [
      { name: 'plain', time: [1_700_000_000, 200_000_000] },
      { name: 'full', time: [1_700_000_000, 300_000_000], attributes: { k: 'v' } },
    ],
    links: [],
    instrumentationScope: { name: 'scope', version: '1.0.0' },
    droppedAttributesCount: 2,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  t.strictSame(JSON.parse(buildZipkinRequest(resourceBytes(), chunkOf([span])).toString()), [
    {
      traceId: 'a'.repeat(32),
      id: 'b'.repeat(16),
      parentId: 'c'.repeat(16),
      name: 'GET /users/:id',
      kind: 'CLIENT',
      timestamp: 1_700_000_000_123_456,
      duration: 200_000,
      localEndpoint: { serviceName: 'tést' },
      remoteEndpoint: { serviceName: 'db.example' },
      annotations: [
        { timestamp: 1_700_000_000_200_000, value: 'plain' },
        { timestamp: 1_700_000_000_300_000, value: '{"full":{"k":"v"}}' },
      ],
      tags: {
        'service.name': 'tést',
        list: '["a",1]',
        on: 'true',
        'server.address': 'db.example',
        'http.response.status_code': '500',
        'otel.scope.name': 'scope',
        'otel.scope.version': '1.0.0',
        'otel.dropped_attributes_count': '2',
        'otel.status_code': 'ERROR',
        error: 'boom',
      },
    },
  ]);
});

t.test('a chunk that breaks the layout is refused, whatever is in it', async (t) => {
  const chunk = chunkOf(randomSpans(createRandom(3), 20, resourceFromAttributes({})));
  const random = createRandom(11);
  let refused = 0;
  for (let round = 0; round < 3000; round++) {
    const damaged = Buffer.from(chunk.subarray(0, Math.floor(random() * chunk.length)));
    if (damaged.length > 0 && round % 2 === 0) damaged.writeUInt8(255, Math.floor(random() * damaged.length));
    for (const build of [buildRequest, buildJsonRequest, buildZipkinRequest]) {
      try {
        build(resourceBytes(), damaged);
      } catch (error) {
        if (!(error instanceof Error)) t.fail('not an error');
        refused++;
      }
    }
  }
  t.ok(refused > 3000, `${refused} refusals, no hang, no crash`);
  t.throws(() => readChunk(Buffer.from([1])));
});
