/**
 * From the agent's configuration to what the exporting thread is given. Application's thread; loads nothing.
 */
import type { AgentConfig } from '../config/types.js';
import type { ExportSettings, SpoolSettings } from './protocol.js';
import type { QueueLimits } from './span-queue.js';

/** Where the spans of one pipeline go. */
export type Destination = 'otlp' | 'zipkin';

/** Settings of the delivery that are not part of the official SDK. */
export interface DeliverySettings {
  /** OTEL_NODE_MAX_QUEUE_BYTES */
  readonly maxQueueBytes: number;
  /** OTEL_NODE_EXPORT_CONCURRENCY: requests under way at once. */
  readonly maxConcurrentExports: number;
  /** OTEL_NODE_SPOOL_*; undefined = no spool. */
  readonly spool: SpoolSettings | undefined;
}

export const DEFAULT_DELIVERY: DeliverySettings = {
  maxQueueBytes: 32 * 1024 * 1024,
  maxConcurrentExports: 4,
  spool: undefined,
};

/** Spans that may wait when OTEL_BSP_MAX_QUEUE_SIZE is not set: a burst of 10,000 and what comes meanwhile. */
const DEFAULT_MAX_SPANS = 20_000;

export function queueLimits(config: AgentConfig, delivery: DeliverySettings): QueueLimits {
  const { batch } = config;
  const maxSpans = batch.isQueueSizeExplicit ? batch.maxQueueSize : Math.max(DEFAULT_MAX_SPANS, batch.maxQueueSize);
  return { maxSpans, maxBytes: delivery.maxQueueBytes, maxBatchSpans: Math.min(batch.maxExportBatchSize, maxSpans) };
}

/** `userAgent` names the agent and the SDK, as the OTLP exporter specification asks. */
export function exportSettings(
  config: AgentConfig,
  destination: Destination,
  delivery: DeliverySettings,
  userAgent: string,
): ExportSettings {
  const { otlp, zipkin, batch } = config;
  const common = { userAgent, maxConcurrentExports: delivery.maxConcurrentExports, spool: delivery.spool };
  if (destination === 'zipkin') {
    return {
      ...common,
      kind: 'zipkin',
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
    url: otlp.endpoint,
    headers: otlp.headers,
    compression: otlp.compression,
    timeoutMillis: Math.min(otlp.timeoutMillis, batch.exportTimeoutMillis),
    certificateFile: otlp.certificateFile,
    clientKeyFile: otlp.clientKeyFile,
    clientCertificateFile: otlp.clientCertificateFile,
  };
}
