/**
 * Propagators, trace exporters, limits and batches.
 */
import { repairCredentials } from './endpoint.js';
import { VARIABLES } from './env-table.js';
import type { ExplainWord } from './parse-row.js';
import type { Settings } from './settings.js';
import type { BatchConfig, LimitsConfig, PropagatorName, TracesExporterName, ZipkinConfig } from './types.js';

/** `none` anywhere in the list wins: who writes it wants nothing sent. */
export function readPropagators(settings: Settings): readonly PropagatorName[] {
  return withoutNone(settings, 'OTEL_PROPAGATORS', settings.words('OTEL_PROPAGATORS'));
}

/** What is read is what is written, unless said otherwise. */
export function readExtractors(settings: Settings, propagators: readonly PropagatorName[]): readonly PropagatorName[] {
  const name = 'OTEL_NODE_EXTRACT_PROPAGATORS';
  if (settings.find(name) === undefined) return propagators;
  return withoutNone(settings, name, settings.words(name));
}

export function readTracesExporters(settings: Settings): readonly TracesExporterName[] {
  return withoutNone(settings, 'OTEL_TRACES_EXPORTER', settings.words('OTEL_TRACES_EXPORTER', explainJaeger));
}

const explainJaeger: ExplainWord = (word) =>
  word === 'jaeger'
    ? { reason: 'Jaeger takes OTLP itself, on port 4317 (grpc) and 4318 (http/protobuf)', use: 'otlp' }
    : undefined;

function withoutNone<W extends string>(
  settings: Settings,
  name: 'OTEL_PROPAGATORS' | 'OTEL_NODE_EXTRACT_PROPAGATORS' | 'OTEL_TRACES_EXPORTER',
  words: readonly W[],
): readonly Exclude<W, 'none'>[] {
  const others = words.filter((word): word is Exclude<W, 'none'> => word !== 'none');
  if (others.length === words.length) return others;
  const value = settings.find(name);
  if (value !== undefined && others.length > 0) settings.reportBadValue(value, 'has none among others', 'none');
  return [];
}

/** The general limit stands in for every more specific one that is not set. */
export function readLimits(settings: Settings): LimitsConfig {
  const length = 'OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT';
  const count = 'OTEL_ATTRIBUTE_COUNT_LIMIT';
  return {
    general: { attributeValueLengthLimit: settings.number(length), attributeCountLimit: settings.number(count) },
    span: {
      attributeValueLengthLimit: settings.number('OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT', length),
      attributeCountLimit: settings.number('OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT', count),
      eventCountLimit: settings.number('OTEL_SPAN_EVENT_COUNT_LIMIT'),
      linkCountLimit: settings.number('OTEL_SPAN_LINK_COUNT_LIMIT'),
      attributePerEventCountLimit: settings.number('OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT', count),
      attributePerLinkCountLimit: settings.number('OTEL_LINK_ATTRIBUTE_COUNT_LIMIT', count),
    },
  };
}

export function readBatch(settings: Settings): BatchConfig {
  const maxQueueSize = settings.number('OTEL_BSP_MAX_QUEUE_SIZE');
  return {
    scheduledDelayMillis: settings.number('OTEL_BSP_SCHEDULE_DELAY'),
    exportTimeoutMillis: settings.number('OTEL_BSP_EXPORT_TIMEOUT'),
    maxQueueSize,
    maxExportBatchSize: readBatchSize(settings, maxQueueSize),
    isQueueSizeExplicit: settings.isValid('OTEL_BSP_MAX_QUEUE_SIZE'),
  };
}

function readBatchSize(settings: Settings, maxQueueSize: number): number {
  const name = 'OTEL_BSP_MAX_EXPORT_BATCH_SIZE';
  const batchSize = settings.number(name);
  if (batchSize <= maxQueueSize) return batchSize;
  const value = settings.find(name);
  const reason = `is larger than the queue (OTEL_BSP_MAX_QUEUE_SIZE, ${maxQueueSize})`;
  if (settings.isValid(name) && value !== undefined) settings.reportBadValue(value, reason, String(maxQueueSize));
  return maxQueueSize;
}

export function readZipkin(settings: Settings): ZipkinConfig {
  return {
    endpoint: readZipkinEndpoint(settings),
    timeoutMillis: settings.number('OTEL_EXPORTER_ZIPKIN_TIMEOUT'),
  };
}

function readZipkinEndpoint(settings: Settings): string {
  const name = 'OTEL_EXPORTER_ZIPKIN_ENDPOINT';
  const value = settings.find(name);
  const fallback = VARIABLES[name].default;
  if (value === undefined) return fallback;
  if (URL.canParse(value.text) && /^https?:/i.test(value.text)) {
    const url = new URL(value.text);
    repairCredentials(settings, value, url);
    return url.href;
  }
  settings.reportBadEndpoint(value, 'is not a URL that starts with http:// or https://', fallback);
  return fallback;
}
