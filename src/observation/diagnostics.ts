/**
 * Makes a process readable from outside: local socket while it runs and file when it has ended, for the doctor; metrics
 * for a collector. Application's threads; loaded only when OTEL_NODE_DIAGNOSTICS_DIRECTORY or
 * OTEL_NODE_EXPERIMENTAL_SDK_METRICS is set.
 */
import type { Deliverer } from '../lifecycle/exit-hooks.js';
import type { PipelineDiagnostics } from '../pipeline/span-pipeline.js';
import type { SpanCounter } from '../sdk/span.js';
import { createSpanCounts } from '../sdk/span-counts.js';
import { socketPath, threadName, writeFinalSnapshot } from './final-snapshot.js';
import { type Snapshot, type SnapshotSources, takeSnapshot } from './snapshot.js';

export interface Diagnostics {
  readonly pipeline: PipelineDiagnostics;
  /** Of started spans; for the tracer provider. */
  readonly counter: SpanCounter;
  /** Tells where everything else is known; nothing can be read before. */
  attach(sources: Omit<SnapshotSources, 'counts'>): void;
  /** Writes the file after the last delivery. */
  wrap(deliverer: Deliverer): Deliverer;
}

export interface DiagnosticsOptions {
  /** For socket and file; undefined = neither. */
  readonly directory: string | undefined;
  readonly metrics: PipelineDiagnostics['metrics'];
}

/** Starts nothing: the exporting thread opens the socket and sends the metrics. */
export function createDiagnostics({ directory, metrics }: DiagnosticsOptions): Diagnostics {
  const counts = createSpanCounts();
  const name = threadName();
  let sources: SnapshotSources | undefined;
  const take = (end: Snapshot['process']['end']): Snapshot | null =>
    sources === undefined ? null : takeSnapshot(sources, end);
  return {
    pipeline: {
      socket: directory === undefined ? undefined : socketPath(directory, name),
      metrics,
      describe: () => JSON.stringify(take(null)),
    },
    counter: counts.counter,
    attach(known) {
      sources = { ...known, counts };
    },
    wrap: (deliverer) => ({
      ...deliverer,
      flushSync(timeoutMillis) {
        deliverer.flushSync(timeoutMillis);
        const last = directory === undefined ? null : take('ended');
        if (directory !== undefined && last !== null) writeFinalSnapshot(directory, name, last);
      },
    }),
  };
}
