/** Table 1: way of ending x {spans sent, spans received, milliseconds added, exit as bare}. Also CI's gate for us. */
import { quantile } from '../statistics.mjs';
import { runOnce } from './run-once.mjs';

const MANY = 10_000;
const FEW = 100;

export const WAYS = [
  'natural',
  'process.exit(0)',
  'process.exit(3)',
  'process.exitCode = 4',
  'uncaught exception',
  'unhandled rejection',
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGTERM, handler drains',
  'SIGTERM, handler exits',
  'sync script',
  'sync script, process.exit(0)',
  'burst of 10,000, natural',
  'burst of 10,000, process.exit(0)',
  'cluster worker disconnects',
  'cluster worker killed (SIGTERM)',
  'worker thread ends',
  'worker thread, process.exit(5)',
];

export const spansOf = (way) => (way.startsWith('burst') ? MANY : FEW);

const howItEnded = ({ code, signal, hasEnded }) => (hasEnded ? (signal ?? `code ${code}`) : 'never');

/** One way of ending: `rounds` interleaved rounds of bare and every agent. */
export async function measureEnd({ way, bare, agents, rounds, collector }) {
  const spans = spansOf(way);
  const bareEnds = [];
  const rows = agents.map((agent) => ({ agent, ends: [], received: 0, exits: new Set() }));
  let bareExit;
  for (let round = 0; round < rounds; round++) {
    const run = await runOnce({ agent: bare, way, spans, env: {} });
    bareExit = howItEnded(run);
    bareEnds.push(run.endMillis);
    for (const row of rows) {
      collector.clear();
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl };
      const ended = await runOnce({ agent: row.agent, way, spans, env });
      row.ends.push(ended.endMillis);
      row.received += collector.counts().acceptedSpans;
      row.exits.add(howItEnded(ended));
    }
  }
  const base = quantile(bareEnds, 0.5);
  return rows.map(({ agent, ends, received, exits }) => ({
    agent: agent.name,
    way,
    sent: spans * rounds,
    received,
    p50: quantile(ends, 0.5) - base,
    p95: quantile(ends, 0.95) - base,
    isExitEqual: exits.size === 1 && exits.has(bareExit),
    exit: [...exits].join(' / '),
  }));
}
