/**
 * Measures delivery and prints Markdown. Needs `npm run build`, and `node bench/install.mjs` for the rival.
 *
 *   node bench/delivery/run.mjs                 all tables
 *   node bench/delivery/run.mjs --ends          table 1;  --outages table 2;  --load table 3;  --designs table 4
 *   node bench/delivery/run.mjs --ends --ci     table 1 for us alone, few rounds; exits 1 on a lost span or another exit
 */
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { BARE, OURS, ROOT, upstream } from './agents.mjs';
import { measureDesigns } from './designs.mjs';
import { measureEnd, WAYS } from './ends.mjs';
import { measureLoad } from './load.mjs';
import { measureOutage, OUTAGES } from './outages.mjs';

const require = createRequire(import.meta.url);
const { startCollector } = require(`${ROOT}/build/src/viewer/otlp-receiver.js`);

/** Longer than any agent waits for a collector; run-once.mjs kills a process soon after. */
const NEVER_MILLIS = 11_000;
const flags = new Set(process.argv.slice(2));
const isCi = flags.has('--ci');
const wants = (flag) =>
  flags.has(flag) || ['--ends', '--outages', '--load', '--designs'].every((name) => !flags.has(name));
const rounds = Number(process.env.ROUNDS ?? (isCi ? 3 : 15));
const agents = isCi ? [OURS] : [OURS, upstream()];

const print = (line) => process.stdout.write(`${line}\n`);
const row = (cells) => print(`| ${cells.join(' | ')} |`);
const head = (cells) => {
  row(cells);
  row(cells.map(() => '---'));
};
const millis = (value) => {
  if (Number.isNaN(value)) return '-';
  return value > NEVER_MILLIS ? 'never ends' : value.toFixed(0);
};

async function printEnds() {
  print(`\n### Ends of a process, collector healthy (${rounds} runs each)\n`);
  head([
    'way of ending',
    'agent',
    'spans sent',
    'spans received',
    'added ms p50',
    'added ms p95',
    'exit equal to bare',
  ]);
  const collector = await startCollector();
  let faults = 0;
  for (const way of WAYS) {
    for (const result of await measureEnd({ way, bare: BARE, agents, rounds, collector })) {
      const { agent, sent, received, p50, p95, isExitEqual, exit } = result;
      if (received !== sent || !isExitEqual) faults += agent === OURS.name ? 1 : 0;
      row([way, agent, sent, received, millis(p50), millis(p95), isExitEqual ? 'yes' : `**no: ${exit}**`]);
    }
  }
  await collector.close();
  return faults;
}

async function printOutages() {
  const runs = Math.min(rounds, 3);
  print(`\n### Ends of a process, collector in trouble (${runs} runs each, 100 spans)\n`);
  head(['collector', 'way of ending', 'agent', 'spans received', 'added ms p50', 'added ms max', 'exit equal to bare']);
  for (const outage of OUTAGES) {
    for (const result of await measureOutage({ outage, bare: BARE, agents, rounds: runs, startCollector })) {
      const { way, agent, received, p50, max, isExitEqual } = result;
      row([outage.name, way, agent, received, millis(p50), millis(max), isExitEqual ? 'yes' : '**no**']);
    }
  }
}

async function printLoad() {
  print('\n### 2,000 spans/s for 10 s\n');
  head([
    'agent',
    'spans received',
    'main-thread CPU µs per span',
    'all threads',
    'event-loop delay p99 ms',
    'max ms',
    'RSS MiB over bare',
  ]);
  for (const result of await measureLoad({ bare: BARE, agents, startCollector })) {
    const { agent, received, mainMicros, allMicros, p99, max, rss } = result;
    row([agent, received, mainMicros.toFixed(1), allMicros.toFixed(1), p99.toFixed(2), max.toFixed(1), rss.toFixed(0)]);
  }
}

async function printDesigns() {
  print('\n### Hand-over designs, 2,000 spans/s for 10 s, spans of 12 attributes (medians of 3 interleaved rounds)\n');
  head([
    'design',
    'main-thread CPU µs per span',
    'event-loop delay p99 ms',
    'max ms',
    'heap MiB while 20,000 wait',
    'RSS MiB',
  ]);
  for (const result of await measureDesigns()) {
    const { design, mainMicros, p99, max, heap, rss } = result;
    row([design, mainMicros.toFixed(2), p99.toFixed(2), max.toFixed(1), heap.toFixed(1), rss.toFixed(0)]);
  }
}

print(`Node ${process.version}, ${cpus().length} cores, agents: ${agents.map(({ name }) => name).join(', ')}`);
let faults = 0;
if (wants('--ends')) faults = await printEnds();
if (wants('--outages')) await printOutages();
if (wants('--load')) await printLoad();
if (wants('--designs')) await printDesigns();
if (faults > 0) print(`\n${faults} ways of ending lost spans or changed the exit`);
process.exitCode = faults > 0 ? 1 : 0;
