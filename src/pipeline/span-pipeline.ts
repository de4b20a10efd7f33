/**
 * The span processor of the agent: finished spans in, delivered spans and honest numbers out. Application's thread, on
 * the hot path; must not load the worker's code, `node:http` or anything else that could be patched later.
 *
 *   span.end() ─► onEnd ─► SpanQueue: bytes in a chunk ─► Delivery ─► worker thread ─► collector
 *                   │ full                │ batch size, OTEL_BSP_SCHEDULE_DELAY, flush      │
 *                   └► dropped, reason    └► handed over                 settled ◄──────────┘
 *
 * Every timer is made here, at boot, and re-armed later: a timer made inside a request would keep that request's
 * async context alive.
 */
import { AsyncResource } from 'node:async_hooks';
import type { Attributes, Context } from '@opentelemetry/api';
import type { ReadableSpan, Span } from '@opentelemetry/sdk-trace';
import type { AgentConfig } from '../config/types.js';
import type { Log } from '../diag/log.js';
import { busName, createSlots } from './bus.js';
import { createCounters, type DeliveryCounters, describeCounters } from './counters.js';
import { Delivery, type DeliveryOptions, type State } from './delivery.js';
import { createExportReport, describeUrl } from './export-report.js';
import { GuestDelivery } from './guest-delivery.js';
import { Host } from './host.js';
import type { RunUntraced } from './in-process-channel.js';
import { OpenSpans } from './open-spans.js';
import { encodeResource } from './otlp-encoder.js';
import { OtlpWriter } from './otlp-writer.js';
import type { DropReason, ExportStats } from './protocol.js';
import {
  DEFAULT_DELIVERY,
  type DeliverySettings,
  type Destination,
  diagnosticsSettings,
  exportSettings,
  queueLimits,
} from './settings.js';
import { type OpenChunk, type SealedBatch, SpanQueue } from './span-queue.js';

export interface SpanPipeline {
  onStart(span: Span, parentContext: Context): void;
  onEnd(span: ReadableSpan): void;
  /** The span has ended; whether it is sent shows later. */
  onHeld(span: ReadableSpan): void;
  /** A span that was held is not sent. */
  onDiscarded(span: ReadableSpan): void;
  /** So many spans that should be sent could not be held. */
  onLost(count: number): void;
  /**
   * Hands what has ended to the exporter, which starts if need be, and does not wait. For `beforeExit`: where the
   * exporter runs on this thread, the process stays alive for it, within the shutdown timeout. Never throws.
   */
  handOver(): void;
  /** Sends what has ended; resolves when that is done, hopeless for now, or `timeoutMillis` is over. Never rejects. */
  forceFlush(timeoutMillis?: number): Promise<void>;
  /** {@link forceFlush}, then drops the rest and lets the worker go. Never rejects. */
  shutdown(timeoutMillis?: number): Promise<void>;
  /** The same with this thread blocked, for the `exit` event. 0 = hand over and do not wait. Never throws. */
  flushSync(timeoutMillis: number): void;
  /** Ends every open span with an error status that says why. Call before the last flush. Never throws. */
  endOpenSpans(why: string, exception?: unknown): void;
  /** The application has started a worker thread, whose spans this pipeline sends, too. */
  onThreadStarted(): void;
  /** That worker thread of the application has ended. */
  onThreadEnded(threadId: number): void;
  /** Takes what worker threads have and have not handed over. Before the last flush. Never throws. */
  gatherThreads(): void;
  readonly counters: DeliveryCounters;
  /** The pipeline's numbers as plain data. */
  observe(): PipelineObservation;
  /** True when the exporter runs on this thread: flushSync cannot deliver then, forceFlush can. */
  readonly isInProcess: boolean;
}

export interface PipelineObservation {
  readonly destination: Destination;
  /** Without credentials. */
  readonly url: string;
  readonly counters: DeliveryCounters;
  readonly queueCapacity: number;
  readonly exporter: State;
  readonly workerRestarts: number;
  /** The exporter's last numbers; undefined before the first, and without diagnostics. */
  readonly exports: ExportStats | undefined;
}

/** Who wants to know about the agent, and what they are told. */
export interface PipelineDiagnostics {
  /** A local socket to open. */
  readonly socket: string | undefined;
  /** The agent's own metrics; undefined = none. */
  readonly metrics: { readonly intervalMillis: number; readonly scopeVersion: string } | undefined;
  /** A JSON document. Must not throw. */
  describe(): string;
}

export interface SpanPipelineOptions {
  readonly config: AgentConfig;
  /** Called when the exporter starts. */
  readonly readResource: () => Attributes;
  readonly resourceSchemaUrl?: string | undefined;
  readonly log: Log;
  /** Path of the built worker (dist/worker.js). */
  readonly exporterFile: string;
  /** For example `Trace-Agent/1.2.3 OTel-OTLP-Exporter-JavaScript/0.223.0`. */
  readonly userAgent: string;
  readonly destination?: Destination;
  /** True in an application's worker thread: the main thread sends its spans. */
  readonly isGuest?: boolean;
  readonly delivery?: Partial<DeliverySettings>;
  /** Proxy and TLS variables for the worker's own environment, e.g. HTTPS_PROXY, NO_PROXY. */
  readonly environment?: Readonly<Record<string, string>>;
  /**
   * Empties a span's attributes, events and links once they are bytes, so that a leaked async context does not keep them
   * alive. Only for the last processor of a provider: those after this one would see an empty span.
   */
  readonly releasesSpans?: boolean;
  /** False for all but one pipeline of a process: that one ends the open spans. Default true. */
  readonly followsOpenSpans?: boolean;
  /** Spans that are not sampled are sent, too: somebody before has chosen. */
  readonly takesUnsampled?: boolean;
  /** The exporter starts at once then. */
  readonly diagnostics?: PipelineDiagnostics | undefined;
  /** Runs a function with tracing suppressed; needed when the exporter has to run on this thread. */
  readonly runUntraced?: RunUntraced;
}

const SAMPLED = 1;
const STATUS_ERROR = 2;
/** The first span's end starts the worker this much later: the 3 ms it takes are not part of the first request. */
const WORKER_START_DELAY_MILLIS = 100;
/** The first drop is reported after this time, together with what follows it. */
const DROP_REPORT_DELAY_MILLIS = 1000;
const SWEEP_MILLIS = 20_000;
const MAX_TIMER_MILLIS = 2 ** 31 - 1;
const RESOURCE_BYTES = 64 * 1024;

const startTimer = setTimeout;
const startInterval = setInterval;
const stopTimer = clearTimeout;
const stopInterval = clearInterval;

function refresh(this: NodeJS.Timeout): void {
  this.refresh();
}

function encodeResourceBytes(attributes: Attributes, schemaUrl: string | undefined): Uint8Array {
  for (let size = RESOURCE_BYTES; ; size *= 4) {
    const writer = new OtlpWriter(Buffer.alloc(size));
    encodeResource(writer, attributes, schemaUrl);
    if (!writer.hasOverflowed) return Uint8Array.prototype.slice.call(writer.bytes, 0, writer.position);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

const NO_ATTRIBUTES: Attributes = Object.freeze({});
const NO_ITEMS: never[] = Object.freeze([]) as never as never[];

function releaseContent(span: { attributes: Attributes; events: unknown[]; links: unknown[] }): void {
  span.attributes = NO_ATTRIBUTES;
  span.events = NO_ITEMS;
  span.links = NO_ITEMS;
}

function createOpenChunk(): OpenChunk {
  return { slots: createSlots(), chunk: undefined, chunkNumber: 0, onChange: () => undefined };
}

/** Creates the pipeline of one destination. Starts no thread and opens no connection until a span has ended. */
export function createSpanPipeline(options: SpanPipelineOptions): SpanPipeline {
  const { config, log } = options;
  const settings = { ...DEFAULT_DELIVERY, ...options.delivery };
  const exporter = exportSettings(
    config,
    options.destination ?? 'otlp',
    settings,
    options.userAgent,
    diagnosticsSettings(config, options),
  );
  const boot = new AsyncResource('trace-agent');
  const counters = createCounters();
  const report = createExportReport(log, exporter.url);
  const bus = busName(options.destination ?? 'otlp', exporter, options.environment ?? {});
  const open = options.isGuest === true ? createOpenChunk() : undefined;
  const queue = new SpanQueue(queueLimits(config, settings), open);
  const openSpans = options.followsOpenSpans === false ? undefined : new OpenSpans();
  const deliveryOptions: DeliveryOptions = {
    exporterFile: options.exporterFile,
    settings: exporter,
    environment: options.environment ?? {},
    counters,
    runUntraced: options.runUntraced ?? ((run) => run()),
    runDetached: (run) => boot.runInAsyncScope(run),
    encodeResource: () => encodeResourceBytes(options.readResource(), options.resourceSchemaUrl),
    events: {
      onReleased: (batch) => queue.release(batch),
      onDropped: (reason, count) => noteDrop(reason, count),
      onReport: (message) => report.report(message),
      describe: () => (exporter.metrics === undefined ? undefined : options.diagnostics?.describe()),
      onAsk: (stats, reply) => {
        exports = stats;
        if (reply !== undefined && options.diagnostics !== undefined) reply(options.diagnostics.describe());
      },
      onNotice: (code, text) => (code === 'TA3026' ? log.warn(code, text) : log.error(code, text, code)),
    },
  };
  const guest = open && new GuestDelivery({ ...deliveryOptions, bus, open });
  const main = guest === undefined ? new Delivery(deliveryOptions) : undefined;
  const delivery = (guest ?? main) as GuestDelivery | Delivery;
  let host: Host | undefined;
  let exports: ExportStats | undefined;
  let hasStarted = options.diagnostics !== undefined;
  let isStopped = false;
  let isDropTimerArmed = false;

  /** A timer that is over is made anew: it would keep the context of the request whose span needs it. */
  const restart = (timer: NodeJS.Timeout): unknown => boot.runInAsyncScope(refresh, timer);
  const handOver = (batch: SealedBatch): void => delivery.push(batch);
  const handOverOpen = (): void => {
    const batch = queue.seal();
    if (batch !== undefined) handOver(batch);
  };
  const workerTimer = startTimer(() => hasStarted && delivery.start(), WORKER_START_DELAY_MILLIS).unref();
  const batchTimer = startTimer(handOverOpen, Math.min(config.batch.scheduledDelayMillis, MAX_TIMER_MILLIS)).unref();
  const sweepTimer = startInterval(() => {
    openSpans?.sweep();
    report.flush(false);
  }, SWEEP_MILLIS).unref();

  const dropTimer = startTimer(() => {
    isDropTimerArmed = false;
    report.flush(false);
  }, DROP_REPORT_DELAY_MILLIS).unref();

  const noteDrop = (reason: DropReason, count: number): void => {
    report.dropped(reason, count);
    if (isDropTimerArmed || isStopped) return;
    isDropTimerArmed = true;
    restart(dropTimer);
  };
  const drop = (reason: DropReason): void => {
    counters.dropped[reason]++;
    noteDrop(reason, 1);
  };
  const accept = (span: ReadableSpan): void => {
    counters.created++;
    let refused = isStopped ? 'after_shutdown' : queue.offer(span, handOver);
    if (refused !== undefined && guest?.reclaim() === true) refused = queue.offer(span, handOver);
    if (refused !== undefined) {
      drop(refused);
      return;
    }
    counters.queued++;
    if (queue.isBatchFull) {
      // A burst: the worker boots while it lasts, and not only when the thread is free again.
      handOverOpen();
      delivery.start();
    } else if (queue.openSpans === 1) restart(batchTimer);
    if (hasStarted) return;
    hasStarted = true;
    restart(workerTimer);
  };
  const stop = (reason: DropReason): void => {
    isStopped = true;
    for (const timer of [workerTimer, batchTimer, dropTimer]) stopTimer(timer);
    stopInterval(sweepTimer);
    host?.close();
    delivery.stop(reason);
    report.flush(true);
    log.debug('TA3030', `${options.destination ?? 'otlp'} spans: ${describeCounters(counters)}`);
  };

  return {
    counters,
    get isInProcess() {
      return delivery.isInProcess;
    },
    observe: () => ({
      destination: options.destination ?? 'otlp',
      url: describeUrl(exporter.url),
      counters: { ...counters, dropped: { ...counters.dropped } },
      queueCapacity: queueLimits(config, settings).maxSpans,
      exporter: delivery.state,
      workerRestarts: delivery.restarts,
      exports,
    }),
    onThreadStarted() {
      if (main === undefined || host !== undefined || isStopped) return;
      host = boot.runInAsyncScope(
        () =>
          new Host(bus, {
            onBatch: (batch, release) => main.adopt(batch, release),
            flush: (timeoutMillis) => main.flush(timeoutMillis),
          }),
      );
    },
    onThreadEnded(threadId) {
      if (isStopped) return;
      if (guest === undefined) host?.ended(threadId);
      else guest.childEnded(threadId);
    },
    gatherThreads() {
      try {
        if (!isStopped) host?.gather();
      } catch (error) {
        log.error('TA3029', `the spans of worker threads could not be taken over: ${messageOf(error)}`);
      }
    },
    onStart: (span) => openSpans?.started(span),
    onEnd(span) {
      openSpans?.ended(span);
      if ((span.spanContext().traceFlags & SAMPLED) !== 0 || options.takesUnsampled === true) accept(span);
      if (options.releasesSpans === true) releaseContent(span as never);
    },
    onHeld: (span) => openSpans?.ended(span),
    onDiscarded(span) {
      if (options.releasesSpans === true) releaseContent(span as never);
    },
    onLost(count) {
      counters.created += count;
      counters.dropped.held_full += count;
      noteDrop('held_full', count);
    },
    handOver() {
      handOverOpen();
      delivery.handOver(config.shutdownTimeoutMillis);
    },
    forceFlush(timeoutMillis = config.batch.exportTimeoutMillis) {
      handOverOpen();
      return delivery.flush(Math.min(timeoutMillis, MAX_TIMER_MILLIS));
    },
    async shutdown(timeoutMillis = config.shutdownTimeoutMillis) {
      handOverOpen();
      await delivery.flush(Math.min(timeoutMillis, MAX_TIMER_MILLIS));
      stop('process_end');
    },
    flushSync(timeoutMillis) {
      if (isStopped) return;
      try {
        handOverOpen();
        delivery.flushSync(Math.min(timeoutMillis, MAX_TIMER_MILLIS));
        stop('process_end');
      } catch (error) {
        log.error('TA3029', `the last spans could not be handed over: ${messageOf(error)}`);
      }
    },
    endOpenSpans(why, exception) {
      for (const span of openSpans?.list() ?? []) {
        try {
          if (exception instanceof Error) span.recordException(exception);
          span.setStatus({ code: STATUS_ERROR, message: why });
          span.end();
        } catch (error) {
          log.debug('TA3031', `an open span could not be ended: ${messageOf(error)}`);
        }
      }
    },
  };
}
