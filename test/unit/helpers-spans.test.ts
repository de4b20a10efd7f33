/**
 * Normalised traces: equal for equal behaviour, different for different behaviour.
 */
import { join } from 'node:path';
import t from 'tap';
import { exceptionEvent, makeSpan, spanId } from '../helpers/make-span.js';
import { ROOT } from '../helpers/paths.js';
import { shopTrace } from '../helpers/shop-trace.js';
import { golden, normalise, sketch } from '../helpers/spans.js';

t.test('the shop trace as a golden file', async (test) => golden(test, 'helpers/shop-trace', shopTrace()));

t.test('ids, times and order of arrival do not matter', async (test) => {
  const other = shopTrace().map((span) => ({
    ...span,
    traceId: span.traceId.replaceAll('0', 'e'),
    spanId: span.spanId.replace(/^0/, 'f'),
    parentSpanId: span.parentSpanId.replace(/^0/, 'f'),
    startTimeUnixNano: span.startTimeUnixNano * 2n,
    endTimeUnixNano: span.endTimeUnixNano * 2n,
  }));
  test.strictSame(normalise(other.reverse()), normalise(shopTrace()));
});

t.test('siblings in the order of their names, for parallel work', async (test) => {
  const run = (...starts: number[]) =>
    normalise(
      [makeSpan(1, undefined), ...starts.map((startMillis, index) => makeSpan(index + 2, 1, { startMillis }))],
      { siblings: 'name' },
    );
  test.strictSame(run(3, 2, 1), run(1, 2, 3));
  test.strictSame(
    run(3, 2, 1)[0]?.[0]?.children?.map((child) => `${child.label} ${child.name}`),
    ['1.2 span 2', '1.3 span 3', '1.4 span 4'],
  );
});

t.test('names, attributes, status, parents and missing spans do matter', async (test) => {
  const changed = [
    shopTrace().slice(0, -1),
    shopTrace().map((span) => ({ ...span, name: span.name.replace('redis', 'valkey') })),
    shopTrace().map((span) => ({ ...span, attributes: {} })),
    shopTrace().map((span) => ({ ...span, status: { code: 'OK' as const, message: '' } })),
    shopTrace().map((span) => ({ ...span, parentSpanId: span.parentSpanId && spanId(1) })),
  ];
  for (const spans of changed) test.notSame(normalise(spans), normalise(shopTrace()));
});

t.test('what varies becomes a placeholder', async (test) => {
  const spans = [
    makeSpan(1, undefined, {
      name: 'GET http://localhost:41234/x',
      error: `cannot find ${join(ROOT, 'nothing.js')}`,
      attributes: {
        'server.port': 41234,
        'network.protocol.version': '1.1',
        'telemetry.sdk.version': '2.1.0',
        'user_agent.original': 'node/20.1',
        'url.full': 'http://127.0.0.1:41234/x?token=abc',
        'request.id': 'r-1',
        big: 2n ** 60n,
        bytes: Uint8Array.of(1, 2, 3),
        list: ['[::1]:41234'],
      },
      events: [exceptionEvent('E', 'at 127.0.0.1:41234')],
      links: [
        {
          traceId: 'a'.repeat(32),
          spanId: spanId(2),
          traceState: '',
          flags: 1,
          attributes: {},
          droppedAttributesCount: 0,
        },
        {
          traceId: 'a'.repeat(32),
          spanId: spanId(9),
          traceState: '',
          flags: 1,
          attributes: {},
          droppedAttributesCount: 0,
        },
      ],
    }),
    makeSpan(2, 7, { traceId: 'a'.repeat(32), startMillis: 5 }),
  ];
  const options = { omit: ['request.id'], replace: [[/token=\w+/, 'token=<token>']] as const };
  test.strictSame(normalise(spans, options), [
    [
      {
        label: '1.1',
        service: 'shop',
        scope: 'test',
        kind: 'INTERNAL',
        name: 'GET http://localhost:<port>/x',
        status: 'ERROR cannot find <root>/nothing.js',
        attributes: {
          big: `${2n ** 60n}`,
          bytes: '<3 bytes>',
          list: ['[::1]:<port>'],
          'network.protocol.version': '1.1',
          'server.port': '<port>',
          'telemetry.sdk.version': '<version>',
          'url.full': 'http://127.0.0.1:<port>/x?token=<token>',
          'user_agent.original': '<user agent>',
        },
        events: [
          { name: 'exception', attributes: { 'exception.message': 'at 127.0.0.1:<port>', 'exception.type': 'E' } },
        ],
        links: [{ to: '2.1' }, { to: 'elsewhere' }],
      },
    ],
    [{ label: '2.1', service: 'shop', scope: 'test', kind: 'INTERNAL', name: 'span 2', parent: 'missing' }],
  ]);
});

t.test('sketch draws the tree', async (test) => {
  test.equal(
    sketch([...shopTrace(), makeSpan(1, 5, { traceId: 'a'.repeat(32), startMillis: 900 })]),
    `shop-gateway SERVER POST /checkout ERROR
  shop-gateway CLIENT grpc.shop.Catalog/GetItem
    shop-catalog SERVER grpc.shop.Catalog/GetItem
      shop-catalog CLIENT pg-pool.connect
      shop-catalog CLIENT pg.query:SELECT shop
  shop-gateway CLIENT POST ERROR
    shop-orders SERVER POST /orders ERROR
      shop-orders CLIENT pg.query:INSERT shop
      shop-orders CLIENT POST ERROR
      shop-orders PRODUCER send mails
        shop-worker CONSUMER process mails
          shop-worker CLIENT redis-SET

shop INTERNAL span 1 (orphan)`,
  );
});
