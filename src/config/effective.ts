/**
 * The effective configuration as text, with the source of each value and secrets masked: for OTEL_NODE_PRINT_CONFIG and
 * the doctor. Loaded on demand; pure.
 */
import { findVariable, type VARIABLES, type VariableName } from './env-table.js';
import { switchedInstrumentation } from './instrumentation-names.js';
import { mayBeOption } from './instrumentations.js';
import { quote, redactUrl, shorten } from './redact.js';
import { SECRET_NAME } from './secrets.js';
import type { AgentConfig, LoadedConfig, ValueSource } from './types.js';
import type { Variable } from './variable.js';

export interface EffectiveSetting {
  readonly name: string;
  /** Masked where secret; `none` for nothing. */
  readonly value: string;
  /** `default`, `environment`, `.env file`, or one of these with the variable that decided. */
  readonly source: string;
}

type Table = typeof VARIABLES;
type LaterName = { [N in VariableName]: Table[N] extends { later: string } ? N : never }[VariableName];
type SignalName = Extract<VariableName, `OTEL_EXPORTER_OTLP_TRACES_${string}`>;
/** What the agent itself reads, under the general name of each setting. */
export type SettingName = Exclude<VariableName, LaterName | SignalName | 'OTEL_INSTRUMENTATION_<NAME>_ENABLED'>;

type Value = string | number | boolean | undefined | readonly string[];

function maskedPairs(pairs: Readonly<Record<string, string>>, isSecret: (name: string) => boolean): string[] {
  return Object.entries(pairs).map(([name, value]) => `${name}=${isSecret(name) ? '***' : value}`);
}

function describeUntrusted(alternatives: AgentConfig['untrustedInbound']): string | undefined {
  if (alternatives.some((conditions) => conditions.length === 0)) return 'all';
  const texts = alternatives.map((conditions) =>
    conditions.map(({ key, isNegated, patterns }) => `${key}${isNegated ? '!=' : '='}${patterns.join('|')}`).join(','),
  );
  return texts.join('; ') || undefined;
}

const SPOOL_BYTES_PER_MIB = 1024 * 1024;

/** What each variable came to mean. A variable without an entry does not compile. */
const VALUES: Readonly<Record<SettingName, (config: AgentConfig) => Value>> = {
  OTEL_SDK_DISABLED: (config) => config.isSdkDisabled,
  OTEL_SERVICE_NAME: (config) => config.serviceName,
  OTEL_RESOURCE_ATTRIBUTES: (config) =>
    maskedPairs(config.resourceAttributes, (name) => SECRET_NAME.test(name.toLowerCase())),
  OTEL_LOG_LEVEL: (config) => config.logLevel,
  OTEL_PROPAGATORS: (config) => config.propagators,
  OTEL_NODE_EXTRACT_PROPAGATORS: (config) => config.extractors,
  OTEL_NODE_UNTRUSTED_INBOUND: ({ untrustedInbound }) => describeUntrusted(untrustedInbound),
  OTEL_TRACES_SAMPLER: (config) => config.sampler.name,
  OTEL_TRACES_SAMPLER_ARG: ({ sampler }) => (/(ratio|probability)$/.test(sampler.name) ? sampler.ratio : undefined),
  OTEL_NODE_SAMPLING_RULES: ({ sampling: { rules } }) => rules.map(({ text }) => text).join('; ') || undefined,
  OTEL_NODE_KEEP_ERRORS: (config) => config.sampling.keepsErrors,
  OTEL_NODE_AGENT_DISABLED: (config) => config.isAgentDisabled,
  OTEL_NODE_LOG_FORMAT: (config) => config.logFormat,
  OTEL_NODE_OTHER_TRACERS: (config) => config.otherTracers,
  OTEL_NODE_PRINT_CONFIG: (config) => config.isConfigPrinted,
  OTEL_NODE_DIAGNOSTICS_DIRECTORY: (config) => config.diagnosticsDirectory,
  OTEL_NODE_EXPERIMENTAL_SDK_METRICS: (config) => config.hasSdkMetrics,
  OTEL_METRIC_EXPORT_INTERVAL: (config) => config.metricIntervalMillis,
  OTEL_NODE_SHUTDOWN_TIMEOUT: (config) => config.shutdownTimeoutMillis,
  OTEL_NODE_DETACH_AFTER: (config) => config.detachAfterMillis,
  OTEL_NODE_CHILD_PROCESS_CONTEXT: (config) => config.carriedContext !== undefined,
  OTEL_NODE_WORKER_THREAD_CONTEXT: (config) => config.passesThreadContext,
  OTEL_NODE_REDIS_STREAM_CONTEXT: (config) => config.carriesRedisStreamContext,
  OTEL_NODE_MAX_QUEUE_BYTES: (config) => config.delivery.maxQueueBytes,
  OTEL_NODE_EXPORT_CONCURRENCY: (config) => config.delivery.maxConcurrentExports,
  OTEL_NODE_SPOOL_DIRECTORY: (config) => config.delivery.spool?.directory,
  OTEL_NODE_SPOOL_MAX_MIB: ({ delivery: { spool } }) => spool && spool.maxBytes / SPOOL_BYTES_PER_MIB,
  OTEL_NODE_SPOOL_MAX_AGE: (config) => config.delivery.spool?.maxAgeMillis,
  OTEL_NODE_ENV_FILE: (config) => config.envFile,
  OTEL_NODE_RESOURCE_DETECTORS: (config) => config.resourceDetectors,
  OTEL_NODE_PROCESS_ARGUMENTS: (config) => config.hasProcessArguments,
  OTEL_TRACES_EXPORTER: (config) => config.tracesExporters,
  OTEL_EXPORTER_ZIPKIN_ENDPOINT: (config) => redactUrl(config.zipkin.endpoint),
  OTEL_EXPORTER_ZIPKIN_TIMEOUT: (config) => config.zipkin.timeoutMillis,
  OTEL_EXPORTER_OTLP_ENDPOINT: (config) => redactUrl(config.otlp.endpoint),
  OTEL_EXPORTER_OTLP_PROTOCOL: (config) => config.otlp.protocol,
  OTEL_EXPORTER_OTLP_HEADERS: (config) => maskedPairs(config.otlp.headers, () => true),
  OTEL_EXPORTER_OTLP_COMPRESSION: (config) => config.otlp.compression,
  OTEL_EXPORTER_OTLP_TIMEOUT: (config) => config.otlp.timeoutMillis,
  OTEL_EXPORTER_OTLP_INSECURE: (config) => config.otlp.isInsecure,
  OTEL_EXPORTER_OTLP_CERTIFICATE: (config) => config.otlp.certificateFile,
  OTEL_EXPORTER_OTLP_CLIENT_KEY: (config) => config.otlp.clientKeyFile,
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: (config) => config.otlp.clientCertificateFile,
  OTEL_BSP_SCHEDULE_DELAY: (config) => config.batch.scheduledDelayMillis,
  OTEL_BSP_EXPORT_TIMEOUT: (config) => config.batch.exportTimeoutMillis,
  OTEL_BSP_MAX_QUEUE_SIZE: (config) => config.batch.maxQueueSize,
  OTEL_BSP_MAX_EXPORT_BATCH_SIZE: (config) => config.batch.maxExportBatchSize,
  OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: (config) => config.limits.general.attributeValueLengthLimit,
  OTEL_ATTRIBUTE_COUNT_LIMIT: (config) => config.limits.general.attributeCountLimit,
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: (config) => config.limits.span.attributeValueLengthLimit,
  OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: (config) => config.limits.span.attributeCountLimit,
  OTEL_SPAN_EVENT_COUNT_LIMIT: (config) => config.limits.span.eventCountLimit,
  OTEL_SPAN_LINK_COUNT_LIMIT: (config) => config.limits.span.linkCountLimit,
  OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: (config) => config.limits.span.attributePerEventCountLimit,
  OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: (config) => config.limits.span.attributePerLinkCountLimit,
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: (config) => config.instrumentations.enabled ?? 'all but fs,net,dns',
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: (config) => config.instrumentations.disabled,
  OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: (config) => config.instrumentations.official,
  OTEL_NODE_EXTRA_INSTRUMENTATIONS: (config) => config.instrumentations.extra,
  OTEL_NODE_EXCLUDED_URLS: ({ http }) =>
    http.excludedIncomingUrls.filter((url) => http.excludedOutgoingUrls.includes(url)),
  OTEL_NODE_EXCLUDED_URLS_INCOMING: (config) => config.http.excludedIncomingUrls,
  OTEL_NODE_EXCLUDED_URLS_OUTGOING: (config) => config.http.excludedOutgoingUrls,
  OTEL_NODE_EXCLUDE_PROBES: (config) => config.http.isProbeExcluded,
  OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED: (config) => config.instrumentations.isDefaultEnabled,
  OTEL_NODE_MIDDLEWARE_SPANS: (config) => config.instrumentations.hasMiddlewareSpans,
  OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS: (config) => config.http.clientRequestHeaders,
  OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS: (config) => config.http.clientResponseHeaders,
  OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS: (config) => config.http.serverRequestHeaders,
  OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS: (config) => config.http.serverResponseHeaders,
  OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: (config) => config.http.knownMethods ?? 'the usual ones',
  OTEL_INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS: (config) =>
    config.http.sensitiveQueryParameters,
  OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED: (config) => config.isDbQuerySanitized,
  OTEL_INSTRUMENTATION_COMMON_DB_EXPERIMENTAL_SQLCOMMENTER_ENABLED: (config) => config.isSqlCommented,
};

type OptIn = typeof import('./opt-in.js');

const MAX_VALUE_LENGTH = 500;
/** Messages that mean: this variable is set, and something else is used. */
const REFUSED: ReadonlySet<string> = new Set(['TA1101', 'TA1106', 'TA1104', 'TA1115', 'TA1116']);

function render(value: Value): string {
  if (value === undefined || (Array.isArray(value) && value.length === 0)) return 'none';
  if (value === Number.POSITIVE_INFINITY) return 'no limit';
  const text = Array.isArray(value) ? value.join(',') : String(value);
  // Quoted when it holds what a terminal would obey.
  return shorten(/^[ -~\u00a1-\u2027]*$/.test(text) ? text : quote(text), MAX_VALUE_LENGTH);
}

const SOURCE_TEXT: Readonly<Record<ValueSource, string>> = {
  environment: 'environment',
  'env-file': '.env file',
  default: 'default',
};

/** Names under which a setting may be given, the one that wins first. */
function namesOf(name: SettingName): readonly string[] {
  const own = name.startsWith('OTEL_EXPORTER_OTLP_') ? [name.replace('OTLP_', 'OTLP_TRACES_'), name] : [name];
  return own.flatMap((candidate) => [candidate, ...((findVariable(candidate) as Variable | undefined)?.aliases ?? [])]);
}

function sourceOf(name: SettingName, { sources, problems }: LoadedConfig): string {
  const set = namesOf(name).filter((candidate) => sources[candidate] !== undefined);
  const isRefused = (candidate: string): boolean =>
    problems.some(({ code, variable }) => variable === candidate && REFUSED.has(code));
  const used = set.find((candidate) => !isRefused(candidate));
  if (used !== undefined) {
    const text = SOURCE_TEXT[sources[used] as ValueSource];
    return used === name ? text : `${text}: ${used}`;
  }
  const [refused] = set;
  return refused === undefined ? 'default' : `instead of what ${refused} says`;
}

/** What an option of an official instrumentation came to; undefined when its value was refused. */
function optionValue(name: string, { config }: LoadedConfig): Value {
  if (!mayBeOption(name)) return undefined;
  const { findOption } = require('./opt-in.js') as OptIn;
  const option = findOption(name);
  if (option === undefined) return undefined;
  const path = [option.instrumentation, ...option.option.split('.')];
  return path.reduce(
    (value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key],
    config.instrumentations.options,
  ) as Value;
}

/** Switches and options of single instrumentations that are set, and variables of other programs that the exporter obeys. */
function further(loaded: LoadedConfig): EffectiveSetting[] {
  const { config, sources, exporterEnvironment } = loaded;
  const switches = Object.keys(sources).flatMap((name): EffectiveSetting[] => {
    const instrumentation = switchedInstrumentation(name);
    const value = instrumentation ? config.instrumentations.switches[instrumentation] : optionValue(name, loaded);
    return value === undefined
      ? []
      : [{ name, value: render(value), source: SOURCE_TEXT[sources[name] as ValueSource] }];
  });
  const foreign = Object.entries(exporterEnvironment).map(([name, value]): EffectiveSetting => {
    const isProxy = /^(https?|all)_proxy$/i.test(name);
    return { name, value: render(isProxy ? redactUrl(value) : value), source: 'environment' };
  });
  return [...switches, ...foreign];
}

/** Every setting. `overrides` are values and sources that are known better elsewhere. */
export function describeConfig(
  loaded: LoadedConfig,
  overrides: Partial<Record<SettingName, Partial<EffectiveSetting>>> = {},
): EffectiveSetting[] {
  const own = (Object.keys(VALUES) as SettingName[]).map((name): EffectiveSetting => {
    const { value, source } = overrides[name] ?? {};
    return { name, value: value ?? render(VALUES[name](loaded.config)), source: source ?? sourceOf(name, loaded) };
  });
  return [...own, ...further(loaded)];
}
