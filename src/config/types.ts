/**
 * The typed result of reading the environment. Types only; every other folder may import them.
 * Frozen deeply by {@link loadConfig}; nothing outside `src/config/` reads `process.env`.
 */
import type { CodeOf, Severity } from '../diag/catalogue.js';

export type LogFormat = 'text' | 'json';

export type LogLevel = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';

export type PropagatorName = 'tracecontext' | 'baggage' | 'b3' | 'b3multi' | 'jaeger' | 'xray' | 'ottrace';

export type SamplerName =
  | 'always_on'
  | 'always_off'
  | 'traceidratio'
  | 'parentbased_always_on'
  | 'parentbased_always_off'
  | 'parentbased_traceidratio'
  | 'probability'
  | 'parentbased_probability';

/** Short names of what rules look at; any other key is an attribute's. */
export type SpanKey = 'path' | 'method' | 'kind' | 'name' | 'host' | 'parent' | (string & {});

export type SpanParent = 'none' | 'remote' | 'local';

/** Holds when one of the patterns (`*` = anything) matches, or none when negated. */
export interface SpanCondition {
  readonly key: SpanKey;
  readonly isNegated: boolean;
  readonly patterns: readonly string[];
}

/** One rule of OTEL_NODE_SAMPLING_RULES. */
export interface SamplingRule {
  /** As written, on one line. */
  readonly text: string;
  /** All must hold; empty = every span. */
  readonly conditions: readonly SpanCondition[];
  /** Of which spans it decides. */
  readonly parents: readonly SpanParent[];
  /** 0 = drop, 1 = keep. */
  readonly ratio: number;
  /** Most traces a second of those that the ratio leaves; undefined = all. */
  readonly perSecond: number | undefined;
}

export interface SamplingConfig {
  /** The first one that matches decides; spans that none matches are OTEL_TRACES_SAMPLER's. */
  readonly rules: readonly SamplingRule[];
  /** OTEL_NODE_KEEP_ERRORS */
  readonly keepsErrors: boolean;
}

export type TracesExporterName = 'otlp' | 'console' | 'zipkin';

export type OtlpProtocol = 'grpc' | 'http/protobuf' | 'http/json';

export type ResourceDetectorName =
  | 'env'
  | 'host'
  | 'os'
  | 'process'
  | 'container'
  | 'serviceinstance'
  | 'alibaba'
  | 'aws'
  | 'azure'
  | 'gcp';

export interface SamplerConfig {
  readonly name: SamplerName;
  /** 0 to 1; meaningful for the ratio and probability samplers. */
  readonly ratio: number;
  /** True: a span below one that is not sampled is never recorded, so that nothing need be asked or allocated for it. */
  readonly followsUnsampled: boolean;
}

/** Limits as the SDK takes them; `attributeValueLengthLimit` is `Infinity` when unlimited. */
export interface LimitsConfig {
  readonly general: { readonly attributeValueLengthLimit: number; readonly attributeCountLimit: number };
  readonly span: {
    readonly attributeValueLengthLimit: number;
    readonly attributeCountLimit: number;
    readonly eventCountLimit: number;
    readonly linkCountLimit: number;
    readonly attributePerEventCountLimit: number;
    readonly attributePerLinkCountLimit: number;
  };
}

export interface BatchConfig {
  readonly scheduledDelayMillis: number;
  /** `Infinity` when the variable is 0 (no limit). */
  readonly exportTimeoutMillis: number;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
  /** True when OTEL_BSP_MAX_QUEUE_SIZE came from the user. */
  readonly isQueueSizeExplicit: boolean;
}

/** OTLP settings for the traces signal: signal variable first, then the generic one, then the default. */
export interface OtlpConfig {
  readonly protocol: OtlpProtocol;
  /** True when a PROTOCOL variable was set to a valid value. */
  readonly isProtocolExplicit: boolean;
  /** http: the exact URL to post to. grpc: scheme and authority, e.g. `http://localhost:4317`. */
  readonly endpoint: string;
  readonly isEndpointExplicit: boolean;
  /** No TLS: the endpoint's scheme says `http`, or it says neither and INSECURE is `true` (`unix:` over grpc). */
  readonly isInsecure: boolean;
  /** Decoded names (as written; HTTP) and values. Values are secret: never log them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: 'gzip' | 'none';
  /** `Infinity` when the variable is 0 (no limit). */
  readonly timeoutMillis: number;
  /** File paths; undefined when unset. */
  readonly certificateFile: string | undefined;
  readonly clientKeyFile: string | undefined;
  readonly clientCertificateFile: string | undefined;
}

export interface ZipkinConfig {
  readonly endpoint: string;
  /** `Infinity` when the variable is 0 (no limit). */
  readonly timeoutMillis: number;
}

export interface InstrumentationsConfig {
  /** OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED */
  readonly isDefaultEnabled: boolean;
  /** OTEL_NODE_ENABLED_INSTRUMENTATIONS; undefined when unset. */
  readonly enabled: readonly string[] | undefined;
  /** OTEL_NODE_DISABLED_INSTRUMENTATIONS */
  readonly disabled: readonly string[];
  /** OTEL_INSTRUMENTATION_<NAME>_ENABLED, keyed by instrumentation name (`aws-sdk`, `socket.io`). */
  readonly switches: Readonly<Record<string, boolean>>;
  /** OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: names for which the official instrumentation runs instead of ours. */
  readonly official: readonly string[];
  /** OTEL_NODE_EXTRA_INSTRUMENTATIONS: packages to load from the application's folder. */
  readonly extra: readonly string[];
  /** OTEL_INSTRUMENTATION_<NAME>_<OPTION>: by instrumentation, as its official package takes them. */
  readonly options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** OTEL_NODE_MIDDLEWARE_SPANS */
  readonly hasMiddlewareSpans: boolean;
}

export interface HttpConfig {
  readonly clientRequestHeaders: readonly string[];
  readonly clientResponseHeaders: readonly string[];
  readonly serverRequestHeaders: readonly string[];
  readonly serverResponseHeaders: readonly string[];
  /** undefined = the default set. */
  readonly knownMethods: readonly string[] | undefined;
  /** Patterns of OTEL_NODE_EXCLUDED_URLS with ..._INCOMING and ..._OUTGOING; each compiles. */
  readonly excludedIncomingUrls: readonly string[];
  readonly excludedOutgoingUrls: readonly string[];
  /** OTEL_NODE_EXCLUDE_PROBES: requests of the kubelet (`kube-probe/`). */
  readonly isProbeExcluded: boolean;
  /** Query keys masked in addition to the built-in ones. */
  readonly sensitiveQueryParameters: readonly string[];
}

/** Where a value came from: an environment variable, the .env file, or nothing (default). */
export type ValueSource = 'environment' | 'env-file' | 'default';

interface ProblemOf<S extends Severity> {
  readonly variable: string;
  /** `debug` is for settings that change nothing the user would notice. */
  readonly severity: S;
  readonly code: CodeOf<S>;
  readonly message: string;
}

/** One thing wrong with the configuration. `message` is complete: variable, value (masked if secret), what is used. */
export type ConfigProblem = { readonly [S in Severity]: ProblemOf<S> }[Severity];

/** What delivers spans beyond the official SDK's settings. */
export interface DeliveryConfig {
  readonly maxQueueBytes: number;
  /** Export requests under way at once. */
  readonly maxConcurrentExports: number;
  /** undefined = no spool. */
  readonly spool: { readonly directory: string; readonly maxBytes: number; readonly maxAgeMillis: number } | undefined;
}

export interface AgentConfig {
  /** OTEL_NODE_AGENT_DISABLED: the agent does nothing at all. */
  readonly isAgentDisabled: boolean;
  /** OTEL_SDK_DISABLED: context and propagation only. */
  readonly isSdkDisabled: boolean;
  readonly logLevel: LogLevel;
  /** OTEL_NODE_LOG_FORMAT */
  readonly logFormat: LogFormat;
  /** OTEL_NODE_PRINT_CONFIG */
  readonly isConfigPrinted: boolean;
  /** OTEL_NODE_DIAGNOSTICS_DIRECTORY */
  readonly diagnosticsDirectory: string | undefined;
  /** OTEL_NODE_EXPERIMENTAL_SDK_METRICS, unless OTEL_METRICS_EXPORTER is none. */
  readonly hasSdkMetrics: boolean;
  /** OTEL_METRIC_EXPORT_INTERVAL */
  readonly metricIntervalMillis: number;
  /** The `.env` file that was read; undefined when there is none. */
  readonly envFile: string | undefined;
  /** OTEL_SERVICE_NAME, undefined when unset. */
  readonly serviceName: string | undefined;
  /** Decoded OTEL_RESOURCE_ATTRIBUTES (without OTEL_SERVICE_NAME applied). */
  readonly resourceAttributes: Readonly<Record<string, string>>;
  /** In order of precedence, later wins; always holds `env`. */
  readonly resourceDetectors: readonly ResourceDetectorName[];
  /** Record process.command_args (off by default). */
  readonly hasProcessArguments: boolean;
  /** De-duplicated, in order; empty for `none`. */
  readonly propagators: readonly PropagatorName[];
  /** What is read: OTEL_NODE_EXTRACT_PROPAGATORS, or the same. */
  readonly extractors: readonly PropagatorName[];
  /** OTEL_NODE_UNTRUSTED_INBOUND: all conditions of one of these; an empty one is every request. */
  readonly untrustedInbound: readonly (readonly SpanCondition[])[];
  readonly sampler: SamplerConfig;
  readonly sampling: SamplingConfig;
  readonly limits: LimitsConfig;
  readonly batch: BatchConfig;
  /** Empty for `none`. */
  readonly tracesExporters: readonly TracesExporterName[];
  readonly otlp: OtlpConfig;
  readonly zipkin: ZipkinConfig;
  readonly delivery: DeliveryConfig;
  readonly instrumentations: InstrumentationsConfig;
  readonly http: HttpConfig;
  /** OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED */
  readonly isDbQuerySanitized: boolean;
  /** OTEL_NODE_OTHER_TRACERS: what to do about another tracer in the process. */
  readonly otherTracers: 'stand-down' | 'ignore';
  /** OTEL_INSTRUMENTATION_COMMON_DB_EXPERIMENTAL_SQLCOMMENTER_ENABLED */
  readonly isSqlCommented: boolean;
  /** OTEL_NODE_SHUTDOWN_TIMEOUT, milliseconds; 0 = do not wait. */
  readonly shutdownTimeoutMillis: number;
  /** OTEL_NODE_DETACH_AFTER, milliseconds; 0 = never. */
  readonly detachAfterMillis: number;
  /** OTEL_NODE_WORKER_THREAD_CONTEXT */
  readonly passesThreadContext: boolean;
  /** OTEL_NODE_REDIS_STREAM_CONTEXT */
  readonly carriesRedisStreamContext: boolean;
  /**
   * OTEL_NODE_CHILD_PROCESS_CONTEXT: variables with the trace context that this process was started in (TRACEPARENT and
   * its like), by name, maybe none; undefined = neither read them nor give them to children.
   */
  readonly carriedContext: Readonly<Record<string, string>> | undefined;
  /** LAMBDA_TASK_ROOT: folder of the code of an AWS Lambda; undefined elsewhere. */
  readonly lambdaTaskRoot: string | undefined;
  /** OTEL_CONFIG_FILE as given (its capability comes later). */
  readonly configFile: string | undefined;
}

export interface LoadedConfig {
  readonly config: AgentConfig;
  readonly problems: readonly ConfigProblem[];
  /**
   * Variables of other programs that the exporting thread needs and does not inherit: HTTP_PROXY, HTTPS_PROXY,
   * NO_PROXY, ALL_PROXY in both cases, NODE_EXTRA_CA_CERTS, SSL_CERT_FILE, SSL_CERT_DIR, NODE_TLS_REJECT_UNAUTHORIZED.
   */
  readonly exporterEnvironment: Readonly<Record<string, string>>;
  /** The application's entry as given on its command line, also under PM2; undefined without one. */
  readonly entryFile: string | undefined;
  /** Source of every variable that was set. */
  readonly sources: Readonly<Record<string, ValueSource>>;
}
