'use strict';
// One hand-over design under 2,000 spans/s: none = spans are created and forgotten; clone = a plain copy of each batch is
// posted to a worker by structured clone; encode = OTLP bytes at the span's end in shared chunks (what the agent does).
const { readFileSync } = require('node:fs');
const { join } = require('node:path');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { Worker } = require('node:worker_threads');
const { BasicTracerProvider } = require('@opentelemetry/sdk-trace-base');
const { SpanQueue } = require(join(__dirname, '../../build/src/pipeline/span-queue.js'));

const SECONDS = 10;
const BATCH = 512;
const WAITING = 20_000;
const SPANS_PER_SLICE = 20;
const SLICE_MILLIS = 10;
const NAMES = { none: 'no hand-over', clone: 'structured clone of batches', encode: 'OTLP at span end, shared chunks' };

const design = process.argv[2];
// The worker only takes what it is given: both designs would do the same work there.
const worker = new Worker("require('node:worker_threads').parentPort.on('message', () => {})", { eval: true });

function plainSpan(span) {
  return {
    context: { ...span.spanContext() },
    parent: span.parentSpanContext,
    name: span.name,
    kind: span.kind,
    start: span.startTime,
    end: span.endTime,
    attributes: span.attributes,
    status: span.status,
    events: span.events,
    links: span.links,
    scope: span.instrumentationScope.name,
    dropped: [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount],
  };
}

function createHandOver() {
  if (design === 'none') return { onEnd() {}, keep() {} };
  if (design === 'clone') {
    let batch = [];
    let isKept = false;
    return {
      onEnd(span) {
        batch.push(span);
        if (isKept || batch.length < BATCH) return;
        worker.postMessage(batch.map(plainSpan));
        batch = [];
      },
      keep() {
        isKept = true;
      },
    };
  }
  const queue = new SpanQueue({ maxSpans: 1e6, maxBytes: 1e9, maxBatchSpans: BATCH });
  const waiting = [];
  let isKept = false;
  const post = (batch) => {
    worker.postMessage(batch);
    if (isKept) waiting.push(batch);
    else queue.release(batch);
  };
  return {
    onEnd(span) {
      queue.offer(span, post);
      if (queue.isBatchFull) post(queue.seal());
    },
    keep() {
      isKept = true;
    },
  };
}

const handOver = createHandOver();
const processor = {
  onStart() {},
  onEnd: (span) => handOver.onEnd(span),
  forceFlush: async () => {},
  shutdown: async () => {},
};
const tracer = new BasicTracerProvider({ spanProcessors: [processor] }).getTracer('bench');

function makeSpan(index) {
  const attributes = {
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
    'http.route': '/users/:id',
    'http.response.status_code': 200,
  };
  tracer.startSpan('GET /users/:id', { kind: 1, attributes }).end();
}

const mainThreadNanos = () => Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]);

/** Heap and external memory that many waiting spans hold. */
function measureWaiting() {
  handOver.keep();
  global.gc();
  const before = process.memoryUsage();
  for (let i = 0; i < WAITING; i++) makeSpan(i);
  global.gc();
  const after = process.memoryUsage();
  return (after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers) / 2 ** 20;
}

const delay = monitorEventLoopDelay({ resolution: 1 });
for (let i = 0; i < 20_000; i++) makeSpan(i);
const slices = (SECONDS * 1000) / SLICE_MILLIS;
let slice = 0;
let last = performance.now();
delay.enable();
const start = mainThreadNanos();
const timer = setInterval(() => {
  for (; last + SLICE_MILLIS <= performance.now() && slice < slices; last += SLICE_MILLIS) {
    slice++;
    for (let i = 0; i < SPANS_PER_SLICE; i++) makeSpan(i);
  }
  if (slice < slices) return;
  clearInterval(timer);
  delay.disable();
  const result = {
    design: NAMES[design],
    mainMicros: (mainThreadNanos() - start) / 1000 / (slices * SPANS_PER_SLICE),
    p99: delay.percentile(99) / 1e6,
    max: delay.max / 1e6,
    rss: process.memoryUsage().rss / 2 ** 20,
    heap: measureWaiting(),
  };
  process.stdout.write(JSON.stringify(result), () => process.exit(0));
}, SLICE_MILLIS);
