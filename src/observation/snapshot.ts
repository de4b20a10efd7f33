/**
 * What the agent knows about itself at one moment, as plain data: read by `trace-agent doctor` from a running process and
 * at the end of one. Loaded only when OTEL_NODE_DIAGNOSTICS_DIRECTORY or OTEL_NODE_EXPERIMENTAL_SDK_METRICS is set.
 */
import type { AgentConfig } from '../config/types.js';
import type { Tally } from '../diag/log.js';
import type { RegistryReport } from '../instrumentation/registry.js';
import type { DeliveryCounters } from '../pipeline/counters.js';
import type { ExportStats } from '../pipeline/protocol.js';
import type { StartedCount } from '../sdk/span-counts.js';

/** Grows on an incompatible change: agent and doctor may be of different versions. */
export const SNAPSHOT_VERSION = 1;

export interface LibrarySnapshot {
  readonly module: string;
  readonly version: string | null;
  /** See LibraryState of instrumentation/libraries.ts. */
  readonly state: string;
  readonly reason: string | null;
}

export interface MessageSnapshot {
  readonly code: string;
  readonly severity: string;
  readonly text: string;
  readonly count: number;
}

export interface PipelineSnapshot {
  /** `otlp` or `zipkin`. */
  readonly destination: string;
  /** Without credentials. */
  readonly url: string;
  readonly counters: DeliveryCounters;
  readonly queueCapacity: number;
  /** Where the exporter runs: `idle`, `worker`, `in-process`, `broken`, `stopped`. */
  readonly exporter: string;
  readonly workerRestarts: number;
  /** Undefined before the exporter has said anything. */
  readonly exports: ExportStats | undefined;
}

export interface Snapshot {
  readonly snapshotVersion: typeof SNAPSHOT_VERSION;
  readonly takenAt: string;
  readonly agentVersion: string;
  readonly process: {
    readonly pid: number;
    readonly nodeVersion: string;
    readonly uptimeSeconds: number;
    readonly entry: string | null;
    /** Null while it runs. */
    readonly end: 'ended' | null;
  };
  readonly service: { readonly name: string; readonly source: string };
  readonly sampler: string;
  readonly libraries: readonly LibrarySnapshot[];
  /** Spans that were started, by the sampler's result (`RECORD_AND_SAMPLE`, `DROP`). */
  readonly started: Readonly<Record<string, number>>;
  /** The same, by where the parent came from, too. */
  readonly startedByOrigin: readonly StartedCount[];
  /** Spans that have not ended, by the sampler's result. */
  readonly live: Readonly<Record<string, number>>;
  readonly pipelines: readonly PipelineSnapshot[];
  /** Faults of the agent's own code, by instrumentation. */
  readonly faults: Readonly<Record<string, number>>;
  /** Warnings and errors so far, written or not. */
  readonly messages: readonly MessageSnapshot[];
}

export interface SnapshotSources {
  readonly config: AgentConfig;
  readonly agentVersion: string;
  readonly service: { readonly name: string; readonly source: string };
  readonly entryFile: string | undefined;
  readonly registry: { readonly report: RegistryReport };
  readonly pipelines: readonly { observe(): PipelineSnapshot }[];
  readonly counts: { list(): readonly StartedCount[]; live(): Readonly<Record<string, number>> };
  readonly tally: () => readonly Tally[];
}

const FAULT: Tally['code'] = 'TA2005';

function librariesOf(report: RegistryReport): LibrarySnapshot[] {
  return report.libraries
    .list()
    .map(({ module, version, state, reason }) => ({ module, version: version ?? null, state, reason: reason ?? null }));
}

function sumByResult(counts: readonly StartedCount[]): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { result, count } of counts) sums[result] = (sums[result] ?? 0) + count;
  return sums;
}

/** Takes a snapshot. Never throws. */
export function takeSnapshot(sources: SnapshotSources, end: 'ended' | null = null): Snapshot {
  const tally = sources.tally();
  const faults = tally.filter(({ code }) => code === FAULT).map(({ key, count }) => [key, count] as const);
  const { name, ratio } = sources.config.sampler;
  return {
    snapshotVersion: SNAPSHOT_VERSION,
    takenAt: new Date().toISOString(),
    agentVersion: sources.agentVersion,
    process: {
      pid: process.pid,
      nodeVersion: process.versions.node,
      uptimeSeconds: Math.round(process.uptime() * 10) / 10,
      entry: sources.entryFile ?? null,
      end,
    },
    service: { name: sources.service.name, source: sources.service.source },
    sampler: /(ratio|probability)$/.test(name) ? `${name}(${ratio})` : name,
    libraries: librariesOf(sources.registry.report),
    started: sumByResult(sources.counts.list()),
    startedByOrigin: sources.counts.list(),
    live: sources.counts.live(),
    pipelines: sources.pipelines.map((pipeline) => pipeline.observe()),
    faults: Object.fromEntries(faults),
    messages: tally.map(({ code, severity, text, count }) => ({ code, severity, text, count })),
  };
}
