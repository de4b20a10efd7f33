/**
 * Memory over time at 500 requests/s while the collector is down, up, and flapping. Prints Markdown; exits 1 when the
 * heap after collection grows in any process.
 *
 *   node bench/delivery/soak.mjs [seconds per phase, default 60]
 *     LEAK=1       one request in ten leaks its context
 *     WORKERS=2    the requests are served by so many cluster workers
 */
import { spawn } from 'node:child_process';
import { Agent, get } from 'node:http';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { BARE, OURS, ROOT } from './agents.mjs';

const { startCollector } = createRequire(import.meta.url)(`${ROOT}/build/src/viewer/otlp-receiver.js`);
const APP = join(dirname(fileURLToPath(import.meta.url)), 'soak-app.cjs');
const REQUESTS_PER_SECOND = 500;
const SLICE_MILLIS = 20;
const FLAP_MILLIS = 7000;
/** Growth of the heap from the first to the last sample of a phase that counts as growth. */
const MAX_GROWTH_MIB = 3;
const seconds = Number(process.argv[2] ?? 60);
const { LEAK = '', WORKERS = '0' } = process.env;
const servingProcesses = Math.max(1, Number(WORKERS));
const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const mib = (bytes) => bytes / 2 ** 20;

async function startApp(agent, env) {
  const preload = agent.preload === undefined ? [] : ['--require', agent.preload];
  const child = spawn(process.execPath, ['--expose-gc', ...preload, APP], {
    env: { PATH: process.env.PATH, LEAK, WORKERS, ...agent.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // Cluster workers outlive a primary that is killed by a few milliseconds; a group ends as one.
    detached: true,
  });
  const samples = [];
  const ports = [];
  await new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('MEMORY ')) samples.push(JSON.parse(line.slice(7)));
      if (!line.startsWith('PORT ')) return;
      ports.push(Number(line.slice(5)));
      if (ports.length === servingProcesses) resolve();
    });
  });
  return { child, samples, port: ports[0] };
}

function drive(port) {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  let sent = 0;
  const start = performance.now();
  const timer = setInterval(() => {
    const due = ((performance.now() - start) / 1000) * REQUESTS_PER_SECOND;
    for (; sent < due; sent++) {
      const request = get({ port, path: `/users/${sent % 1000}?page=${sent}`, agent }, (answer) => answer.resume());
      request.on('error', () => {});
    }
  }, SLICE_MILLIS);
  return () => {
    clearInterval(timer);
    agent.destroy();
    return sent;
  };
}

async function flap(collector, millis) {
  const end = performance.now() + millis;
  for (let isUp = false; performance.now() < end; isUp = !isUp) {
    await collector.connections(isUp ? 'serve' : 'refuse');
    await sleep(Math.min(FLAP_MILLIS, Math.max(0, end - performance.now())));
  }
}

const hold = (mode) => async (collector, millis) => {
  await collector.connections(mode);
  await sleep(millis);
};

const phases = [
  { name: 'collector down', run: hold('refuse') },
  { name: 'collector up', run: hold('serve') },
  { name: 'collector flapping', run: flap },
];

/** First and last sample of each process in a phase, without the part in which the queue fills up or empties. */
function summarize(samples) {
  const names = [...new Set(samples.map(({ process }) => process))].sort();
  return names.map((name) => {
    const own = samples.filter(({ process }) => process === name);
    const steady = own.slice(Math.ceil(own.length / 3));
    return { process: name, first: steady[0], last: steady.at(-1) };
  });
}

async function soak(agent) {
  const collector = await startCollector({ maxKept: 1000 });
  const app = await startApp(agent, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl });
  const stop = drive(app.port);
  const rows = [];
  for (const { name, run } of phases) {
    const from = app.samples.length;
    await run(collector, seconds * 1000);
    const count = collector.counts().acceptedSpans;
    for (const row of summarize(app.samples.slice(from))) rows.push({ ...row, phase: name, count });
  }
  stop();
  process.kill(-app.child.pid, 'SIGKILL');
  await collector.close();
  return rows;
}

// Side by side: memory does not depend on how busy the machine is.
const [bare, ours] = await Promise.all([soak(BARE), soak(OURS)]);
const print = (cells) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
const leak = LEAK === '1' ? ', one request in ten leaks its context' : '';
process.stdout.write(
  `Node ${process.version}, ${REQUESTS_PER_SECOND} requests/s, ${seconds} s per phase, ${servingProcesses} serving${leak}\n\n`,
);
print(['phase', 'process', 'heap MiB first -> last', 'bare', 'RSS MiB', 'bare RSS', 'spans delivered so far']);
print(Array(7).fill('---'));
let hasGrown = ours.length !== phases.length * servingProcesses;
ours.forEach(({ phase, process: name, first, last, count }, index) => {
  const base = bare[index];
  const growth = mib(last.heapUsed - first.heapUsed) - Math.max(0, mib(base.last.heapUsed - base.first.heapUsed));
  hasGrown ||= growth > MAX_GROWTH_MIB;
  const heap = (sample) => mib(sample.heapUsed).toFixed(1);
  const range = (row) => `${heap(row.first)} -> ${heap(row.last)}`;
  print([phase, name, range(ours[index]), range(base), mib(last.rss).toFixed(0), mib(base.last.rss).toFixed(0), count]);
});
process.exitCode = hasGrown ? 1 : 0;
