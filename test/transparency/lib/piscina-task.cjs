'use strict';
// The tasks of scenarios/piscina.cjs, in a thread of the pool.
const { MessageChannel, MessagePort, parentPort, receiveMessageOnPort } = require('node:worker_threads');

const shapeOf = ({ name, length }) => [name, length];

function reflect(task) {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage({ mine: 1 });
  return {
    task: Object.keys(task),
    received: receiveMessageOnPort(port2),
    nothing: receiveMessageOnPort(port2) === undefined,
    functions: [receiveMessageOnPort, MessagePort.prototype.postMessage].map(shapeOf),
    port: Reflect.ownKeys(parentPort).length,
    events: parentPort.listenerCount('message'),
  };
}

module.exports = async (task) => {
  switch (task?.kind) {
    case 'echo':
      return task.value;
    case 'reflect':
      return reflect(task);
    case 'post':
      parentPort.postMessage({ taskId: 'mine', text: 'from a task' });
      await new Promise((resolve) => setImmediate(resolve));
      return 'posted';
    case 'throw':
      throw Object.assign(new RangeError('thrown'), { code: 'E_MINE' });
    case 'reject':
      return Promise.reject(new TypeError('rejected'));
    case 'text':
      throw 'a text';
    case 'unclonable':
      return () => undefined;
    case 'wait':
      return new Promise((resolve) => setTimeout(resolve, 60_000));
    default:
      return task;
  }
};
