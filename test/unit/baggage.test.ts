/** Baggage and tracestate of a caller, passed on: what nobody here has changed leaves as it came. */
import {
  type Context,
  defaultTextMapGetter,
  defaultTextMapSetter,
  propagation,
  ROOT_CONTEXT,
} from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import t from 'tap';
import { createPropagator } from '../../src/sdk/propagator.js';

const propagator = createPropagator(['tracecontext', 'baggage']);

type Headers = Record<string, string | string[]>;

const read = (headers: Headers): Context => propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);

function write(context: Context): Record<string, string> {
  const carrier = {};
  propagator.inject(context, carrier, defaultTextMapSetter);
  return carrier;
}

const passOn = (baggage: string | string[]): string | undefined => write(read({ baggage })).baggage;

for (const [what, baggage] of [
  ['plain members', 'userId=alice,isProduction=false'],
  ['members with properties', 'a=1;ttl=60;secure,b=2;k=v'],
  ['spaces around everything', 'a = 1 , b = 2 ; p , c=3'],
  ['characters that need no escape', 'url=https://example.com/a?b=c&d=e!,mail=(alice)@example.com'],
  ['escapes in lower case', 'name=Andr%c3%a9,sign=%2b'],
  ['a member twice', 'a=1,b=2,a=3'],
  ['a member that this package cannot read', 'a=1,broken,b=%zz,c=3'],
  ['names that are escaped', 'a%20b=1'],
] as const) {
  t.test(`${what} leave as they came`, async (t) => {
    t.equal(passOn(baggage), baggage);
  });
}

t.test('several headers become one', async (t) => {
  t.equal(passOn(['a=x/y', 'b=2']), 'a=x/y,b=2');
});

t.test('baggage that the application changes is written anew', async (t) => {
  const context = read({ baggage: 'a=x/y,b=2' });
  const changed = propagation.getBaggage(context)?.setEntry('b', { value: '3' });
  t.ok(changed);
  if (changed) t.equal(write(propagation.setBaggage(context, changed)).baggage, 'a=x%2Fy,b=3');
  t.equal(write(propagation.deleteBaggage(context)).baggage, undefined);
});

t.test('what is too long or no header text is not passed on as it came', async (t) => {
  t.equal(passOn(`a=1,long=${'x'.repeat(9_000)},b=2`), 'a=1,b=2');
  const many = Array.from({ length: 300 }, (_, index) => `k${index}=v`).join(',');
  t.equal(passOn(many)?.split(',').length, 180, 'as many members as the specification demands');
  // gRPC refuses such values, and the application would get the error.
  t.equal(passOn('a=1,b=\xff\xfe'), 'a=1,b=%C3%BF%C3%BE');
  t.equal(passOn(',;,='), undefined);
});

t.test('nothing of it is in calls that are not traced', async (t) => {
  t.same(write(suppressTracing(read({ baggage: 'a=1' }))), {});
});

t.test('tracestate keeps the members of others', async (t) => {
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  const tracestate = 'rojo=00f067aa0ba902b7,fw529a3039@dt=a:b/c d,congo=t61rcWkgMzE';
  t.same(write(read({ traceparent, tracestate })), { traceparent, tracestate });
});
