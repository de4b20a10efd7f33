// CPU microseconds per request of the application's process: bare, official instrumentation and ours, interleaved.
//   node bench/request/run.mjs [--node <binary>] [--rounds 5] [--requests 20000] [--scenarios server,client] [--json]
// Every figure asserts that its path ran: the right answers, and the right number of spans.
import { fork } from 'node:child_process';
import { connect } from 'node:net';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: {
    node: { type: 'string', default: process.execPath },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '20000' },
    scenarios: { type: 'string', default: 'server,child,excluded,client,fetch,fastify,express,koa' },
    variants: { type: 'string', default: 'bare,official,own' },
    samplings: { type: 'string', default: 'always,1%' },
    json: { type: 'boolean', default: false },
  },
});
const REQUESTS = Number(options.requests);
const CONNECTIONS = 16;
const SPANS_PER_REQUEST = { server: 1, child: 1, excluded: 0, client: 2, fetch: 2, fastify: 1, express: 1, koa: 1 };
/** Upstream also makes one for each middleware and handler. */
const OFFICIAL_SPANS_PER_REQUEST = { ...SPANS_PER_REQUEST, express: 10, koa: 5 };
const PATHS = { fastify: '/users/42', express: '/users/42', koa: '/users/42', excluded: '/healthz' };
const HEADERS = { child: `traceparent: 00-${'a'.repeat(32)}-${'b'.repeat(16)}-01\r\n` };

/** Sends `count` requests over one keep-alive connection, one at a time; resolves with the number of good answers. */
function drive(port, path, count, headers = '') {
  const request = `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench\r\nAccept: */*\r\n${headers}\r\n`;
  return new Promise((resolve, reject) => {
    let good = 0;
    let left = count;
    let received = '';
    const socket = connect(port, '127.0.0.1').setNoDelay().setEncoding('latin1');
    const next = () => (left-- > 0 ? socket.write(request) : socket.end());
    socket.on('connect', next).on('error', reject);
    socket.on('close', () => resolve(good));
    socket.on('data', (chunk) => {
      received += chunk;
      if (!/hello(\r\n0\r\n\r\n)?$/.test(received)) return;
      if (received.startsWith('HTTP/1.1 200')) good++;
      received = '';
      next();
    });
  });
}

async function load(port, path, requests, headers) {
  const share = Math.ceil(requests / CONNECTIONS);
  const good = await Promise.all(Array.from({ length: CONNECTIONS }, () => drive(port, path, share, headers)));
  const total = good.reduce((sum, count) => sum + count, 0);
  if (total !== share * CONNECTIONS) throw new Error(`only ${total} of ${share * CONNECTIONS} answers were right`);
  return total;
}

const message = (child) => new Promise((resolve) => child.once('message', resolve));

async function ask(child) {
  const answer = message(child);
  child.send('usage');
  return answer;
}

function checkSpans(name, scenario, variant, sampling, spans, requests) {
  if (variant === 'bare' || variant === 'context') return;
  const all = (variant === 'official' ? OFFICIAL_SPANS_PER_REQUEST : SPANS_PER_REQUEST)[scenario] * requests;
  // The sender has decided: its flag counts, not our ratio.
  if (scenario === 'child' && spans !== all) throw new Error(`${name}: ${spans} spans, expected ${all}`);
  if (scenario === 'child') return;
  const [least, most] = sampling === 'always' ? [all, all] : sampling === '1%' ? [all * 0.005, all * 0.015] : [0, 0];
  if (spans < least || spans > most) throw new Error(`${name}: ${spans} spans, expected ${least} to ${most}`);
}

async function measure(scenario, variant, sampling) {
  const child = fork(new URL('./app.cjs', import.meta.url), [scenario, variant, sampling], {
    execPath: options.node,
    execArgv: [],
  });
  try {
    const { port } = await message(child);
    const path = PATHS[scenario] ?? '/hello?a=1';
    await load(port, path, Math.ceil(REQUESTS / 2), HEADERS[scenario]);
    const before = await ask(child);
    const start = performance.now();
    const requests = await load(port, path, REQUESTS, HEADERS[scenario]);
    const millis = performance.now() - start;
    const after = await ask(child);
    checkSpans(`${scenario} ${variant} ${sampling}`, scenario, variant, sampling, after.spans - before.spans, requests);
    return {
      cpuMicros: (after.cpuMicros - before.cpuMicros) / requests,
      userMicros: (after.userMicros - before.userMicros) / requests,
      perSecond: (requests * 1000) / millis,
    };
  } finally {
    child.kill('SIGKILL');
  }
}

const median = (list) => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)];

const cells = new Map();
const plan = options.scenarios.split(',').flatMap((scenario) =>
  options.variants.split(',').flatMap((variant) => {
    const samplings = variant === 'bare' || variant === 'context' ? ['always'] : options.samplings.split(',');
    return samplings.map((sampling) => ({ scenario, variant, sampling }));
  }),
);
for (let round = 0; round < Number(options.rounds); round++) {
  for (const { scenario, variant, sampling } of plan) {
    const key = `${scenario} ${variant} ${sampling}`;
    const cell = cells.get(key) ?? { scenario, variant, sampling, cpu: [], user: [], rate: [] };
    cells.set(key, cell);
    const { cpuMicros, userMicros, perSecond } = await measure(scenario, variant, sampling);
    cell.cpu.push(cpuMicros);
    cell.user.push(userMicros);
    cell.rate.push(perSecond);
  }
}

const rows = [...cells.values()].map(({ scenario, variant, sampling, cpu, user, rate }) => {
  const bare = cells.get(`${scenario} bare always`);
  const added = (own, base) => (median(own) - median(base ?? [Number.NaN])).toFixed(1);
  return {
    scenario,
    variant,
    sampling: variant === 'bare' ? '' : sampling,
    'cpu µs': median(cpu).toFixed(1),
    'added µs': added(cpu, bare?.cpu),
    // Without the kernel's share, which varies with how writes happen to be batched.
    'added user µs': added(user, bare?.user),
    spread: `${Math.min(...cpu).toFixed(1)}-${Math.max(...cpu).toFixed(1)}`,
    'req/s': Math.round(median(rate)),
  };
});
if (options.json) console.log(JSON.stringify(rows));
else console.table(rows);
