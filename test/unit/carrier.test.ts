/** The public functions, with a tracer and without one, on carriers of every kind. */
import { context, propagation, TraceFlags, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import t from 'tap';
import { extract, inject } from '../../src/index.js';
import { createPropagator } from '../../src/sdk/propagator.js';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const TRACEPARENT = `00-${TRACE}-${SPAN}-01`;
const SPAN_CONTEXT = { traceId: TRACE, spanId: SPAN, traceFlags: TraceFlags.SAMPLED };

const traceSeen = (): string | undefined => trace.getSpanContext(context.active())?.traceId;

t.test('without a tracer nothing is written, and the function runs', async (t) => {
  t.strictSame(inject({ a: 1 }), { a: 1 });
  t.equal(
    extract({ traceparent: TRACEPARENT }, () => 'ran'),
    'ran',
  );
  t.equal(
    extract(undefined, () => 'ran'),
    'ran',
  );
  t.throws(() => extract({}, () => JSON.parse('{')), SyntaxError);
});

t.test('with a tracer', async (t) => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  propagation.setGlobalPropagator(createPropagator(['tracecontext', 'baggage', 'jaeger']));
  t.teardown(() => {
    context.disable();
    propagation.disable();
  });
  const inSpan = <Result>(run: () => Result): Result =>
    context.with(trace.setSpanContext(context.active(), SPAN_CONTEXT), run);

  t.test('writes into any carrier', async (t) => {
    t.match(
      inSpan(() => inject({ own: 'kept' })),
      { own: 'kept', traceparent: TRACEPARENT },
    );
    t.equal(inSpan(() => inject(new Map())).get('traceparent'), TRACEPARENT);
    t.equal(inSpan(() => inject(new Headers())).get('traceparent'), TRACEPARENT);
    const lines = inSpan(() => inject([] as string[], (list, name, value) => list.push(`${name}: ${value}`)));
    t.ok(lines.includes(`traceparent: ${TRACEPARENT}`));
    const message = Object.freeze({});
    t.equal(
      inSpan(() => inject(message)),
      message,
      'what cannot be written to is left alone',
    );
    t.strictSame(inject({}), {}, 'no span, no entry');
  });

  t.test('reads from any carrier', async (t) => {
    const carriers: object[] = [
      { traceparent: TRACEPARENT },
      { TraceParent: TRACEPARENT },
      { traceparent: Buffer.from(TRACEPARENT) },
      { traceparent: [TRACEPARENT] },
      Object.assign(Object.create(null), { traceparent: TRACEPARENT }),
      new Map([['traceparent', TRACEPARENT]]),
      new Headers({ traceparent: TRACEPARENT }),
      { 'uber-trace-id': `${TRACE}:${SPAN}:0:1` },
    ];
    for (const carrier of carriers) t.equal(extract(carrier, traceSeen), TRACE);
    t.equal(
      extract([`traceparent=${TRACEPARENT}`], traceSeen, (list, name) =>
        list.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1),
      ),
      TRACE,
    );
  });

  t.test('the context goes on after an await, and does not leak', async (t) => {
    const seen = await extract({ traceparent: TRACEPARENT }, async () => {
      await new Promise(setImmediate);
      return traceSeen();
    });
    t.equal(seen, TRACE);
    t.equal(traceSeen(), undefined);
  });

  t.test('a message belongs to its sender, not to what happens to be active', async (t) => {
    t.equal(
      inSpan(() => extract({}, traceSeen)),
      undefined,
    );
  });

  t.test('rubbish starts a new trace', async (t) => {
    const hostile = {
      get traceparent(): string {
        throw new Error('no');
      },
    };
    for (const carrier of [{ traceparent: 5 }, { traceparent: {} }, { traceparent: 'x' }, hostile, null]) {
      t.equal(extract(carrier, traceSeen), undefined);
    }
  });
});
