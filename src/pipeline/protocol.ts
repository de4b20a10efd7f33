/**
 * The hand-over between the application's thread and the exporting one: messages, record layout, shared slots.
 * Both sides import this file; it imports nothing and has no effect.
 *
 *   application's thread                                     exporting thread
 *   --------------------                                     ----------------
 *   onEnd: encode ─► chunk (SharedArrayBuffer)
 *                     │ full, batch size or timer
 *                     ├── BATCH {id, chunk} ── message port ─► reads the chunk in place, copies it into a request
 *                     │   (the chunk itself stays here,        sends, retries
 *                     │    so a dead worker loses nothing)
 *   chunk is reused ◄─┴── SETTLED {id, counts} ◄───────────────┘ and never looks at that chunk again
 *                         (or SPOOLED {id} first: on disk)
 *
 *   Slots (Int32Array over one SharedArrayBuffer) exist only to wake a thread that blocks in the `exit` event:
 *   the exporter adds 1 to SLOT_SIGNAL after every message it posts, the blocked side sleeps on that number under a
 *   deadline and takes messages with receiveMessageOnPort.
 *
 *   Chunk = records back to back, little-endian; self-contained: a scope is defined in the chunk before its first use.
 *
 *     0        4        6      8                8+n
 *     ├── n ───┼ scope ─┼ kind ┼── n bytes ─────┤   kind 1: ScopeSpans fields `scope` and `schema_url`
 *       uint32   uint16   uint16                    kind 2: one OTLP Span message
 */

/** Grows on an incompatible change: both threads come from one build, but a spool outlives a build. */
export const PROTOCOL_VERSION = 1;

export const RECORD_HEADER_BYTES = 8;
export const RECORD_SCOPE = 1;
export const RECORD_SPAN = 2;

export const SLOT_SIGNAL = 0;
export const SLOT_COUNT = 4;

/** Why a span was not delivered. Every drop has exactly one of these. */
export const DROP_REASONS = [
  /** More spans wait than OTEL_BSP_MAX_QUEUE_SIZE allows. The newest is dropped. */
  'queue_full',
  /** More bytes wait than OTEL_NODE_MAX_QUEUE_BYTES allows. The newest is dropped. */
  'queue_bytes_full',
  /** One span alone is larger than a request may be. */
  'span_too_large',
  /** The span's content could not be encoded. */
  'encode_error',
  /** More spans waited for the end of their local root than OTEL_NODE_KEEP_ERRORS holds. */
  'held_full',
  /** The span ended after shutdown. */
  'after_shutdown',
  /** The collector answered with a status that must not be retried. */
  'collector_rejected',
  /** The collector took the request and refused these spans (partial success). */
  'partial_success',
  /** OTEL_EXPORTER_OTLP_TIMEOUT passed while the request was being sent. */
  'export_timeout',
  /** The request would exceed 64 MiB. */
  'request_too_large',
  /** The answer exceeded 4 MiB. */
  'response_too_large',
  /** The exporter itself failed. */
  'exporter_fault',
  /** The process ended before they could be sent. */
  'process_end',
  /** Older than the spool keeps spans, pushed out of it by newer ones, or taken over by another process. */
  'spool_full',
  /** The spool's file was damaged. */
  'spool_damaged',
] as const;
export type DropReason = (typeof DROP_REASONS)[number];

/** What went wrong, in words a user can act on; each class is reported once until delivery works again. */
export type FailureClass =
  | 'refused'
  | 'dns'
  | 'unreachable'
  | 'reset'
  | 'timeout'
  | 'tls_untrusted'
  | 'tls_expired'
  | 'tls_hostname'
  | 'tls_files'
  | 'tls'
  | 'wrong_protocol'
  | 'unauthorized'
  | 'not_found'
  | 'bad_request'
  | 'too_large'
  | 'overloaded'
  | 'server_error'
  | 'proxy'
  | 'garbage'
  | 'headers'
  | 'spool'
  | 'exporter_fault';

/** `detail` holds no header value, no URL credentials and no span content. */
export interface Failure {
  readonly failureClass: FailureClass;
  readonly detail: string;
}

export type ExportKind = 'http/protobuf' | 'http/json' | 'grpc' | 'zipkin';

export interface SpoolSettings {
  readonly directory: string;
  /** Names this pipeline's folder in the directory; survives the exporter, not the process. */
  readonly owner: string;
  readonly maxBytes: number;
  readonly maxAgeMillis: number;
}

/** Everything the exporting side needs, as plain data. Header values are secret. Times may be `Infinity`. */
export interface ExportSettings {
  readonly kind: ExportKind;
  /** True when the user named no protocol: then what the port speaks may be used instead of `kind`. */
  readonly mayChangeKind: boolean;
  /** http: the exact URL to post to. grpc: scheme and authority. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly userAgent: string;
  readonly compression: 'gzip' | 'none';
  /** Limit of one export: sending, waiting for the answer, and back-off between its attempts. */
  readonly timeoutMillis: number;
  readonly maxConcurrentExports: number;
  readonly certificateFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  readonly clientCertificateFile: string | undefined;
  readonly spool: SpoolSettings | undefined;
  /** Local socket to open for the doctor; undefined = none, and no numbers are sent. */
  readonly diagnosticsSocket: string | undefined;
  /** Undefined = the agent's own metrics are not sent. */
  readonly metrics: MetricsSettings | undefined;
}

/** The agent's own counters as OTLP metrics; sent with the protocol, headers and TLS of the spans. */
export interface MetricsSettings {
  /** As that of the spans, for metrics. */
  readonly url: string;
  readonly intervalMillis: number;
  readonly scopeVersion: string;
  /** Of the resource. */
  readonly resource: Readonly<Record<string, unknown>>;
  readonly startEpochMillis: number;
}

/** How the requests of one exporter went. */
export interface ExportStats {
  /** The protocol in use. */
  readonly kind: ExportKind;
  readonly requests: number;
  readonly delivered: number;
  readonly failures: Partial<Record<FailureClass, number>>;
  /** Spans in requests under way. */
  readonly inFlightSpans: number;
  /** Requests by duration; the bounds are DURATION_BOUNDS of worker/export-stats.ts. */
  readonly durationBuckets: readonly number[];
  readonly sumMillis: number;
  readonly maxMillis: number;
  readonly lastFailure: (Failure & { readonly atEpochMillis: number }) | undefined;
  readonly lastDeliveryEpochMillis: number | undefined;
}

/** A sealed chunk. Whoever made it keeps it until {@link SettledMessage} names its id. */
export interface BatchMessage {
  readonly verb: 'BATCH';
  readonly id: number;
  readonly chunk: SharedArrayBuffer;
  /** Bytes of `chunk` in use. */
  readonly byteLength: number;
  readonly spanCount: number;
  /** As RESOURCE, for this batch alone. */
  readonly resource?: Uint8Array | undefined;
}

/** ResourceSpans fields `resource` and `schema_url`, encoded. Comes before the first batch; may be replaced later. */
export interface ResourceMessage {
  readonly verb: 'RESOURCE';
  readonly bytes: Uint8Array;
}

/** Try everything handed over so far at once; answer FLUSHED when all is settled, hopeless or the deadline is here. */
export interface FlushMessage {
  readonly verb: 'FLUSH';
  readonly id: number;
  /** Milliseconds since the epoch: the only clock both threads share. */
  readonly deadlineEpochMillis: number;
}

/** Close connections and stop. */
export interface StopMessage {
  readonly verb: 'STOP';
}

/** A JSON document about the agent: the answer to ASK, or (id 0) the last one before a flush. */
export interface SnapshotMessage {
  readonly verb: 'SNAPSHOT';
  readonly id: number;
  readonly text: string;
}

export type ToExporter = BatchMessage | ResourceMessage | FlushMessage | StopMessage | SnapshotMessage;

export interface SettledMessage {
  readonly verb: 'SETTLED';
  readonly id: number;
  readonly exported: number;
  /** Absent reasons are zero. exported + all of these = the batch's spanCount. */
  readonly dropped: Partial<Record<DropReason, number>>;
}

/** The batch is on disk: its chunk may be reused; SETTLED will follow, maybe from another exporter. */
export interface SpooledMessage {
  readonly verb: 'SPOOLED';
  readonly id: number;
}

/** Spans that an earlier process had left in the spool. */
export interface RestoredMessage {
  readonly verb: 'RESTORED';
  readonly exported: number;
  readonly dropped: number;
}

export interface FlushedMessage {
  readonly verb: 'FLUSHED';
  readonly id: number;
}

/**
 * A failure (first of its class in an outage), a partial success, a warning from the collector, the end of an outage, or
 * another protocol than the configured one.
 */
export type ReportMessage =
  | { readonly verb: 'REPORT'; readonly kind: 'failure'; readonly failure: Failure; readonly willRetry: boolean }
  | { readonly verb: 'REPORT'; readonly kind: 'recovered'; readonly outageMillis: number }
  | {
      readonly verb: 'REPORT';
      readonly kind: 'warning' | 'rejected' | 'diagnostics' | 'metrics' | 'metrics_off';
      readonly detail: string;
    }
  | { readonly verb: 'REPORT'; readonly kind: 'switched'; readonly from: ExportKind; readonly to: ExportKind };

/** Somebody wants to know: the numbers so far, to be followed by SNAPSHOT with this id unless that is 0. */
export interface AskMessage {
  readonly verb: 'ASK';
  readonly id: number;
  readonly stats: ExportStats;
}

export type FromExporter =
  | { readonly verb: 'READY' }
  | AskMessage
  | SettledMessage
  | SpooledMessage
  | RestoredMessage
  | FlushedMessage
  | ReportMessage;

/** Marks our worker among the application's: `workerData.traceAgent`. */
export interface WorkerStart {
  readonly traceAgent: typeof PROTOCOL_VERSION;
  readonly settings: ExportSettings;
  readonly slots: SharedArrayBuffer;
  /** A MessagePort; typed loosely so that this file imports nothing. */
  readonly port: unknown;
}

/** The exporter as the in-process fallback sees it. */
export interface ExporterHandle {
  receive(message: ToExporter): void;
}

/** What the worker bundle exports when it is loaded on an application's thread. */
export interface ExporterModule {
  createExporter(settings: ExportSettings, post: (message: FromExporter) => void): ExporterHandle;
}
