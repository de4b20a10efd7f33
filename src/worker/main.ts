/**
 * Entry of the exporting thread: connects the message port with the export loop. Runs by itself only in the worker that
 * pipeline/worker-channel.ts starts; anywhere else it exports `createExporter` and does nothing.
 */
import { type MessagePort, workerData } from 'node:worker_threads';
import {
  type BatchMessage,
  type ExporterHandle,
  type ExportSettings,
  type FromExporter,
  PROTOCOL_VERSION,
  SLOT_SIGNAL,
  type ToExporter,
  type WorkerStart,
} from '../pipeline/protocol.js';
import { ExportLoop } from './export-loop.js';
import type { Outcome } from './outcome.js';
import { createSender } from './sender.js';

function faultOutcome(error: unknown): Outcome {
  const detail = error instanceof Error ? error.message : String(error);
  return { kind: 'failed', failure: { failureClass: 'exporter_fault', detail }, dropReason: 'exporter_fault' };
}

/** Creates an exporter that answers through `post`. Opens no connection before the first batch. */
export function createExporter(settings: ExportSettings, post: (message: FromExporter) => void): ExporterHandle {
  let resource: Uint8Array = new Uint8Array(0);
  const sender = createSender(settings);
  const loop = new ExportLoop<BatchMessage>({
    timeoutMillis: settings.timeoutMillis,
    maxConcurrentExports: settings.maxConcurrentExports,
    post,
    async send(batch, timeoutMillis) {
      try {
        return await sender.send(resource, Buffer.from(batch.chunk, 0, batch.byteLength), timeoutMillis);
      } catch (error) {
        return faultOutcome(error);
      }
    },
  });
  return {
    receive(message: ToExporter) {
      if (message.verb === 'BATCH') loop.push(message);
      else if (message.verb === 'RESOURCE') resource = message.bytes;
      else if (message.verb === 'FLUSH') loop.flush(message.id, message.deadlineEpochMillis - Date.now());
      else {
        loop.stop();
        sender.close();
      }
    },
  };
}

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
