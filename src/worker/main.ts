/**
 * Entry of the exporting thread: connects the message port with the exporter. Runs by itself only in the worker that
 * pipeline/worker-channel.ts starts; anywhere else it exports `createExporter` and does nothing.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import {
  type FromExporter,
  PROTOCOL_VERSION,
  SLOT_SIGNAL,
  type ToExporter,
  type WorkerStart,
} from '../pipeline/protocol.js';
import { createExporter } from './exporter.js';

export { createExporter };

function runInWorker(start: WorkerStart): void {
  const port = start.port as MessagePort;
  const slots = new Int32Array(start.slots);
  const post = (message: FromExporter): void => {
    port.postMessage(message);
    Atomics.add(slots, SLOT_SIGNAL, 1);
    Atomics.notify(slots, SLOT_SIGNAL);
  };
  const exporter = createExporter(start.settings, post);
  port.on('message', (message: ToExporter) => exporter.receive(message));
  post({ verb: 'READY' });
}

const start = workerData as Partial<WorkerStart> | null | undefined;
if (start?.traceAgent === PROTOCOL_VERSION) runInWorker(start as WorkerStart);
