'use strict';
// Ends 2,000 spans a second for as many seconds as its argument says, in slices of 10 ms, and prints what that cost.
const { readFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { trace } = require('@opentelemetry/api');

const SPANS_PER_SLICE = 20;
const SLICE_MILLIS = 10;
const WARM_UP_SLICES = 200;
const slices = WARM_UP_SLICES + (Number(process.argv[2]) * 1000) / SLICE_MILLIS;
const tracer = trace.getTracer('bench');
const delay = monitorEventLoopDelay({ resolution: 1 });

/** Nanoseconds on a CPU of this process's main thread. */
function mainThreadNanos() {
  return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);
}

function makeSpan(index) {
  const span = tracer.startSpan('GET /users/:id', {
    kind: 1,
    attributes: {
      'http.request.method': 'GET',
      'url.scheme': 'http',
      'url.path': `/users/${index}`,
      'server.address': 'shop.example.com',
      'server.port': 3000,
      'network.protocol.version': '1.1',
      'user_agent.original': 'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0',
      'network.peer.address': '127.0.0.1',
      'network.peer.port': 40000 + (index % 1000),
      'client.address': '127.0.0.1',
    },
  });
  span.setAttribute('http.route', '/users/:id');
  span.setAttribute('http.response.status_code', 200);
  span.end();
}

let slice = 0;
let start;
let cpu;
let last = performance.now();
const timer = setInterval(() => {
  // Slices that a late timer skipped are made up for, so that the rate is the same for every agent.
  for (; last + SLICE_MILLIS <= performance.now() && slice < slices; last += SLICE_MILLIS) {
    if (slice++ === WARM_UP_SLICES) {
      delay.enable();
      cpu = process.cpuUsage();
      start = mainThreadNanos();
    }
    for (let i = 0; i < SPANS_PER_SLICE; i++) makeSpan(slice * SPANS_PER_SLICE + i);
  }
  if (slice < slices) return;
  clearInterval(timer);
  const { user, system } = process.cpuUsage(cpu);
  const spans = (slices - WARM_UP_SLICES) * SPANS_PER_SLICE;
  const result = {
    sent: slices * SPANS_PER_SLICE,
    mainMicros: (mainThreadNanos() - start) / 1000 / spans,
    allMicros: (user + system) / spans,
    p99: delay.percentile(99) / 1e6,
    max: delay.max / 1e6,
    rss: process.memoryUsage().rss / 2 ** 20,
  };
  require('node:fs').writeSync(1, `${JSON.stringify(result)}\n`);
}, SLICE_MILLIS);
