'use strict';
// An HTTP server that answers, does one outgoing call per request, and says every few seconds what memory it holds after
// a full collection. Every tenth request leaks its async context on purpose (LEAK=1).
const { AsyncResource } = require('node:async_hooks');
const http = require('node:http');

const REPORT_MILLIS = 5000;
const leaked = [];

const inner = http.createServer((_request, response) => response.end('inner'));
const server = http.createServer((request, response) => {
  if (process.env.LEAK === '1' && Math.random() < 0.1) leaked.push(new AsyncResource('LEAK'));
  http.get({ port: inner.address().port, path: request.url, agent }, (answer) => {
    answer.resume().on('end', () => response.end('outer'));
  });
});
const agent = new http.Agent({ keepAlive: true });

inner.listen(0, '127.0.0.1', () => {
  server.listen(0, '127.0.0.1', () => {
    require('node:fs').writeSync(1, `PORT ${server.address().port}\n`);
  });
});
setInterval(() => {
  global.gc();
  const { heapUsed, arrayBuffers, external, rss } = process.memoryUsage();
  const sample = { heapUsed, arrayBuffers, external, rss, leaked: leaked.length };
  require('node:fs').writeSync(1, `MEMORY ${JSON.stringify(sample)}\n`);
}, REPORT_MILLIS).unref();
