'use strict';
// Operations measured one by one inside a request, so in the context of its span: a cached require, a promise, a timer,
// a worker thread. The answer is JSON.
const http = require('node:http');
const { join } = require('node:path');
const { Worker } = require('node:worker_threads');
require('pg');
const { listen } = require('../listen.cjs');

const MIB = 2 ** 20;
const BATCHES = 15;
const REQUIRES = 1000;
const PROMISES = 50_000;
const TIMERS = 20_000;
const WORKERS = 4;

const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];

/** Nanoseconds of one call: the median of several batches, after one that warms up. */
function timeCalls(call, count) {
  const batch = () => {
    const start = process.hrtime.bigint();
    for (let index = 0; index < count; index++) call();
    return Number(process.hrtime.bigint() - start) / count;
  };
  batch();
  return median(Array.from({ length: BATCHES }, batch));
}

async function timePromises(count) {
  const nanos = [];
  for (let batch = 0; batch <= BATCHES; batch++) {
    const start = process.hrtime.bigint();
    for (let index = 0; index < count; index++) await undefined;
    nanos.push(Number(process.hrtime.bigint() - start) / count);
  }
  return median(nanos.slice(1));
}

async function timeTimers(count) {
  const nanos = [];
  for (let batch = 0; batch <= BATCHES; batch++) {
    const start = process.hrtime.bigint();
    await new Promise((resolve) => {
      let left = count;
      const fired = () => {
        if (--left === 0) resolve();
      };
      for (let index = 0; index < count; index++) setTimeout(fired, 0);
    });
    nanos.push(Number(process.hrtime.bigint() - start) / count);
  }
  return median(nanos.slice(1));
}

function startWorker() {
  const start = process.hrtime.bigint();
  const worker = new Worker(join(__dirname, '../micro-worker.cjs'));
  return new Promise((resolve, reject) => {
    worker.once('message', () => resolve({ worker, millis: Number(process.hrtime.bigint() - start) / 1e6 }));
    worker.once('error', reject);
  });
}

async function timeWorkers() {
  const started = [await startWorker()];
  const before = process.memoryUsage.rss();
  for (let index = 0; index < WORKERS; index++) started.push(await startWorker());
  const after = process.memoryUsage.rss();
  await Promise.all(started.map(({ worker }) => worker.terminate()));
  return {
    workerMillis: median(started.slice(1).map(({ millis }) => millis)),
    workerMiB: (after - before) / MIB / WORKERS,
  };
}

async function measure(wants) {
  const result = {};
  if (wants.includes('require')) {
    result.requirePackageNanos = timeCalls(() => require('pg'), REQUIRES);
    // biome-ignore lint/style/useNodejsImportProtocol: the way most packages spell it.
    result.requireBuiltinNanos = timeCalls(() => require('http'), REQUIRES);
  }
  if (wants.includes('async')) {
    result.promiseNanos = await timePromises(PROMISES);
    result.timerNanos = await timeTimers(TIMERS);
  }
  if (wants.includes('worker')) Object.assign(result, await timeWorkers());
  return result;
}

exports.start = () =>
  listen(
    http.createServer(async (request, response) => {
      const wants = new URL(request.url, 'http://localhost').searchParams.get('wants').split(',');
      response.end(JSON.stringify(await measure(wants)));
    }),
  );
