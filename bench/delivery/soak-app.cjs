'use strict';
// An HTTP server that answers, does one outgoing call per request, and says every second what memory it holds after
// a full collection. Every tenth request leaks its async context on purpose (LEAK=1). WORKERS=n: the same in n cluster
// workers.
const { AsyncResource } = require('node:async_hooks');
const cluster = require('node:cluster');
const http = require('node:http');
const { writeSync } = require('node:fs');

const REPORT_MILLIS = 1000;
const leaked = [];

const inner = http.createServer((_request, response) => response.end('inner'));
const server = http.createServer((request, response) => {
  if (process.env.LEAK === '1' && Math.random() < 0.1) leaked.push(new AsyncResource('LEAK'));
  const call = http.get({ port: inner.address().port, path: request.url, agent }, (answer) => {
    answer.resume().on('end', () => response.end('outer'));
  });
  call.on('error', () => response.destroy());
});
const agent = new http.Agent({ keepAlive: true });
// A machine that stalls must not make the one side close what the other is about to use.
for (const side of [inner, server]) side.keepAliveTimeout = 120_000;

function serve() {
  inner.listen(0, '127.0.0.1', () => {
    server.listen(0, '127.0.0.1', () => writeSync(1, `PORT ${server.address().port}\n`));
  });
  setInterval(() => {
    global.gc();
    const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage();
    const name = cluster.worker === undefined ? 'process' : `worker ${cluster.worker.id}`;
    const sample = { process: name, heapUsed, arrayBuffers, external, rss, leaked: leaked.length };
    writeSync(1, `MEMORY ${JSON.stringify(sample)}\n`);
  }, REPORT_MILLIS).unref();
}

const workers = Number(process.env.WORKERS || 0);
if (workers === 0 || cluster.isWorker) serve();
else for (let count = 0; count < workers; count++) cluster.fork();
