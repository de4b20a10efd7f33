'use strict';
// A worker thread of the application: says that it runs, then waits to be ended.
const { parentPort } = require('node:worker_threads');

parentPort.postMessage('runs');
parentPort.on('message', () => {});
