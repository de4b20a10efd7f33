/** Table 2: what a collector in trouble costs a process that ends, and what still arrives. */
import { quantile } from '../statistics.mjs';
import { runOnce } from './run-once.mjs';

const SPANS = 100;
const ENDS = ['natural', 'process.exit(0)', 'SIGTERM'];

export const OUTAGES = [
  { name: 'refuses', prepare: (collector) => collector.connections('refuse') },
  { name: 'accepts, never reads', prepare: (collector) => collector.connections('blackhole') },
  { name: 'never answers', prepare: (collector) => collector.respond(() => ({ hang: true })) },
  { name: 'resets', prepare: (collector) => collector.connections('reset') },
  { name: 'answers 503', prepare: (collector) => collector.respond(() => ({ status: 503 })) },
  {
    name: 'answers 429, Retry-After 60',
    prepare: (collector) => collector.respond(() => ({ status: 429, headers: { 'retry-after': '60' } })),
  },
  { name: 'takes 300 ms', prepare: (collector) => collector.respond(() => ({ delayMillis: 300 })) },
  { name: 'takes 3 s', prepare: (collector) => collector.respond(() => ({ delayMillis: 3000 })) },
];

const exitOf = ({ code, signal, hasEnded }) => (hasEnded ? (signal ?? code) : 'never');

export async function measureOutage({ outage, bare, agents, rounds, startCollector }) {
  const results = [];
  for (const way of ENDS) {
    const base = await runOnce({ agent: bare, way, spans: SPANS, env: {} });
    for (const agent of agents) {
      const ends = [];
      let received = 0;
      let isExitEqual = true;
      for (let round = 0; round < rounds; round++) {
        const collector = await startCollector();
        await outage.prepare(collector);
        const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl };
        const run = await runOnce({ agent, way, spans: SPANS, env });
        ends.push(run.endMillis - base.endMillis);
        isExitEqual &&= exitOf(run) === exitOf(base);
        received += collector.counts().acceptedSpans;
        await collector.close();
      }
      const sent = SPANS * rounds;
      results.push({
        way,
        agent: agent.name,
        received: `${received} of ${sent}`,
        p50: quantile(ends, 0.5),
        max: Math.max(...ends),
        isExitEqual,
      });
    }
  }
  return results;
}
