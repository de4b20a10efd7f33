/** loadConfig as a whole: defaults, freezing, sources, the .env file, and that it never throws. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import type { LoadedConfig } from '../../src/config/types.js';

/** No .env file of the repository takes part. */
const load = (env: NodeJS.ProcessEnv = {}): LoadedConfig => loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...env });
const messages = ({ problems }: LoadedConfig): string[] => problems.map((problem) => problem.message);

t.test('the spool is off without a directory and bounded with one', async (t) => {
  t.equal(loadConfig({ OTEL_NODE_SPOOL_MAX_MIB: '1' }).config.delivery.spool, undefined);
  const { config } = loadConfig({ OTEL_NODE_SPOOL_DIRECTORY: '/spool', OTEL_NODE_SPOOL_MAX_MIB: '1' });
  t.strictSame(config.delivery.spool, { directory: '/spool', maxBytes: 1_048_576, maxAgeMillis: 86_400_000 });
});

t.test('an empty environment gives the defaults and no problem', async (t) => {
  const { config, problems } = load();
  t.same(problems, []);
  t.same(config, {
    isAgentDisabled: false,
    isSdkDisabled: false,
    logLevel: 'info',
    logFormat: 'text',
    isConfigPrinted: false,
    diagnosticsDirectory: undefined,
    hasSdkMetrics: false,
    metricIntervalMillis: 60000,
    envFile: undefined,
    serviceName: undefined,
    resourceAttributes: {},
    resourceDetectors: ['container', 'host', 'os', 'serviceinstance', 'process', 'env'],
    hasProcessArguments: false,
    propagators: ['tracecontext', 'baggage'],
    extractors: ['tracecontext', 'baggage'],
    untrustedInbound: [],
    sampler: { name: 'parentbased_always_on', ratio: 1, followsUnsampled: true },
    sampling: { rules: [], keepsErrors: false },
    limits: {
      general: { attributeValueLengthLimit: Number.POSITIVE_INFINITY, attributeCountLimit: 128 },
      span: {
        attributeValueLengthLimit: Number.POSITIVE_INFINITY,
        attributeCountLimit: 128,
        eventCountLimit: 128,
        linkCountLimit: 128,
        attributePerEventCountLimit: 128,
        attributePerLinkCountLimit: 128,
      },
    },
    batch: {
      scheduledDelayMillis: 5000,
      exportTimeoutMillis: 30000,
      maxQueueSize: 2048,
      maxExportBatchSize: 512,
      isQueueSizeExplicit: false,
    },
    tracesExporters: ['otlp'],
    otlp: {
      protocol: 'http/protobuf',
      isProtocolExplicit: false,
      endpoint: 'http://localhost:4318/v1/traces',
      isEndpointExplicit: false,
      isInsecure: true,
      headers: {},
      compression: 'none',
      timeoutMillis: 10000,
      certificateFile: undefined,
      clientKeyFile: undefined,
      clientCertificateFile: undefined,
    },
    zipkin: { endpoint: 'http://localhost:9411/api/v2/spans', timeoutMillis: 10000 },
    delivery: { maxQueueBytes: 33_554_432, maxConcurrentExports: 4, spool: undefined },
    instrumentations: {
      isDefaultEnabled: true,
      enabled: undefined,
      disabled: [],
      official: [],
      extra: [],
      options: {},
      switches: {},
      hasMiddlewareSpans: false,
    },
    http: {
      clientRequestHeaders: [],
      clientResponseHeaders: [],
      serverRequestHeaders: [],
      serverResponseHeaders: [],
      knownMethods: undefined,
      excludedIncomingUrls: [],
      excludedOutgoingUrls: [],
      isProbeExcluded: false,
      sensitiveQueryParameters: [],
    },
    isDbQuerySanitized: true,
    isSqlCommented: false,
    otherTracers: 'stand-down',
    shutdownTimeoutMillis: 1000,
    passesThreadContext: false,
    carriesRedisStreamContext: false,
    carriedContext: undefined,
    detachAfterMillis: 60_000,
    configFile: undefined,
  });
});

t.test('empty and blank values are unset', async (t) => {
  const names = ['OTEL_SDK_DISABLED', 'OTEL_SERVICE_NAME', 'OTEL_TRACES_SAMPLER', 'OTEL_PROPAGATORS'];
  const more = ['OTEL_NODE_ENABLED_INSTRUMENTATIONS', 'OTEL_NODE_RESOURCE_DETECTORS', 'OTEL_EXPORTER_OTLP_ENDPOINT'];
  for (const blank of ['', ' ', '\t\n']) {
    const loaded = load(Object.fromEntries([...names, ...more].map((name) => [name, blank])));
    t.same(loaded.config, load().config, JSON.stringify(blank));
    t.same(loaded.problems, []);
    t.same(Object.keys(loaded.sources), ['OTEL_NODE_ENV_FILE']);
  }
});

t.test('values are trimmed: Secrets often end in a line break', async (t) => {
  const { config, problems } = load({
    OTEL_SERVICE_NAME: ' shop\n',
    OTEL_TRACES_SAMPLER: ' always_on\n',
    OTEL_BSP_MAX_QUEUE_SIZE: ' 100 ',
    OTEL_SDK_DISABLED: ' true ',
  });
  t.equal(config.serviceName, 'shop');
  t.equal(config.sampler.name, 'always_on');
  t.equal(config.batch.maxQueueSize, 100);
  t.equal(config.isSdkDisabled, true);
  t.same(problems, []);
});

t.test('a bad value is named with its original text and what is used instead', async (t) => {
  t.same(messages(load({ OTEL_SDK_DISABLED: ' yes\n' })), [
    'OTEL_SDK_DISABLED=" yes\\n" is neither true nor false; using false',
  ]);
  t.same(messages(load({ OTEL_NODE_SHUTDOWN_TIMEOUT: '-1' })), [
    'OTEL_NODE_SHUTDOWN_TIMEOUT="-1" is not a whole number of milliseconds from 0 to 2147483647, without unit; using 1000',
  ]);
  t.same(load({ OTEL_LOG_LEVEL: 'wran' }).problems, [
    {
      variable: 'OTEL_LOG_LEVEL',
      severity: 'warn',
      code: 'TA1101',
      message: 'OTEL_LOG_LEVEL="wran" is not known (did you mean warn?); using info',
    },
  ]);
});

t.test('log levels and their other spellings', async (t) => {
  for (const [text, level] of [
    ['NONE', 'none'],
    ['ERROR', 'error'],
    ['Warn', 'warn'],
    ['warning', 'warn'],
    ['info', 'info'],
    ['DEBUG', 'debug'],
    ['verbose', 'verbose'],
    ['trace', 'verbose'],
    ['ALL', 'all'],
    ['off', 'none'],
  ] as const) {
    const { config, problems } = load({ OTEL_LOG_LEVEL: text });
    t.equal(config.logLevel, level, text);
    t.same(problems, []);
  }
});

t.test('the switches of the agent', async (t) => {
  const { config } = load({
    OTEL_NODE_AGENT_DISABLED: 'true',
    OTEL_NODE_PROCESS_ARGUMENTS: 'TRUE',
    OTEL_NODE_MIDDLEWARE_SPANS: 'true',
    OTEL_NODE_SHUTDOWN_TIMEOUT: '0',
    OTEL_INSTRUMENTATION_COMMON_DB_STATEMENT_SANITIZER_ENABLED: 'false',
    OTEL_INSTRUMENTATION_COMMON_DB_EXPERIMENTAL_SQLCOMMENTER_ENABLED: 'true',
  });
  t.match(config, {
    isAgentDisabled: true,
    hasProcessArguments: true,
    instrumentations: { hasMiddlewareSpans: true },
    shutdownTimeoutMillis: 0,
    isDbQuerySanitized: false,
    isSqlCommented: true,
  });
  const doubtful = load({ OTEL_INSTRUMENTATION_COMMON_DB_QUERY_SANITIZATION_ENABLED: 'on' });
  t.equal(doubtful.config.isDbQuerySanitized, true, 'a bad boolean is the default: literals stay masked');
});

t.test('the result is frozen deeply', async (t) => {
  const loaded = load({ OTEL_EXPORTER_OTLP_HEADERS: 'a=b', OTEL_SDK_DISABLED: '1', HTTPS_PROXY: 'http://p' });
  const seen = new Set<unknown>();
  const visit = (value: unknown, path: string): void => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return;
    seen.add(value);
    t.ok(Object.isFrozen(value), path);
    for (const [key, child] of Object.entries(value)) visit(child, `${path}.${key}`);
  };
  visit(loaded, 'loaded');
  t.ok(seen.size > 15, 'visited the parts');
});

t.test('neither the environment given nor process.env is written', async (t) => {
  const env = Object.freeze({ OTEL_SERVICE_NAME: 'shop', OTEL_NODE_ENV_FILE: 'none' });
  const before = { ...process.env };
  t.equal(loadConfig(env).config.serviceName, 'shop');
  t.same({ ...process.env }, before);
});

t.test('never throws, whatever the environment does', async (t) => {
  const hostile = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no keys');
      },
    },
  );
  const { config, problems } = loadConfig(hostile);
  t.same(config, load().config);
  t.match(problems, [{ severity: 'error', message: /no keys/ }]);
});

t.test('variables of other programs that the exporting thread needs', async (t) => {
  const { exporterEnvironment } = load({ https_proxy: 'http://p:3128', NODE_EXTRA_CA_CERTS: '/ca.pem', PATH: '/bin' });
  t.same(exporterEnvironment, { https_proxy: 'http://p:3128', NODE_EXTRA_CA_CERTS: '/ca.pem' });
});

t.test('.env: OTEL_* keys only, the environment wins unless empty', async (t) => {
  const cwd = t.testdir({
    '.env': [
      '# comment',
      'DATABASE_URL=postgres://x',
      'export OTEL_SERVICE_NAME="from file"',
      "OTEL_TRACES_SAMPLER='always_off'",
      'OTEL_BSP_MAX_QUEUE_SIZE=77',
      'OTEL_TRACE_SAMPLER=typo',
    ].join('\n'),
  });
  const env = { OTEL_TRACES_SAMPLER: 'always_on', OTEL_BSP_MAX_QUEUE_SIZE: ' ' };
  const { config, sources, problems } = loadConfig(env, { cwd });
  t.equal(config.serviceName, 'from file');
  t.equal(config.sampler.name, 'always_on');
  t.equal(config.batch.maxQueueSize, 77);
  t.same(sources, {
    OTEL_TRACES_SAMPLER: 'environment',
    OTEL_SERVICE_NAME: 'env-file',
    OTEL_BSP_MAX_QUEUE_SIZE: 'env-file',
    OTEL_TRACE_SAMPLER: 'env-file',
  });
  t.match(problems, [{ variable: 'OTEL_TRACE_SAMPLER', message: /did you mean OTEL_TRACES_SAMPLER/ }]);
  t.same(env, { OTEL_TRACES_SAMPLER: 'always_on', OTEL_BSP_MAX_QUEUE_SIZE: ' ' }, 'not written');
  t.notHas(process.env, { OTEL_SERVICE_NAME: 'from file' });
});

t.test('.env: dotenv is loaded only for a file that names an OTEL_ variable', async (t) => {
  const cwd = t.testdir({ '.env': 'DATABASE_URL=postgres://x\n', 'otel.env': 'OTEL_SERVICE_NAME=x\n' });
  const dotenv = require.resolve('dotenv');
  delete require.cache[dotenv];
  loadConfig({}, { cwd });
  t.notOk(require.cache[dotenv]);
  loadConfig({ OTEL_NODE_ENV_FILE: 'otel.env' }, { cwd });
  t.ok(require.cache[dotenv]);
});

t.test('OTEL_NODE_ENV_FILE: another file, none, or one that cannot be read', async (t) => {
  const cwd = t.testdir({ '.env': 'OTEL_SERVICE_NAME=default', 'other.env': 'OTEL_SERVICE_NAME=other' });
  const name = (file: string): string | undefined =>
    loadConfig({ OTEL_NODE_ENV_FILE: file }, { cwd }).config.serviceName;
  t.equal(name('other.env'), 'other');
  t.equal(name(join(cwd, 'other.env')), 'other');
  t.equal(name('none'), undefined);
  t.equal(name('NONE'), undefined);
  t.equal(name(''), 'default');

  const missing = loadConfig({ OTEL_NODE_ENV_FILE: 'missing.env' }, { cwd });
  t.equal(missing.config.serviceName, undefined, 'the default file does not stand in for a named one');
  t.same(messages(missing), ['OTEL_NODE_ENV_FILE="missing.env" does not exist; using the environment only']);
  mkdirSync(join(cwd, 'folder.env'));
  t.match(messages(loadConfig({ OTEL_NODE_ENV_FILE: 'folder.env' }, { cwd })), [/is not a regular file/]);
  writeFileSync(join(cwd, 'large.env'), `OTEL_SERVICE_NAME=large\n${'#'.repeat(1024 * 1024)}`);
  t.match(messages(loadConfig({ OTEL_NODE_ENV_FILE: 'large.env' }, { cwd })), [/is larger than 1048576 bytes/]);
  t.match(messages(loadConfig({ OTEL_NODE_ENV_FILE: 'a\0b' }, { cwd })), [/cannot be read/]);
});

t.test('.env: a default file that is missing or cannot be read is passed over without a word', async (t) => {
  t.same(loadConfig({}, { cwd: t.testdir({}) }).problems, []);
  t.same(loadConfig({}, { cwd: t.testdir({ '.env': {} }) }).problems, []);
  t.same(loadConfig({}, { cwd: join(t.testdir({}), 'gone') }).problems, []);
});

t.test('excluded URLs: the general list goes both ways, a bad expression is named and left out', async (t) => {
  const { config, problems } = load({
    OTEL_NODE_EXCLUDED_URLS: '/healthz,^/metrics$,^/(broken',
    OTEL_NODE_EXCLUDED_URLS_OUTGOING: 'http://127.0.0.1:9*',
    OTEL_NODE_EXCLUDE_PROBES: 'true',
  });
  t.strictSame(config.http.excludedIncomingUrls, ['/healthz', '^/metrics$']);
  t.strictSame(config.http.excludedOutgoingUrls, ['/healthz', '^/metrics$', 'http://127.0.0.1:9*']);
  t.equal(config.http.isProbeExcluded, true);
  t.equal(problems.length, 1);
  t.match(problems[0]?.message, /OTEL_NODE_EXCLUDED_URLS.*"?\^\/\(broken"? is no regular expression; using the others/);
});
