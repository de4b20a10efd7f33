/**
 * Waterfall and service map against golden text, and what no golden text shows: widths, colour, hostile input.
 */
import { stripVTControlCharacters } from 'node:util';
import t from 'tap';
import { buildServiceMap, renderServiceMap } from '../../src/viewer/service-map.js';
import { detailsOf, farEndOf, protocolOf } from '../../src/viewer/span-facts.js';
import { formatDuration, wantsColor } from '../../src/viewer/terminal-text.js';
import { renderWaterfall } from '../../src/viewer/waterfall.js';
import { goldenFile } from '../helpers/golden.js';
import { exceptionEvent, makeSpan } from '../helpers/make-span.js';
import { shopTrace } from '../helpers/shop-trace.js';

const widthOf = (line: string) => Array.from(line).length;
const ESCAPE = '\u001b';

for (const columns of [140, 100, 70]) {
  t.test(`a checkout in ${columns} columns`, async (test) => {
    const map = buildServiceMap([...shopTrace(), ...shopTrace().map((span) => ({ ...span, traceId: 'b'.repeat(32) }))]);
    const drawings = {
      [`viewer/waterfall-${columns}.txt`]: renderWaterfall(shopTrace(), { columns }),
      [`viewer/service-map-${columns}.txt`]: renderServiceMap(map, { columns }),
    };
    for (const [name, text] of Object.entries(drawings)) {
      goldenFile(test, name, `${text}\n`);
      const tooLong = text.split('\n').filter((line) => widthOf(line) > columns);
      test.strictSame(tooLong, [], 'no line is wider than the terminal');
    }
  });
}

t.test('colour adds nothing but colour', async (test) => {
  const plain = renderWaterfall(shopTrace());
  const colored = renderWaterfall(shopTrace(), { isColored: true });
  test.ok(colored.includes(`${ESCAPE}[31m`), 'errors are red');
  const trimmed = (text: string) => text.split('\n').map((line) => line.trimEnd());
  test.strictSame(trimmed(stripVTControlCharacters(colored)), trimmed(plain));
  const map = buildServiceMap(shopTrace());
  test.equal(stripVTControlCharacters(renderServiceMap(map, { isColored: true })), renderServiceMap(map));

  test.equal(wantsColor({ isTTY: true }, {}), true);
  test.equal(wantsColor({}, {}), false);
  test.equal(wantsColor({ isTTY: true }, { NO_COLOR: '1' }), false);
  test.equal(wantsColor({ isTTY: true }, { NO_COLOR: '' }), true, 'empty means unset (no-color.org)');
});

t.test('waterfall: orphans, cycles, many spans, no time at all', async (test) => {
  goldenFile(
    test,
    'viewer/waterfall-broken.txt',
    `${renderWaterfall(
      [
        makeSpan(1, undefined, { name: 'root', millis: 10 }),
        makeSpan(3, 2, { name: 'orphan', startMillis: 4, millis: 2 }),
        makeSpan(5, 6, { name: 'cycle a', startMillis: 6 }),
        makeSpan(6, 5, { name: 'cycle b', startMillis: 7 }),
      ],
      { columns: 80 },
    )}\n`,
  );
  const chain = Array.from({ length: 5_000 }, (_, index) =>
    makeSpan(index + 1, index === 0 ? undefined : index, { startMillis: index, millis: 0 }),
  );
  const lines = renderWaterfall(chain, { columns: 80, maxSpans: 50 }).split('\n');
  test.equal(lines.length, 4 + 50 + 1);
  test.equal(lines.at(-1), '… and 4950 more spans');
  test.ok(lines.every((line) => widthOf(line) <= 80));

  const instant = renderWaterfall([makeSpan(1, undefined, { millis: 0 })], { columns: 60 });
  test.match(instant, /0 µs {4}▏/, 'a span without duration is still visible');
  test.throws(() => renderWaterfall([]), /a trace without spans/);
});

t.test('text from the network cannot reach the terminal as control characters', async (test) => {
  const name = `evil${ESCAPE}[2J\r\nname\u009b31m\u2028\u202eend`;
  const hostile = makeSpan(1, undefined, { name, service: name, error: name, attributes: { 'http.route': name } });
  const text = renderWaterfall([hostile]) + renderServiceMap(buildServiceMap([{ ...hostile, kind: 'SERVER' }]));
  test.notMatch(text.replaceAll('\n', ''), /[\p{Cc}\p{Cf}\p{Zl}]/u);
  test.match(text, /evil \[2J name 31m end/);
});

t.test('service map: pairs, links, entries, leaves', async (test) => {
  const [producer, consumer] = [
    makeSpan(1, undefined, { service: 'a', kind: 'PRODUCER', attributes: { 'messaging.system': 'kafka' } }),
    makeSpan(2, undefined, { service: 'b', kind: 'CONSUMER', traceId: 'd'.repeat(32), startMillis: 1, millis: 3 }),
  ];
  const link = { traceId: producer.traceId, spanId: producer.spanId, traceState: '', flags: 1, attributes: {} };
  consumer.links = [{ ...link, droppedAttributesCount: 0 }];
  test.strictSame(buildServiceMap([consumer, producer]), {
    services: ['a', 'b'],
    edges: [
      {
        caller: 'a',
        callee: { type: 'service', name: 'b' },
        protocol: 'Kafka',
        count: 1,
        errorCount: 0,
        medianDurationNano: 3_000_000n,
      },
    ],
  });

  const failedConnect = makeSpan(3, undefined, {
    kind: 'CLIENT',
    error: 'ECONNREFUSED',
    attributes: { 'db.system': 'mongodb', 'net.peer.name': 'mongo', 'net.peer.port': 27017 },
  });
  const unansweredSend = makeSpan(4, undefined, { kind: 'PRODUCER', attributes: { 'messaging.system': 'sqs' } });
  test.match(buildServiceMap([failedConnect, unansweredSend]).edges, [
    { callee: { type: 'database', name: 'mongo:27017' }, protocol: 'MongoDB', errorCount: 1 },
    { callee: { type: 'queue', name: 'unnamed' }, protocol: 'sqs' },
  ]);
  test.strictSame(buildServiceMap([makeSpan(5, undefined)]), { services: ['shop'], edges: [] });

  const entry = makeSpan(6, 77, { kind: 'SERVER', attributes: { 'http.method': 'GET' } });
  test.match(buildServiceMap([entry]).edges, [{ caller: undefined, callee: { name: 'shop' }, protocol: 'HTTP' }]);
});

t.test('service map: the median of even and odd numbers of calls', async (test) => {
  const calls = (...millis: number[]) =>
    millis.map((value, index) => makeSpan(index + 1, undefined, { kind: 'SERVER', millis: value }));
  test.equal(buildServiceMap(calls(9, 1, 5)).edges[0]?.medianDurationNano, 5_000_000n);
  test.equal(buildServiceMap(calls(9, 1)).edges[0]?.medianDurationNano, 1_000_000n);
});

t.test('facts: old and new attribute names, and errors told once', async (test) => {
  const details = (attributes: Record<string, unknown>, more = {}) =>
    detailsOf(makeSpan(1, undefined, { attributes, kind: 'CLIENT', ...more }));
  test.strictSame(details({ 'http.method': 'GET', 'http.url': 'http://a/b', 'http.status_code': 204 }), [
    'GET http://a/b → 204',
  ]);
  test.strictSame(details({ 'http.request.method': 'GET', 'url.path': '/b', 'url.query': 'q=1' }, { kind: 'SERVER' }), [
    'GET /b?q=1',
  ]);
  test.strictSame(details({ 'rpc.system': 'grpc', 'rpc.grpc.status_code': 5 }), ['gRPC → NOT_FOUND']);
  test.strictSame(details({ 'db.system': 'redis', 'db.operation': 'GET' }), ['GET']);
  test.strictSame(details({}, { error: '' }), ['failed']);
  test.strictSame(details({}, { error: 'no', events: [exceptionEvent('E', 'no')] }), ['E: no']);
  test.strictSame(details({}, { error: 'no', events: [exceptionEvent('E', 'other')] }), ['no', 'E: other']);
  test.equal(protocolOf(makeSpan(1, undefined)), 'call');
  test.strictSame(farEndOf(makeSpan(1, undefined)), { type: 'host', name: 'unknown' });
});

t.test('durations have three digits and the right unit at every border', async (test) => {
  const cases: [number, string][] = [
    [0, '0 µs'],
    [412e3, '412 µs'],
    [999.4e3, '999 µs'],
    [999.5e3, '1.00 ms'],
    [9.994e6, '9.99 ms'],
    [9.995e6, '10.0 ms'],
    [48.2e6, '48.2 ms'],
    [99.95e6, '100 ms'],
    [999.4e6, '999 ms'],
    [999.5e6, '1.00 s'],
    [59.94e9, '59.9 s'],
    [99.95e9, '1 min 40 s'],
    [125e9, '2 min 05 s'],
  ];
  for (const [nanos, text] of cases) test.equal(formatDuration(BigInt(nanos)), text);
});
