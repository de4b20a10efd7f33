/** What an application is given when it asks for a tracer, once or for every span. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Tracer } from '@opentelemetry/api';
import t from 'tap';
import { TracerRoll } from '../../src/neighbours/stand-down.js';
import type { SpanTracerProvider } from '../../src/sdk/tracer.js';
import { createTestProvider } from '../helpers/tracer-provider.js';

function createProvider(): { readonly roll: TracerRoll; readonly provider: SpanTracerProvider } {
  const provider = createTestProvider({}, { limitMillis: 1000, onFirst: () => undefined });
  const roll = new TracerRoll();
  roll.forApplication(provider);
  return { roll, provider };
}

t.test('asking for a tracer again and again keeps nothing', async (t) => {
  const { provider } = createProvider();
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;
  const used = (): number => {
    collectGarbage();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  const tracer = provider.getTracer('library', '1.0.0');
  for (let index = 0; index < 200_000; index++) provider.getTracer('library', '1.0.0');
  const grown = used() - before;
  t.equal(provider.getTracer('library', '1.0.0'), tracer);
  t.ok(grown < 4_000_000, `${grown} bytes more`);
});

t.test('a library that traces itself gets a tracer of ours, always the same; others get their own', async (t) => {
  const { roll, provider } = createProvider();
  const before = provider.getTracer('library');
  const wrapped: Tracer[] = [];
  roll.wrapTracer('library', (tracer) => {
    wrapped.push(tracer);
    return { startSpan: tracer.startSpan.bind(tracer), startActiveSpan: tracer.startActiveSpan.bind(tracer) };
  });
  const after = provider.getTracer('library');
  t.not(after, before);
  t.equal(provider.getTracer('library'), after);
  t.strictSame(wrapped, [before]);
  t.equal(provider.getTracer('another'), provider.getTracer('another'));
  t.equal(wrapped.length, 1);
});
