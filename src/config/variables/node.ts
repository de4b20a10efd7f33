/**
 * Rows of the variable table: the agent in the process, and what it instruments. Data only.
 */
import type { VariableRows } from '../variable.js';

export const AGENT = {
  OTEL_NODE_AGENT_DISABLED: {
    type: 'boolean',
    default: false,
    source: '@org/trace-agent',
    description: 'The agent does nothing at all: no spans, no context, no propagation.',
  },
  OTEL_NODE_LOG_FORMAT: {
    type: 'enum',
    default: 'text',
    allowed: ['text', 'json'],
    source: '@org/trace-agent',
    description:
      'Form of the lines that the agent writes to stderr: `trace-agent <severity> <code>: <text>`, or one JSON object ' +
      'each. [docs/messages.md](messages.md) explains the codes.',
  },
  OTEL_NODE_PRINT_CONFIG: {
    type: 'enum',
    default: 'false',
    allowed: ['true', 'false'],
    spellings: { '1': 'true', '0': 'false' },
    source: '@org/trace-agent',
    description:
      'Writes the effective configuration to stderr at start: every setting, its value and where the value came from. ' +
      'Secrets are masked. `1` also works.',
  },
  OTEL_NODE_EXPERIMENTAL_SDK_METRICS: {
    type: 'boolean',
    default: false,
    source: 'opentelemetry-js',
    description:
      "The agent's own counters as OTLP metrics (`otel.sdk.*`), sent where the traces go: to `/v1/metrics` in the place of " +
      '`/v1/traces`, or by grpc. `OTEL_METRICS_EXPORTER=none` switches them off.',
  },
  OTEL_METRIC_EXPORT_INTERVAL: {
    type: 'duration',
    default: 60000,
    source: 'specification',
    description: 'Time between two exports of the metrics that OTEL_NODE_EXPERIMENTAL_SDK_METRICS asks for.',
  },
  OTEL_NODE_OTHER_TRACERS: {
    type: 'enum',
    default: 'stand-down',
    allowed: ['stand-down', 'ignore'],
    source: '@org/trace-agent',
    description:
      'What to do when the application starts a tracer of its own (an OpenTelemetry SDK, dd-trace, newrelic, ' +
      'elastic-apm-node, Sentry with tracing): leave the field to it, or trace beside it.',
  },
  OTEL_NODE_DIAGNOSTICS_DIRECTORY: {
    type: 'path',
    default: undefined,
    source: '@org/trace-agent',
    description:
      'Directory in which the process opens a local socket (`<pid>.sock`, for its own user alone), from which ' +
      "`trace-agent doctor --pid` reads the agent's counters, and leaves the last ones (`<pid>.json`) when it ends. Unset = " +
      'nothing listens and nothing is written.',
  },
  OTEL_NODE_SHUTDOWN_TIMEOUT: {
    type: 'duration',
    default: 1000,
    source: '@org/trace-agent',
    description: 'Longest time the end of the process waits for spans to be sent. 0 = do not wait.',
  },
  OTEL_NODE_DETACH_AFTER: {
    type: 'duration',
    default: 60_000,
    source: '@org/trace-agent',
    description:
      'Work that a request leaves behind (an interval, a consumer) belongs to its trace for this long after the ' +
      'request has ended; later spans start traces of their own, linked to it. 0 = never.',
  },
  OTEL_NODE_CHILD_PROCESS_CONTEXT: {
    type: 'boolean',
    default: false,
    source: '@org/trace-agent',
    description:
      'Child processes get the active trace context in their environment (`TRACEPARENT`, `TRACESTATE`, `BAGGAGE`), and ' +
      'this process takes the one in its own as the parent of its spans. See [docs/processes.md](processes.md).',
  },
  OTEL_NODE_WORKER_THREAD_CONTEXT: {
    type: 'boolean',
    default: false,
    source: '@org/trace-agent',
    description:
      'Worker threads are started, and the messages to them handled, in the trace context of `new Worker()` and ' +
      '`worker.postMessage()`. Tasks of piscina need no setting. See [docs/processes.md](processes.md).',
  },
  OTEL_NODE_REDIS_STREAM_CONTEXT: {
    type: 'boolean',
    default: false,
    source: '@org/trace-agent',
    description:
      'Entries that `XADD` of redis and ioredis adds to a stream carry the trace context as further fields, which are ' +
      'taken out again when they are read: set it where streams are read before it is set where they are written. See ' +
      '[docs/messaging.md](messaging.md#redis-streams).',
  },
  OTEL_NODE_MAX_QUEUE_BYTES: {
    type: 'integer',
    default: 33_554_432,
    minimum: 65_536,
    source: '@org/trace-agent',
    description:
      'Memory, in bytes, that finished spans waiting to be sent may take. What comes beyond it is dropped and counted; ' +
      'OTEL_BSP_MAX_QUEUE_SIZE bounds the number of spans besides.',
  },
  OTEL_NODE_EXPORT_CONCURRENCY: {
    type: 'integer',
    default: 4,
    minimum: 1,
    source: '@org/trace-agent',
    description: 'Export requests that may be under way at once.',
  },
  OTEL_NODE_SPOOL_DIRECTORY: {
    type: 'path',
    default: undefined,
    source: '@org/trace-agent',
    description:
      'Directory in which spans wait on disk while the collector is away, across restarts of the process. Unset = nothing ' +
      'is ever written to disk.',
  },
  OTEL_NODE_SPOOL_MAX_MIB: {
    type: 'integer',
    default: 64,
    minimum: 1,
    source: '@org/trace-agent',
    description: 'Size of the spool of one process, in MiB; the oldest spans make room.',
  },
  OTEL_NODE_SPOOL_MAX_AGE: {
    type: 'duration',
    default: 86_400_000,
    source: '@org/trace-agent',
    description: 'Age at which spooled spans are dropped.',
  },
  OTEL_NODE_ENV_FILE: {
    type: 'path',
    default: '.env',
    source: '@org/trace-agent',
    description:
      'File with further `OTEL_*` variables, relative to the working directory; `none` = read no file. Other names in ' +
      'it are ignored, nothing is written to `process.env`, and a variable of the real environment wins unless empty.',
  },
  OTEL_NODE_RESOURCE_DETECTORS: {
    type: 'enum list',
    default: ['container', 'host', 'os', 'serviceinstance', 'process', 'env'],
    allowed: [
      'env',
      'host',
      'os',
      'process',
      'container',
      'serviceinstance',
      'alibaba',
      'aws',
      'azure',
      'gcp',
      'all',
      'none',
    ],
    source: 'opentelemetry-js',
    description:
      'Where resource attributes come from; the later one in the list wins. `env` (OTEL_RESOURCE_ATTRIBUTES and ' +
      'OTEL_SERVICE_NAME) cannot be switched off and comes last unless named. The cloud detectors `alibaba`, `aws`, `azure`, `gcp` are accepted and ' +
      'come later.',
  },
  OTEL_NODE_PROCESS_ARGUMENTS: {
    type: 'boolean',
    default: false,
    source: '@org/trace-agent',
    description: 'Records the command line as `process.command_args`. Arguments may hold secrets.',
  },
} as const satisfies VariableRows;

export const INSTRUMENTATIONS = {
  OTEL_NODE_ENABLED_INSTRUMENTATIONS: {
    type: 'list',
    default: [],
    defaultNote: 'all but `fs`, `net`, `dns`',
    source: 'opentelemetry-js',
    description: 'Only these instrumentations. `none` = no instrumentation.',
  },
  OTEL_NODE_DISABLED_INSTRUMENTATIONS: {
    type: 'list',
    default: [],
    source: 'opentelemetry-js',
    description: 'Not these instrumentations. Applied last.',
  },
  OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: {
    type: 'list',
    default: [],
    source: '@org/trace-agent',
    description:
      'Libraries to be traced by the official OpenTelemetry instrumentation where this package has one of its own; see ' +
      '[below](#official-instrumentations-instead-of-ours).',
  },
  OTEL_NODE_EXTRA_INSTRUMENTATIONS: {
    type: 'list',
    default: [],
    source: '@org/trace-agent',
    description:
      "Instrumentation packages of others, by name, loaded from the application's folder at start; see " +
      '[below](#instrumentations-of-others).',
  },
  OTEL_NODE_EXCLUDED_URLS: {
    type: 'list',
    default: [],
    source: '@org/trace-agent',
    description:
      'Requests, incoming and outgoing, that are not traced, with everything below them: paths such as `/healthz`, with `*` ' +
      'for anything (`/static/*`), regular expressions that start with `^` or end with `$`, or whole URLs.',
  },
  OTEL_NODE_EXCLUDED_URLS_INCOMING: {
    type: 'list',
    default: [],
    source: '@org/trace-agent',
    description: 'The same for incoming requests alone, in addition.',
  },
  OTEL_NODE_EXCLUDED_URLS_OUTGOING: {
    type: 'list',
    default: [],
    source: '@org/trace-agent',
    description: 'The same for outgoing requests alone, in addition.',
  },
  OTEL_NODE_EXCLUDE_PROBES: {
    type: 'boolean',
    default: false,
    source: '@org/trace-agent',
    description: 'Do not trace the probes of Kubernetes (user agent `kube-probe/`).',
  },
  OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED: {
    type: 'boolean',
    default: true,
    source: 'java agent',
    description: '`false` = only instrumentations that are switched on by name.',
  },
  'OTEL_INSTRUMENTATION_<NAME>_ENABLED': {
    type: 'boolean',
    default: true,
    defaultNote: '`true`; `false` for `fs`, `net`, `dns`',
    source: 'java agent',
    description: 'One instrumentation on or off. In the name `-` and `.` are written `_`: `AWS_SDK`, `SOCKET_IO`.',
  },
  OTEL_NODE_MIDDLEWARE_SPANS: {
    type: 'boolean',
    default: false,
    source: '@org/trace-agent',
    description: 'A span for every middleware and handler of web frameworks.',
  },
  OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS: {
    type: 'list',
    default: [],
    source: 'java agent',
    description: 'Request headers recorded on client spans as `http.request.header.<name>`.',
  },
  OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS: {
    type: 'list',
    default: [],
    source: 'java agent',
    description: 'Response headers recorded on client spans as `http.response.header.<name>`.',
  },
  OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS: {
    type: 'list',
    default: [],
    source: 'java agent',
    description: 'Request headers recorded on server spans as `http.request.header.<name>`.',
  },
  OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS: {
    type: 'list',
    default: [],
    source: 'java agent',
    description: 'Response headers recorded on server spans as `http.response.header.<name>`.',
  },
  OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: {
    type: 'list',
    default: [],
    defaultNote: 'CONNECT DELETE GET HEAD OPTIONS PATCH POST PUT TRACE QUERY',
    source: 'semantic conventions',
    description: 'Methods that keep their name; others become `_OTHER`. Case-sensitive, replaces the default list.',
  },
  OTEL_INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS: {
    type: 'list',
    default: [],
    source: 'java agent',
    description: 'Query parameters whose value is masked in addition to the built-in ones. Case-sensitive.',
  },
  OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED: {
    type: 'boolean',
    default: true,
    aliases: ['OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_ENABLED'],
    source: 'java agent',
    description: 'Masks literal values in recorded SQL statements (pg, mysql, mysql2).',
  },
  OTEL_INSTRUMENTATION_COMMON_DB_EXPERIMENTAL_SQLCOMMENTER_ENABLED: {
    type: 'boolean',
    default: false,
    source: 'java agent',
    description:
      'Adds the trace context of a sampled query to its text as a comment (pg, mysql2; not with their official ' +
      'instrumentations). Not to prepared statements, nor to a text that has a comment.',
  },
  OTEL_INSTRUMENTATION_COMMON_LOGGING_TRACE_ID_KEY: {
    type: 'string',
    default: 'trace_id',
    source: 'java agent',
    later: 'log correlation fields',
    description: 'Name of the field of log lines that holds the trace id.',
  },
  OTEL_INSTRUMENTATION_COMMON_LOGGING_SPAN_ID_KEY: {
    type: 'string',
    default: 'span_id',
    source: 'java agent',
    later: 'log correlation fields',
    description: 'Name of the field of log lines that holds the span id.',
  },
  OTEL_INSTRUMENTATION_COMMON_LOGGING_TRACE_FLAGS_KEY: {
    type: 'string',
    default: 'trace_flags',
    source: 'java agent',
    later: 'log correlation fields',
    description: 'Name of the field of log lines that holds the trace flags.',
  },
} as const satisfies VariableRows;
