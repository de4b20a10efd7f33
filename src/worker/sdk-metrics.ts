/**
 * The agent's own counters as OTLP metrics, with the names of the specification. Worker; loaded only when
 * OTEL_NODE_EXPERIMENTAL_SDK_METRICS asks for them. Cumulative, so that an export that fails loses nothing.
 *
 *   interval ─► ASK ─► application's thread ─► SNAPSHOT ─► metrics ─► collector
 *   flush    ─► SNAPSHOT comes before it ────────────────────┘
 *
 * Spec: semantic conventions, otel/sdk-metrics.
 */
import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { JsonMetricsSerializer, ProtobufMetricsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  DataPointType,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { Snapshot } from '../observation/snapshot.js';
import { DROP_REASONS, type ExportKind, type ExportSettings, type MetricsSettings } from '../pipeline/protocol.js';
import { DURATION_BOUNDS, type StatsKeeper } from './export-stats.js';
import type { Outcome, Transport } from './outcome.js';
import { createMetricsTransport } from './sender.js';

/** ASK with this id is answered for the metrics. */
export const METRICS_ASK_ID = -1;

/** Reasons for which a span never reached the exporter; the others are the exporter's. */
const OF_PROCESSOR: ReadonlySet<string> = new Set([
  ...['queue_full', 'queue_bytes_full', 'span_too_large', 'encode_error', 'after_shutdown'],
]);

const PROCESSOR = 'batching_span_processor';
const EXPORTERS: Readonly<Record<ExportKind, string>> = {
  grpc: 'otlp_grpc_span_exporter',
  'http/protobuf': 'otlp_http_span_exporter',
  'http/json': 'otlp_http_json_span_exporter',
  zipkin: 'zipkin_http_span_exporter',
};

interface Point<T> {
  readonly value: T;
  readonly attributes: Attributes;
}

function hrTime(epochMillis: number): HrTime {
  return [Math.floor(epochMillis / 1000), (epochMillis % 1000) * 1e6];
}

/** Builds one export from what both threads know. */
class MetricsBuilder {
  readonly metrics: MetricData[] = [];
  readonly #startTime: HrTime;
  readonly #endTime = hrTime(Date.now());

  constructor(startEpochMillis: number) {
    this.#startTime = hrTime(startEpochMillis);
  }

  sum(name: string, description: string, isMonotonic: boolean, points: readonly Point<number>[]): void {
    this.metrics.push({
      descriptor: { name, description, unit: '{span}', valueType: ValueType.INT },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.SUM,
      isMonotonic,
      dataPoints: points.map((point) => ({ ...point, startTime: this.#startTime, endTime: this.#endTime })),
    });
  }

  durations(name: string, description: string, points: ReturnType<StatsKeeper['durations']>, common: Attributes): void {
    this.metrics.push({
      descriptor: { name, description, unit: 's', valueType: ValueType.DOUBLE },
      aggregationTemporality: AggregationTemporality.CUMULATIVE,
      dataPointType: DataPointType.HISTOGRAM,
      dataPoints: points.map(({ failureClass, buckets, count, sumMillis }) => ({
        attributes: { ...common, ...(failureClass === undefined ? {} : { 'error.type': failureClass }) },
        value: { buckets: { boundaries: DURATION_BOUNDS, counts: [...buckets] }, count, sum: sumMillis / 1000 },
        startTime: this.#startTime,
        endTime: this.#endTime,
      })),
    });
  }
}

function componentOf(type: string): Attributes {
  return { 'otel.component.type': type, 'otel.component.name': `${type}/0` };
}

function serverOf(url: string): Attributes {
  const { hostname, port, protocol } = new URL(url);
  const usual = protocol === 'https:' ? 443 : 80;
  return { 'server.address': hostname, 'server.port': port === '' ? usual : Number(port) };
}

export interface SdkMetricsOptions {
  readonly settings: ExportSettings & { readonly metrics: MetricsSettings };
  readonly stats: StatsKeeper;
  readonly ask: () => void;
  /** `isOver`: nothing will be sent again. */
  readonly onTrouble: (detail: string, isOver: boolean) => void;
}

export class SdkMetrics {
  readonly #options: SdkMetricsOptions;
  readonly #timer: NodeJS.Timeout;
  #last: Snapshot | undefined;
  #transport: { readonly kind: ExportKind; readonly transport: Transport } | undefined;
  #isOver = false;

  constructor(options: SdkMetricsOptions) {
    this.#options = options;
    const { intervalMillis } = options.settings.metrics;
    this.#timer = setInterval(options.ask, Math.min(intervalMillis, 2 ** 31 - 1)).unref();
  }

  /** The application's thread says what it knows; `isAsked`: because it was asked. */
  answer(text: string, isAsked: boolean): void {
    this.#last = (JSON.parse(text) as Snapshot | null) ?? this.#last;
    if (isAsked) void this.export(this.#options.settings.timeoutMillis);
  }

  /** Sends what is known now. Never rejects. */
  async export(timeoutMillis: number): Promise<void> {
    if (this.#last === undefined || this.#isOver || timeoutMillis <= 0) return;
    try {
      const { kind } = this.#options.stats;
      const serializer = kind === 'http/json' ? JsonMetricsSerializer : ProtobufMetricsSerializer;
      const body = serializer.serializeRequest(this.#build(this.#last, kind));
      if (body === undefined) return;
      this.#judge(await this.#transportFor(kind).send(Buffer.from(body), timeoutMillis));
    } catch (error) {
      this.#options.onTrouble(String(error), false);
    }
  }

  close(): void {
    this.#isOver = true;
    clearInterval(this.#timer);
    this.#transport?.transport.close();
  }

  #transportFor(kind: ExportKind): Transport {
    if (this.#transport?.kind !== kind) {
      this.#transport?.transport.close();
      const { settings } = this.#options;
      this.#transport = { kind, transport: createMetricsTransport({ ...settings, kind, url: settings.metrics.url }) };
    }
    return this.#transport.transport;
  }

  #judge(outcome: Outcome): void {
    if (outcome.kind === 'delivered') return;
    const { failureClass, detail } = outcome.failure;
    // A back end for traces alone: HTTP 404, or UNIMPLEMENTED.
    const isUnknown = failureClass === 'not_found';
    if (isUnknown) this.close();
    this.#options.onTrouble(detail, isUnknown);
  }

  #build(snapshot: Snapshot, kind: ExportKind): ResourceMetrics {
    const { settings, stats } = this.#options;
    const builder = new MetricsBuilder(settings.metrics.startEpochMillis);
    this.#addSpans(builder, snapshot);
    this.#addProcessor(builder, snapshot);
    const exporter = { ...componentOf(EXPORTERS[kind]), ...serverOf(settings.url) };
    const points = stats.spans().map(({ reason, count }) => ({
      value: count,
      attributes: { ...exporter, ...(reason === undefined ? {} : { 'error.type': reason }) },
    }));
    builder.sum('otel.sdk.exporter.span.exported', 'Spans for which the export has finished', true, points);
    const inFlight = { value: stats.read().inFlightSpans, attributes: exporter };
    builder.sum('otel.sdk.exporter.span.inflight', 'Spans that are being exported', false, [inFlight]);
    builder.durations('otel.sdk.exporter.operation.duration', 'Duration of requests', stats.durations(), exporter);
    const scope = { name: '@org/trace-agent', version: settings.metrics.scopeVersion };
    return {
      resource: resourceFromAttributes(settings.metrics.resource as Attributes),
      scopeMetrics: [{ scope, metrics: builder.metrics }],
    };
  }

  #addSpans(builder: MetricsBuilder, { startedByOrigin, live }: Snapshot): void {
    const started = startedByOrigin.map(({ parentOrigin, result, count }) => ({
      value: count,
      attributes: { 'otel.span.parent.origin': parentOrigin, 'otel.span.sampling_result': result },
    }));
    builder.sum('otel.sdk.span.started', 'Spans that were started', true, started);
    const open = Object.entries(live).map(([result, value]) => ({
      value,
      attributes: { 'otel.span.sampling_result': result },
    }));
    builder.sum('otel.sdk.span.live', 'Spans that have not ended', false, open);
  }

  #addProcessor(builder: MetricsBuilder, { pipelines }: Snapshot): void {
    const pipeline = pipelines[0];
    if (pipeline === undefined) return;
    const { counters, queueCapacity } = pipeline;
    const component = componentOf(PROCESSOR);
    const refused = DROP_REASONS.filter((reason) => OF_PROCESSOR.has(reason) && counters.dropped[reason] > 0);
    const lost = refused.reduce((sum, reason) => sum + counters.dropped[reason], 0);
    const processed = [
      { value: counters.created - lost, attributes: component },
      ...refused.map((reason) => ({
        value: counters.dropped[reason],
        attributes: { ...component, 'error.type': reason },
      })),
    ];
    builder.sum('otel.sdk.processor.span.processed', 'Spans that were handed over or dropped', true, processed);
    const queued = { value: counters.queued, attributes: component };
    builder.sum('otel.sdk.processor.span.queue.size', 'Spans that wait or are on their way', false, [queued]);
    const capacity = { value: queueCapacity, attributes: component };
    builder.sum('otel.sdk.processor.span.queue.capacity', 'Spans that may wait', false, [capacity]);
  }
}
