/**
 * Options of the official instrumentations that a text can say: OTEL_INSTRUMENTATION_<NAME>_<OPTION>. Data, and how a
 * variable is found in it; loaded only when such a variable is set. A test holds the data against the packages' types.
 */
import { INSTRUMENTATION_NAMES } from './instrumentation-names.js';

export type OptionType = 'boolean' | 'integer' | 'string' | 'list';

export interface InstrumentationOption {
  /** For example `OTEL_INSTRUMENTATION_AWS_SDK_SUPPRESS_INTERNAL_INSTRUMENTATION`. */
  readonly variable: string;
  readonly instrumentation: string;
  /** As in the package's configuration, with dots for what is in an object. */
  readonly option: string;
  readonly type: OptionType;
  /** Words that a list takes; undefined = any. */
  readonly allowed: readonly string[] | undefined;
}

type Options = Readonly<Record<string, OptionType | readonly string[]>>;

const REQUIRES_PARENT: Options = { requireParentSpan: 'boolean' };
const ENHANCED: Options = { enhancedDatabaseReporting: 'boolean' };
const LOGS: Options = { disableLogSending: 'boolean', disableLogCorrelation: 'boolean' };

/** An array of words is a list of these. */
const OPTIONS: Readonly<Record<string, Options>> = {
  amqplib: { consumeTimeoutMs: 'integer', useLinksForConsume: 'boolean' },
  'aws-lambda': {
    lambdaHandler: 'string',
    lambdaStartTime: 'integer',
    useGlobalPropagatorForSqsExtraction: 'boolean',
  },
  'aws-sdk': { suppressInternalInstrumentation: 'boolean', sqsExtractContextPropagationFromPayload: 'boolean' },
  bunyan: { ...LOGS, logSeverity: 'integer' },
  'cassandra-driver': { ...ENHANCED, maxQueryLength: 'integer' },
  dataloader: REQUIRES_PARENT,
  dns: { ignoreHostnames: 'list' },
  express: { ignoreLayers: 'list', ignoreLayersType: ['router', 'middleware', 'request_handler'] },
  fs: REQUIRES_PARENT,
  graphql: {
    allowValues: 'boolean',
    depth: 'integer',
    ignoreResolveSpans: 'boolean',
    ignoreTrivialResolveSpans: 'boolean',
    flatResolveSpans: 'boolean',
    mergeItems: 'boolean',
  },
  grpc: {
    ignoreGrpcMethods: 'list',
    'metadataToSpanAttributes.client.requestMetadata': 'list',
    'metadataToSpanAttributes.client.responseMetadata': 'list',
    'metadataToSpanAttributes.server.requestMetadata': 'list',
    'metadataToSpanAttributes.server.responseMetadata': 'list',
  },
  http: {
    disableIncomingRequestInstrumentation: 'boolean',
    disableOutgoingRequestInstrumentation: 'boolean',
    enableSyntheticSourceDetection: 'boolean',
    'headersToSpanAttributes.client.requestHeaders': 'list',
    'headersToSpanAttributes.client.responseHeaders': 'list',
    'headersToSpanAttributes.server.requestHeaders': 'list',
    'headersToSpanAttributes.server.responseHeaders': 'list',
    redactedQueryParams: 'list',
    redactedQueryParamsServer: 'list',
    requireParentforIncomingSpans: 'boolean',
    requireParentforOutgoingSpans: 'boolean',
    serverName: 'string',
  },
  ioredis: REQUIRES_PARENT,
  knex: { ...REQUIRES_PARENT, maxQueryLength: 'integer' },
  koa: { ignoreLayersType: ['router', 'middleware'] },
  memcached: ENHANCED,
  mongodb: { ...ENHANCED, ...REQUIRES_PARENT },
  mongoose: { ...REQUIRES_PARENT, suppressInternalInstrumentation: 'boolean' },
  mysql: ENHANCED,
  mysql2: { addSqlCommenterCommentToQueries: 'boolean', maskStatement: 'boolean' },
  openai: { captureMessageContent: 'boolean' },
  oracledb: {
    ...ENHANCED,
    ...REQUIRES_PARENT,
    dbStatementDump: 'boolean',
    propagateTraceContextToSessionAction: 'boolean',
  },
  pg: {
    ...ENHANCED,
    ...REQUIRES_PARENT,
    addSqlCommenterCommentToQueries: 'boolean',
    enableTraceContextPropagation: 'boolean',
    ignoreConnectSpans: 'boolean',
  },
  pino: LOGS,
  redis: REQUIRES_PARENT,
  'socket.io': { emitIgnoreEventList: 'list', onIgnoreEventList: 'list', traceReserved: 'boolean' },
  tedious: { enableTraceContextPropagation: 'boolean' },
  undici: {
    'headersToSpanAttributes.requestHeaders': 'list',
    'headersToSpanAttributes.responseHeaders': 'list',
    requireParentforSpans: 'boolean',
  },
  winston: { ...LOGS, logSeverity: 'integer' },
};

/** Traced by our own instrumentation unless OTEL_NODE_OFFICIAL_INSTRUMENTATIONS names them. */
export const OWN_INSTRUMENTATIONS: readonly string[] = [
  'grpc',
  'http',
  'ioredis',
  'mongodb',
  'mysql',
  'mysql2',
  'pg',
  'redis',
  'undici',
];
/** The same, but OTEL_NODE_MIDDLEWARE_SPANS runs the official one beside ours. */
export const FRAMEWORKS: readonly string[] = ['connect', 'express', 'hapi', 'koa', 'nestjs-core', 'restify', 'router'];
/** Traced by our own instrumentation whatever is set: no official one is part of this package. */
export const WITHOUT_OFFICIAL: readonly string[] = [
  'better-sqlite3',
  'bullmq',
  'elasticsearch',
  'engine.io',
  'fastify',
  'hono',
  'mqtt',
  'nats',
  'next',
  'opensearch',
  'piscina',
  'postgres',
  'sqlite',
  'sqs-consumer',
  'trpc',
];

/** `requireParentSpan` as `REQUIRE_PARENT_SPAN`. */
function toUpperSnake(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/[-.]/g, '_')
    .toUpperCase();
}

function describe(
  instrumentation: string,
  option: string,
  kind: OptionType | readonly string[],
): InstrumentationOption {
  const variable = `OTEL_INSTRUMENTATION_${toUpperSnake(instrumentation)}_${toUpperSnake(option)}`;
  const allowed = typeof kind === 'string' ? undefined : kind;
  return { variable, instrumentation, option, type: typeof kind === 'string' ? kind : 'list', allowed };
}

/** Every option, by instrumentation. */
export const INSTRUMENTATION_OPTIONS: readonly InstrumentationOption[] = INSTRUMENTATION_NAMES.flatMap((name) =>
  Object.entries(OPTIONS[name] ?? {}).map(([option, kind]) => describe(name, option, kind)),
);

const BY_VARIABLE = new Map(INSTRUMENTATION_OPTIONS.map((option) => [option.variable, option]));

/** The option that a variable sets; undefined for every other variable. */
export function findOption(variable: string): InstrumentationOption | undefined {
  return BY_VARIABLE.get(variable);
}
