'use strict';
// An application that ends `count` spans and then ends itself in the way its first argument names. It knows the API
// package alone. Just before its end it prints one line: END <monotonic nanoseconds>, the same clock in every process.
const { trace } = require('@opentelemetry/api');

const [, , way, count = '100'] = process.argv;

function makeSpans(amount) {
  const tracer = trace.getTracer('bench');
  for (let index = 0; index < amount; index++) {
    tracer
      .startSpan('operation', { attributes: { index, 'url.path': `/users/${index}`, 'http.route': '/users/:id' } })
      .end();
  }
}

function mark() {
  require('node:fs').writeSync(1, `END ${process.hrtime.bigint()}\n`);
}

const end = (action) => () => {
  mark();
  action();
};

/** Keeps the process alive until a signal; the parent sends it when it has read "ready". */
function waitForSignal() {
  setInterval(() => {}, 1000);
  require('node:fs').writeSync(1, 'ready\n');
}

function inCluster(leave) {
  const cluster = require('node:cluster');
  if (cluster.isPrimary) {
    const worker = cluster.fork();
    worker.on('message', () => end(() => leave(worker))());
    worker.on('exit', (code, signal) => {
      process.exitCode = signal === null ? code : 99;
    });
    return;
  }
  const server = require('node:http').createServer(() => {});
  server.listen(0, '127.0.0.1', () => {
    makeSpans(Number(count));
    process.send('done');
  });
}

function inThread(leave) {
  const { Worker, isMainThread } = require('node:worker_threads');
  if (isMainThread) {
    new Worker(__filename, { argv: [way, count] }).on('exit', (code) => {
      process.exitCode = code;
    });
    return;
  }
  makeSpans(Number(count));
  end(leave)();
}

const ways = {
  natural: () =>
    setTimeout(
      end(() => {}),
      200,
    ),
  'process.exit(0)': () =>
    setTimeout(
      end(() => process.exit(0)),
      200,
    ),
  'process.exit(3)': () =>
    setTimeout(
      end(() => process.exit(3)),
      200,
    ),
  'process.exitCode = 4': () =>
    setTimeout(
      end(() => {
        process.exitCode = 4;
      }),
      200,
    ),
  'uncaught exception': () =>
    setTimeout(
      end(() => {
        throw new Error('thrown on purpose');
      }),
      200,
    ),
  'unhandled rejection': () =>
    setTimeout(
      end(() => void Promise.reject(new Error('rejected on purpose'))),
      200,
    ),
  SIGTERM: waitForSignal,
  SIGINT: waitForSignal,
  SIGHUP: waitForSignal,
  'SIGTERM, handler drains': () => {
    process.once('SIGTERM', () =>
      setTimeout(
        end(() => clearInterval(keepAlive)),
        100,
      ),
    );
    const keepAlive = setInterval(() => {}, 1000);
    require('node:fs').writeSync(1, 'ready\n');
  },
  'SIGTERM, handler exits': () => {
    process.on(
      'SIGTERM',
      end(() => process.exit(6)),
    );
    waitForSignal();
  },
  'sync script': end(() => {}),
  'sync script, process.exit(0)': end(() => process.exit(0)),
  'burst of 10,000, natural': end(() => {}),
  'burst of 10,000, process.exit(0)': end(() => process.exit(0)),
  'cluster worker disconnects': () => inCluster((worker) => worker.disconnect()),
  'cluster worker killed (SIGTERM)': () => inCluster((worker) => worker.process.kill('SIGTERM')),
  'worker thread ends': () => inThread(() => {}),
  'worker thread, process.exit(5)': () => inThread(() => process.exit(5)),
};

const isThreaded = way.startsWith('worker thread') || way.startsWith('cluster');
if (!isThreaded) makeSpans(Number(count));
ways[way]();
