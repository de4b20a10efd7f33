/**
 * Rows of the variable table for metrics and logs, which come later. Accepted and checked; nothing reads them. Data only.
 */
import type { Capability, Variable, VariableRows } from '../variable.js';
import { signalRows } from './otlp.js';

function comingWith(later: Capability, rows: VariableRows): VariableRows {
  const marked = Object.entries(rows).map(([name, row]): [string, Variable] => [name, { ...row, later }]);
  return Object.fromEntries(marked);
}

const METRICS_ROWS = signalRows('METRICS');

export const METRICS: VariableRows = comingWith('metrics', {
  OTEL_METRICS_EXPORTER: {
    type: 'enum list',
    default: ['otlp'],
    allowed: ['otlp', 'prometheus', 'console', 'otlp/stdout', 'none'],
    spellings: { logging: 'console' },
    source: 'specification',
    description: 'Where metrics go.',
  },
  OTEL_METRIC_EXPORT_TIMEOUT: {
    type: 'timeout',
    default: 30000,
    source: 'specification',
    description: 'Longest time of one metric export.',
  },
  OTEL_METRICS_EXEMPLAR_FILTER: {
    type: 'enum',
    default: 'trace_based',
    allowed: ['always_on', 'always_off', 'trace_based'],
    source: 'specification',
    description: 'Which measurements become exemplars.',
  },
  OTEL_EXPORTER_PROMETHEUS_HOST: {
    type: 'string',
    default: 'localhost',
    source: 'specification',
    description: 'Address the Prometheus endpoint listens on.',
  },
  OTEL_EXPORTER_PROMETHEUS_PORT: {
    type: 'integer',
    default: 9464,
    source: 'specification',
    description: 'Port of the Prometheus endpoint.',
  },
  ...METRICS_ROWS,
  OTEL_EXPORTER_OTLP_METRICS_INSECURE: {
    ...METRICS_ROWS.OTEL_EXPORTER_OTLP_METRICS_INSECURE,
    aliases: ['OTEL_EXPORTER_OTLP_METRIC_INSECURE'],
  },
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: {
    type: 'enum',
    default: 'cumulative',
    allowed: ['cumulative', 'delta', 'lowmemory'],
    source: 'specification',
    description: 'Temporality of exported sums and histograms.',
  },
  OTEL_EXPORTER_OTLP_METRICS_DEFAULT_HISTOGRAM_AGGREGATION: {
    type: 'enum',
    default: 'explicit_bucket_histogram',
    allowed: ['explicit_bucket_histogram', 'base2_exponential_bucket_histogram'],
    source: 'specification',
    description: 'Kind of exported histograms.',
  },
});

export const LOGS: VariableRows = comingWith('logs', {
  OTEL_LOGS_EXPORTER: {
    type: 'enum list',
    default: ['otlp'],
    allowed: ['otlp', 'console', 'otlp/stdout', 'none'],
    spellings: { logging: 'console' },
    source: 'specification',
    description: 'Where log records go.',
  },
  OTEL_BLRP_SCHEDULE_DELAY: {
    type: 'duration',
    default: 1000,
    source: 'specification',
    description: 'Longest time a log record waits before its batch is exported.',
  },
  OTEL_BLRP_EXPORT_TIMEOUT: {
    type: 'timeout',
    default: 30000,
    source: 'specification',
    description: 'Longest time of one log export.',
  },
  OTEL_BLRP_MAX_QUEUE_SIZE: {
    type: 'integer',
    default: 2048,
    minimum: 1,
    source: 'specification',
    description: 'Log records held in memory.',
  },
  OTEL_BLRP_MAX_EXPORT_BATCH_SIZE: {
    type: 'integer',
    default: 512,
    minimum: 1,
    source: 'specification',
    description: 'Most log records in one export request.',
  },
  OTEL_LOGRECORD_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    type: 'integer',
    default: Number.POSITIVE_INFINITY,
    source: 'specification',
    description: 'Longest text of a log record attribute value, in characters.',
  },
  OTEL_LOGRECORD_ATTRIBUTE_COUNT_LIMIT: {
    type: 'integer',
    default: 128,
    source: 'specification',
    description: 'Most attributes of a log record.',
  },
  ...signalRows('LOGS'),
});
