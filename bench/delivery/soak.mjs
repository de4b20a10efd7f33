/**
 * Memory over time at 500 requests/s while the collector is down, up, and flapping. Prints Markdown; exits 1 when the
 * heap after collection grows.
 *
 *   node bench/delivery/soak.mjs [seconds per phase, default 60]        LEAK=1: one request in ten leaks its context
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
const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));
const mib = (bytes) => bytes / 2 ** 20;

async function startApp(agent, env) {
  const preload = agent.preload === undefined ? [] : ['--require', agent.preload];
  const child = spawn(process.execPath, ['--expose-gc', ...preload, APP], {
    env: { PATH: process.env.PATH, LEAK: process.env.LEAK ?? '', ...agent.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const samples = [];
  let port;
  await new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('MEMORY ')) samples.push(JSON.parse(line.slice(7)));
      if (!line.startsWith('PORT ')) return;
      port = Number(line.slice(5));
      resolve();
    });
  });
  return { child, samples, port };
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

async function soak(agent) {
  const collector = await startCollector({ maxKept: 1000 });
  const app = await startApp(agent, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl });
  const stop = drive(app.port);
  const rows = [];
  for (const { name, run } of phases) {
    // The first samples of a phase belong to the queue filling up or emptying, not to growth.
    const from = app.samples.length;
    await run(collector, seconds * 1000);
    const samples = app.samples.slice(from + Math.ceil((app.samples.length - from) / 3));
    rows.push({ name, first: samples[0], last: samples.at(-1), count: collector.counts().acceptedSpans });
  }
  stop();
  app.child.kill('SIGKILL');
  await collector.close();
  return rows;
}

const bare = await soak(BARE);
const ours = await soak(OURS);
process.stdout.write(`Node ${process.version}, ${REQUESTS_PER_SECOND} requests/s, ${seconds} s per phase\n\n`);
process.stdout.write('| phase | heap MiB first -> last | bare | RSS MiB | bare RSS | spans delivered so far |\n');
process.stdout.write('| --- | --- | --- | --- | --- | --- |\n');
let hasGrown = false;
ours.forEach(({ name, first, last, count }, index) => {
  const base = bare[index];
  const growth = mib(last.heapUsed - first.heapUsed) - Math.max(0, mib(base.last.heapUsed - base.first.heapUsed));
  hasGrown ||= growth > MAX_GROWTH_MIB;
  const heap = (sample) => mib(sample.heapUsed).toFixed(1);
  const cells = [
    name,
    `${heap(first)} -> ${heap(last)}`,
    `${heap(base.first)} -> ${heap(base.last)}`,
    mib(last.rss).toFixed(0),
    mib(base.last.rss).toFixed(0),
    count,
  ];
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
});
process.exitCode = hasGrown ? 1 : 0;
