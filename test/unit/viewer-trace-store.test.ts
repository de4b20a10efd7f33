/**
 * Trace tree, completeness and the bounded store.
 */
import t from 'tap';
import { checkCompleteness } from '../../src/viewer/completeness.js';
import { TraceStore } from '../../src/viewer/trace-store.js';
import { buildTree, flatten } from '../../src/viewer/trace-tree.js';
import { makeSpan, spanId } from '../helpers/make-span.js';
import { shopTrace } from '../helpers/shop-trace.js';

const TRACE_A = 'a'.repeat(32);
const TRACE_B = 'b'.repeat(32);
const TRACE_C = 'c'.repeat(32);

t.test('tree: children by start time, orphans and repeated ids set apart', async (test) => {
  const spans = [
    makeSpan(3, 1, { startMillis: 2 }),
    makeSpan(2, 1, { startMillis: 1 }),
    makeSpan(1, undefined),
    makeSpan(4, 99, { startMillis: 5 }),
    makeSpan(2, 1, { startMillis: 3 }),
  ];
  const { roots, orphans, cyclic, repeated } = buildTree(spans);
  const ids = (list: { spanId: string }[]) => list.map((span) => Number.parseInt(span.spanId, 16));
  test.strictSame(ids(roots.flatMap(flatten).map((node) => node.span)), [1, 2, 3, 4]);
  test.strictSame(ids(orphans), [4]);
  test.strictSame(ids(repeated), [2]);
  test.strictSame(cyclic, []);
});

t.test('tree: a chain of 20,000 spans and a cycle are no danger', async (test) => {
  const chain = Array.from({ length: 20_000 }, (_, index) => makeSpan(index + 1, index === 0 ? undefined : index));
  test.equal(buildTree(chain).roots.flatMap(flatten).length, 20_000);
  const { roots, cyclic } = buildTree([makeSpan(1, 2), makeSpan(2, 1), makeSpan(3, 2)]);
  test.equal(roots.length, 0);
  test.equal(cyclic.length, 3);
});

t.test('completeness: a whole trace, and every way of not being one', async (test) => {
  test.strictSame(checkCompleteness(shopTrace()), { isComplete: true, reasons: [] });

  const root = makeSpan(1, undefined, { name: 'GET /', kind: 'SERVER' });
  const cases: [string, ReturnType<typeof makeSpan>[], string[]][] = [
    ['nothing', [], ['no span arrived']],
    [
      'a missing parent',
      [root, makeSpan(3, 2, { name: 'query', kind: 'CLIENT' })],
      [`the parent ${spanId(2)} of CLIENT span "query" of shop did not arrive`],
    ],
    [
      'two roots',
      [root, makeSpan(2, undefined)],
      ['there are 2 root spans: SERVER span "GET /" of shop, INTERNAL span "span 2" of shop'],
    ],
    [
      'no root',
      [makeSpan(2, 1)],
      ['there is no root span', `the parent ${spanId(1)} of INTERNAL span "span 2" of shop did not arrive`],
    ],
    [
      'a cycle',
      [root, makeSpan(2, 3), makeSpan(3, 2)],
      [2, 3].map((id) => `INTERNAL span "span ${id}" of shop is its own ancestor or hangs below such a span`),
    ],
    [
      'a repeated id',
      [root, makeSpan(2, 1), makeSpan(2, 1)],
      [`INTERNAL span "span 2" of shop arrived twice, or two spans share the id ${spanId(2)}`],
    ],
    [
      'two traces',
      [root, makeSpan(2, 1, { traceId: TRACE_B })],
      [`the spans belong to 2 traces: ${root.traceId}, ${TRACE_B}`],
    ],
    ['a bad id', [makeSpan(1, undefined, { spanId: 'XYZ' })], ['INTERNAL span "span 1" of shop has the span id "XYZ"']],
    [
      'a zero id',
      [makeSpan(1, undefined, { traceId: '0'.repeat(32) })],
      [`INTERNAL span "span 1" of shop has the trace id "${'0'.repeat(32)}"`],
    ],
    [
      'an end before the start',
      [makeSpan(1, undefined, { millis: -1 })],
      ['INTERNAL span "span 1" of shop ends before it starts'],
    ],
  ];
  for (const [name, spans, reasons] of cases) {
    test.strictSame(checkCompleteness(spans), { isComplete: false, reasons }, name);
  }
});

t.test('store: summaries, newest growth first', async (test) => {
  const store = new TraceStore();
  store.add(shopTrace());
  store.add([makeSpan(1, undefined, { traceId: TRACE_A, startMillis: 10, millis: 5 })]);
  const [newest, shop] = store.summaries();
  test.match(newest, { traceId: TRACE_A, name: 'span 1', service: 'shop', spanCount: 1, durationNano: 5_000_000n });
  test.match(shop, {
    name: 'POST /checkout',
    service: 'shop-gateway',
    services: ['shop-gateway', 'shop-catalog', 'shop-orders', 'shop-worker'],
    spanCount: 12,
    errorCount: 4,
    durationNano: 48_200_000n,
  });
  test.equal(store.spansOf(TRACE_A).length, 1);
  test.strictSame(store.spansOf(TRACE_B), []);
  test.equal(store.allSpans().length, 13);
});

t.test('store: a repeated span replaces its copy', async (test) => {
  const store = new TraceStore();
  store.add([makeSpan(1, undefined, { name: 'first' }), makeSpan(1, undefined, { name: 'second' })]);
  test.equal(store.spanCount, 1);
  test.strictSame(
    store.allSpans().map((span) => span.name),
    ['second'],
  );
});

t.test('store: at the limit of traces nothing goes, past it the one that grew longest ago', async (test) => {
  const store = new TraceStore({ maxTraces: 2 });
  store.add([makeSpan(1, undefined, { traceId: TRACE_A }), makeSpan(2, undefined, { traceId: TRACE_B })]);
  store.add([makeSpan(3, 1, { traceId: TRACE_A })]);
  test.equal(store.droppedSpans, 0);
  store.add([makeSpan(4, undefined, { traceId: TRACE_C })]);
  test.strictSame(
    store.summaries().map((summary) => summary.traceId),
    [TRACE_C, TRACE_A],
  );
  test.equal(store.droppedSpans, 1);
  test.equal(store.spanCount, 3);
});

t.test('store: the limit of spans holds within one trace too', async (test) => {
  const store = new TraceStore({ maxSpans: 10 });
  for (let id = 1; id <= 10; id++) store.add([makeSpan(id, undefined)]);
  test.equal(store.droppedSpans, 0);
  for (let id = 11; id <= 100; id++) store.add([makeSpan(id, undefined)]);
  test.equal(store.spanCount, 10);
  test.equal(store.droppedSpans, 90);
  test.equal(store.allSpans().at(-1)?.name, 'span 100');
  store.add(Array.from({ length: 5 }, (_, id) => makeSpan(id + 1, undefined, { traceId: TRACE_B })));
  test.equal(store.spanCount <= 10, true);
  test.equal(store.spansOf(TRACE_B).length, 5, 'the trace that grows is kept');
  store.clear();
  test.equal(store.spanCount, 0);
  test.strictSame(store.summaries(), []);
});
