/**
 * Makes a process readable for the doctor: local socket while it runs, file when it has ended. Application's threads;
 * loaded only when OTEL_NODE_DIAGNOSTICS_DIRECTORY is set.
 */
import type { MeterProvider } from '@opentelemetry/api';
import type { Deliverer } from '../lifecycle/exit-hooks.js';
import type { PipelineDiagnostics } from '../pipeline/span-pipeline.js';
import { createSpanCounts } from '../sdk/span-counts.js';
import { socketPath, threadName, writeFinalSnapshot } from './final-snapshot.js';
import { type Snapshot, type SnapshotSources, takeSnapshot } from './snapshot.js';

export interface Diagnostics {
  readonly pipeline: PipelineDiagnostics;
  /** For the tracer provider, which counts started spans in it. */
  readonly meterProvider: MeterProvider;
  /** Tells where everything else is known; nothing can be read before. */
  attach(sources: Omit<SnapshotSources, 'started'>): void;
  /** Writes the file after the last delivery. */
  wrap(deliverer: Deliverer): Deliverer;
}

/** Starts nothing: the exporting thread opens the socket. */
export function createDiagnostics(directory: string): Diagnostics {
  const counts = createSpanCounts();
  const name = threadName();
  let sources: SnapshotSources | undefined;
  const started = (): Record<string, number> => {
    const sums: Record<string, number> = {};
    for (const { result, count } of counts.list()) sums[result] = (sums[result] ?? 0) + count;
    return sums;
  };
  const take = (end: Snapshot['process']['end']): Snapshot | null =>
    sources === undefined ? null : takeSnapshot(sources, end);
  return {
    pipeline: { socket: socketPath(directory, name), describe: () => JSON.stringify(take(null)) },
    meterProvider: counts.meterProvider,
    attach(known) {
      sources = { ...known, started };
    },
    wrap: (deliverer) => ({
      ...deliverer,
      flushSync(timeoutMillis) {
        deliverer.flushSync(timeoutMillis);
        const last = take('ended');
        if (last !== null) writeFinalSnapshot(directory, name, last);
      },
    }),
  };
}
