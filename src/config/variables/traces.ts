/**
 * Rows of the variable table: span batches, span limits and the choice of trace exporters. Data only.
 */
import type { VariableRows } from '../variable.js';

export const BATCH = {
  OTEL_BSP_SCHEDULE_DELAY: {
    type: 'duration',
    default: 5000,
    source: 'specification',
    description: 'Longest time a finished span waits before its batch is exported.',
  },
  OTEL_BSP_EXPORT_TIMEOUT: {
    type: 'timeout',
    default: 30000,
    source: 'specification',
    description: 'Longest time one batch may take, retries included, before it is given up.',
  },
  OTEL_BSP_MAX_QUEUE_SIZE: {
    type: 'integer',
    default: 2048,
    minimum: 1,
    source: 'specification',
    description: 'Finished spans held in memory. When the queue is full new spans are dropped and counted.',
  },
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: {
    type: 'integer',
    default: 512,
    minimum: 1,
    source: 'specification',
    description: 'Most spans in one export request. Lowered to OTEL_BSP_MAX_QUEUE_SIZE when larger.',
  },
} as const satisfies VariableRows;

export const LIMITS = {
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    type: 'integer',
    default: Number.POSITIVE_INFINITY,
    source: 'specification',
    description: 'Longest text of an attribute value, in characters, where no more specific limit is set.',
  },
  OTEL_ATTRIBUTE_COUNT_LIMIT: {
    type: 'integer',
    default: 128,
    source: 'specification',
    description: 'Most attributes of a span, event or link where no more specific limit is set.',
  },
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: {
    type: 'integer',
    default: Number.POSITIVE_INFINITY,
    defaultNote: '`OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT`',
    source: 'specification',
    description: 'Longest text of a span attribute value, in characters.',
  },
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: {
    type: 'integer',
    default: 128,
    defaultNote: '`OTEL_ATTRIBUTE_COUNT_LIMIT`',
    source: 'specification',
    description: 'Most attributes of a span.',
  },
  OTEL_SPAN_EVENT_COUNT_LIMIT: {
    type: 'integer',
    default: 128,
    source: 'specification',
    description: 'Most events of a span.',
  },
  OTEL_SPAN_LINK_COUNT_LIMIT: {
    type: 'integer',
    default: 128,
    source: 'specification',
    description: 'Most links of a span.',
  },
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: {
    type: 'integer',
    default: 128,
    defaultNote: '`OTEL_ATTRIBUTE_COUNT_LIMIT`',
    aliases: ['OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT'],
    source: 'specification',
    description: 'Most attributes of a span event.',
  },
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: {
    type: 'integer',
    default: 128,
    defaultNote: '`OTEL_ATTRIBUTE_COUNT_LIMIT`',
    aliases: ['OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT'],
    source: 'specification',
    description: 'Most attributes of a span link.',
  },
} as const satisfies VariableRows;

export const EXPORTERS = {
  OTEL_TRACES_EXPORTER: {
    type: 'enum list',
    default: ['otlp'],
    allowed: ['otlp', 'console', 'zipkin', 'none'],
    spellings: { logging: 'console' },
    laterValues: { 'otlp/stdout': 'otlp' },
    source: 'specification',
    description:
      'Where spans go; several may be given. `none` anywhere switches export off. `logging` is an old name of ' +
      '`console`. Jaeger has no exporter of its own: it takes OTLP on port 4317 (grpc) and 4318 (http).',
  },
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: {
    type: 'url',
    default: 'http://localhost:9411/api/v2/spans',
    source: 'specification',
    description: 'URL to which the Zipkin exporter posts.',
  },
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: {
    type: 'timeout',
    default: 10000,
    source: 'specification',
    description: 'Longest time of one Zipkin request.',
  },
  OTEL_EXPORTER_ZIPKIN_PROTOCOL: {
    type: 'enum',
    default: 'http/json',
    allowed: ['http/json', 'http/thrift', 'grpc'],
    source: 'specification',
    later: 'Zipkin protocols',
    description: 'A name the specification reserves.',
  },
} as const satisfies VariableRows;
