/**
 * From the agent's configuration to what the exporting thread is given. Application's thread; loads nothing.
 */
import type { AgentConfig } from '../config/types.js';
import type { ExportSettings, MetricsSettings, SpoolSettings } from './protocol.js';
import type { QueueLimits } from './span-queue.js';

/** Where the spans of one pipeline go. */
export type Destination = 'otlp' | 'zipkin';

/** Settings of the delivery that are not part of the official SDK. */
export interface DeliverySettings {
  /** OTEL_NODE_MAX_QUEUE_BYTES */
  readonly maxQueueBytes: number;
  /** OTEL_NODE_EXPORT_CONCURRENCY: requests under way at once. */
  readonly maxConcurrentExports: number;
  /** OTEL_NODE_SPOOL_DIRECTORY, _MAX_MIB (in bytes here), _MAX_AGE; undefined = no spool. */
  readonly spool: Omit<SpoolSettings, 'owner'> | undefined;
}

export const DEFAULT_DELIVERY: DeliverySettings = {
  maxQueueBytes: 32 * 1024 * 1024,
  maxConcurrentExports: 4,
  spool: undefined,
};

/** Spans that may wait when OTEL_BSP_MAX_QUEUE_SIZE is not set: a burst of 10,000 and what comes meanwhile. */
const DEFAULT_MAX_SPANS = 20_000;

/** What OTEL_BSP_MAX_QUEUE_SIZE comes to. */
export function maxQueuedSpans({ batch }: AgentConfig): number {
  return batch.isQueueSizeExplicit ? batch.maxQueueSize : Math.max(DEFAULT_MAX_SPANS, batch.maxQueueSize);
}

export function queueLimits(config: AgentConfig, delivery: DeliverySettings): QueueLimits {
  const maxSpans = maxQueuedSpans(config);
  const maxBatchSpans = Math.min(config.batch.maxExportBatchSize, maxSpans);
  return { maxSpans, maxBytes: delivery.maxQueueBytes, maxBatchSpans };
}

/**
 * Unique among processes, containers and threads that share a directory; no need for it to be unpredictable. Starts with
 * the destination: what was meant for one is not adopted by another.
 */
function ownerName(destination: Destination): string {
  const random = Array.from({ length: 2 }, () => Math.floor(Math.random() * 2 ** 32).toString(16));
  return `${destination}-${Date.now().toString(16)}-${process.pid.toString(16)}-${random.join('')}`;
}

/** Beside the URL of the spans: `/v1/metrics` in the place of `/v1/traces`, or below it. */
export function metricsUrl(tracesUrl: string): string {
  const url = new URL(tracesUrl);
  const base = url.pathname.replace(/\/v1\/traces\/?$/, '').replace(/\/$/, '');
  url.pathname = `${base}/v1/metrics`;
  return url.href;
}

export interface DiagnosticsOptions {
  readonly diagnostics?:
    | {
        readonly socket: string | undefined;
        readonly metrics: Pick<MetricsSettings, 'intervalMillis' | 'scopeVersion'> | undefined;
      }
    | undefined;
  readonly readResource: () => Readonly<Record<string, unknown>>;
}

/** What the exporter is told about who wants to know. */
export function diagnosticsSettings(
  { otlp }: AgentConfig,
  { diagnostics, readResource }: DiagnosticsOptions,
): Pick<ExportSettings, 'diagnosticsSocket' | 'metrics'> {
  const diagnosticsSocket = diagnostics?.socket;
  if (diagnostics?.metrics === undefined) return { diagnosticsSocket, metrics: undefined };
  const metrics: MetricsSettings = {
    ...diagnostics.metrics,
    url: otlp.protocol === 'grpc' ? otlp.endpoint : metricsUrl(otlp.endpoint),
    startEpochMillis: Date.now(),
    // Read when the exporter starts, as the resource of the spans is.
    get resource() {
      return readResource();
    },
  };
  return { diagnosticsSocket, metrics };
}

/** `userAgent` names the agent and the SDK, as the OTLP exporter specification asks. */
export function exportSettings(
  config: AgentConfig,
  destination: Destination,
  delivery: DeliverySettings,
  userAgent: string,
  diagnostics: Pick<ExportSettings, 'diagnosticsSocket' | 'metrics'>,
): ExportSettings {
  const { otlp, zipkin, batch } = config;
  const spool = delivery.spool && { ...delivery.spool, owner: ownerName(destination) };
  const common = { userAgent, maxConcurrentExports: delivery.maxConcurrentExports, spool, ...diagnostics };
  if (destination === 'zipkin') {
    return {
      ...common,
      metrics: undefined,
      kind: 'zipkin',
      mayChangeKind: false,
      url: zipkin.endpoint,
      headers: {},
      compression: 'none',
      timeoutMillis: Math.min(zipkin.timeoutMillis, batch.exportTimeoutMillis),
      certificateFile: undefined,
      clientKeyFile: undefined,
      clientCertificateFile: undefined,
    };
  }
  return {
    ...common,
    kind: otlp.protocol,
    mayChangeKind: !otlp.isProtocolExplicit,
    url: otlp.endpoint,
    headers: otlp.headers,
    compression: otlp.compression,
    timeoutMillis: Math.min(otlp.timeoutMillis, batch.exportTimeoutMillis),
    certificateFile: otlp.certificateFile,
    clientKeyFile: otlp.clientKeyFile,
    clientCertificateFile: otlp.clientCertificateFile,
  };
}
