'use strict';
// piscina: tasks of all kinds of values, moved buffers, errors, a queue, cancellation, events; and what a thread sees of
// its own tasks and of Node's functions for messages. Run within requests, in which there is a trace.
const http = require('node:http');
const { MessageChannel, MessagePort, receiveMessageOnPort } = require('node:worker_threads');
const Piscina = require('piscina');

const filename = require.resolve('../lib/piscina-task.cjs');

exports.modules = ['piscina'];
exports.depth = 3;

async function useAll(t, variant, options) {
  const pool = new Piscina({ filename, maxThreads: 1, ...options });
  const messages = [];
  pool.on('message', (message) => messages.push(message));
  t.note(`${variant}: pool`, [Object.keys(pool), pool.options.maxThreads, pool.threads.length, pool.run.length]);
  const values = {
    a: [1, 'b', null],
    map: new Map([['k', { deep: true }]]),
    date: new Date(0),
    bytes: Buffer.from('x'),
  };
  t.note(`${variant}: echo`, await pool.run({ kind: 'echo', value: values }));
  for (const value of ['text', 7, null, undefined, new Error('given')]) {
    t.note(`${variant}: echo ${String(value)}`, await pool.run(value));
  }
  const moved = new Uint8Array([1, 2, 3]);
  t.note(`${variant}: moved`, [await pool.run(Piscina.move(moved.buffer)), moved.byteLength]);
  t.note(`${variant}: reflection`, await pool.run({ kind: 'reflect' }));
  t.note(`${variant}: queue`, await Promise.all([1, 2, 3, 4].map((value) => pool.run({ kind: 'echo', value }))));
  t.note(`${variant}: posts`, await pool.run({ kind: 'post' }));
  for (const kind of ['throw', 'reject', 'text', 'unclonable']) {
    await t.attempt(`${variant}: ${kind}`, () => pool.run({ kind }));
  }
  await t.attempt(`${variant}: a task that cannot be cloned`, () => pool.run(() => undefined));
  await t.attempt(`${variant}: no such function`, () => pool.run({}, { name: 'nothing' }));
  await t.attempt(`${variant}: bad options`, () => pool.run({}, null));
  const controller = new AbortController();
  const waiting = pool.run({ kind: 'wait' }, { signal: controller.signal });
  controller.abort();
  await t.attempt(`${variant}: aborted`, () => waiting);
  t.note(`${variant}: messages`, messages);
  await pool.destroy();
  await t.attempt(`${variant}: destroyed`, () => pool.queueSize);
}

exports.run = async (t) => {
  const { port1, port2 } = new MessageChannel();
  const server = http.createServer(async (request, response) => {
    const withoutAtomics = request.url === '/events';
    await useAll(t, request.url, withoutAtomics ? { useAtomics: false } : {});
    response.end('done');
  });
  const port = await t.listen(server);
  for (const path of ['/atomics', '/events']) {
    await new Promise((resolve) =>
      http.get({ host: '127.0.0.1', port, path, agent: false }, (response) => response.resume().on('end', resolve)),
    );
  }
  port1.postMessage({ taskId: 1, task: 2, filename: 3 });
  t.note('ports in the main thread', [
    receiveMessageOnPort(port2),
    Reflect.ownKeys(port1).length,
    Reflect.ownKeys(MessagePort.prototype).map(String),
  ]);
  port1.close();
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {};
