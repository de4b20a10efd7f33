/** Names nobody reads, capabilities that come later, and the table itself. */
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { findVariable, knownNames } from '../../src/config/env-table.js';
import { SECTIONS } from '../../src/config/sections.js';
import type { ConfigProblem } from '../../src/config/types.js';
import { laterRows, VARIABLES } from '../../src/config/variables/rows.js';

const problemsOf = (env: NodeJS.ProcessEnv): readonly ConfigProblem[] =>
  loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...env }).problems;
const linesOf = (env: NodeJS.ProcessEnv): string[] =>
  problemsOf(env).map(({ severity, message }) => `${severity} ${message}`);

t.test('a name near a known one: did you mean', async (t) => {
  for (const [name, known] of [
    ['OTEL_TRACE_SAMPLER', 'OTEL_TRACES_SAMPLER'],
    ['OTEL_EXPORTER_OTLP_HEADER', 'OTEL_EXPORTER_OTLP_HEADERS'],
    ['OTEL_EXPORTER_OTLP_ENPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    ['OTEL_TRACES_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'],
    ['OTEL_PROPAGATOR', 'OTEL_PROPAGATORS'],
    ['OTEL_SERVICENAME', 'OTEL_SERVICE_NAME'],
    ['OTEL_NODE_ENABLE_INSTRUMENTATIONS', 'OTEL_NODE_ENABLED_INSTRUMENTATIONS'],
    ['OTEL_INSTRUMENTATION_REDS_ENABLED', 'OTEL_INSTRUMENTATION_REDIS_ENABLED'],
    ['OTEL_INSTRUMENTATION_SOCKETIO_ENABLED', 'OTEL_INSTRUMENTATION_SOCKET_IO_ENABLED'],
    ['OTEL_INSTRUMENTATION_PG_ENABLE', 'OTEL_INSTRUMENTATION_PG_ENABLED'],
  ] as const) {
    const lines = linesOf({ [name]: 's3cr3t' });
    t.same(lines, [`warn ${name} is not a known variable; did you mean ${known}? It is ignored`]);
  }
});

t.test('a name with control characters is shown escaped', async (t) => {
  t.match(linesOf({ 'OTEL_TRACES\u001bSAMPLER': 'x' }), [
    /^warn "OTEL_TRACES\\u001bSAMPLER" is not .* OTEL_TRACES_SAMPLER\?/,
  ]);
});

t.test("other programs' names are nobody's business", async (t) => {
  for (const name of [
    'OTEL_RESOURCE_ATTRIBUTES_POD_NAME',
    'OTEL_RESOURCE_ATTRIBUTES_NODE_NAME',
    'OTEL_NODE_IP',
    'OTEL_POD_IP',
    'OTEL_INJECTOR_K8S_POD_NAME',
    'OTEL_GO_AUTO_TARGET_EXE',
    'OTEL_PYTHON_LOG_CORRELATION',
    'OTEL_JAVAAGENT_ENABLED',
    'OTEL_DOTNET_AUTO_HOME',
    'OTEL_EXPORTER_JAEGER_ENDPOINT',
    'OTEL_INSTRUMENTATION_JMS_ENABLED',
    'OTEL_INSTRUMENTATION_SPRING_WEBMVC_ENABLED',
    'OTEL_COLLECTOR_SERVICE_HOST',
    'OTEL_',
    'SOTEL_TRACE_SAMPLER',
    'otel_trace_sampler',
  ]) {
    t.same(linesOf({ [name]: 'x' }), [], name);
  }
});

t.test('an environment full of unknown names stays cheap', async (t) => {
  const names = Array.from({ length: 5000 }, (_, index) => `OTEL_TRACE_SAMPLER${index % 7}${'X'.repeat(index % 90)}`);
  const lines = linesOf(Object.fromEntries(names.map((name) => [name, 'x'])));
  t.ok(lines.length <= 50, `${lines.length} lines`);
});

t.test('one line per capability that comes later', async (t) => {
  t.same(
    linesOf({
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: 'http://u:s3cr3t@c',
      OTEL_EXPORTER_OTLP_METRICS_HEADERS: 'a=s3cr3t',
      OTEL_METRIC_EXPORT_TIMEOUT: '1000',
      OTEL_BLRP_MAX_QUEUE_SIZE: '10',
    }),
    [
      'info OTEL_EXPORTER_OTLP_METRICS_ENDPOINT, OTEL_EXPORTER_OTLP_METRICS_HEADERS, OTEL_METRIC_EXPORT_TIMEOUT: ' +
        'metrics not supported yet; no metrics are sent',
      'info OTEL_BLRP_MAX_QUEUE_SIZE: logs not supported yet; no log records are sent',
    ],
  );
  t.match(linesOf({ OTEL_CONFIG_FILE: 'a.yaml' }), [/^warn OTEL_CONFIG_FILE: .*; the file is not read/]);
  t.match(linesOf({ OTEL_EXPERIMENTAL_CONFIG_FILE: 'a.yaml' }), [/^warn OTEL_EXPERIMENTAL_CONFIG_FILE: /]);
  t.match(linesOf({ OTEL_METRICS_EXPORTER: 'prometheus' }), [/^info .*metrics not supported yet/]);
  t.match(linesOf({ OTEL_ENTITIES: 'a{b=c}' }), [/^info OTEL_ENTITIES: /]);
  t.match(linesOf({ OTEL_INSTRUMENTATION_COMMON_LOGGING_TRACE_ID_KEY: 'x' }), [/^info .*usual field names/]);
  t.match(linesOf({ OTEL_EXPORTER_ZIPKIN_PROTOCOL: 'grpc' }), [/^info .*http\/json is used/]);
});

t.test('what would not matter is said at debug level or not at all', async (t) => {
  for (const env of [
    { OTEL_METRICS_EXPORTER: 'none', OTEL_METRIC_EXPORT_TIMEOUT: '1000' },
    { OTEL_LOGS_EXPORTER: 'None', OTEL_EXPORTER_OTLP_LOGS_ENDPOINT: 'http://c' },
  ]) {
    t.same(linesOf(env), [], JSON.stringify(env));
  }
  for (const env of [
    { OTEL_METRICS_EXPORTER: 'otlp' },
    { OTEL_LOGS_EXPORTER: 'OTLP', OTEL_EXPORTER_OTLP_LOGS_PROTOCOL: 'http/protobuf' },
    { OTEL_SEMCONV_STABILITY_OPT_IN: 'http' },
  ]) {
    t.match(problemsOf(env), [{ severity: 'debug' }], JSON.stringify(env));
  }
});

t.test('values of later variables are checked', async (t) => {
  t.match(linesOf({ OTEL_METRICS_EXPORTER: 'promethus' }), [/^warn .*did you mean prometheus\?\); ignored$/]);
  t.match(linesOf({ OTEL_METRIC_EXPORT_TIMEOUT: '1s' }), [/^warn .*whole number of milliseconds.*; ignored$/]);
});

t.test('every variable of a type with rules reports a bad value under its own name', async (t) => {
  const rows = SECTIONS.flatMap(({ rows }) => Object.entries(rows));
  const strict = rows.filter(([name, { type }]) => !name.includes('<') && /^(bool|int|dur|time|enum)/.test(type));
  for (const [name] of strict) {
    const problems = problemsOf({ [name]: '~~~' });
    t.match(problems, [{ variable: name, severity: 'warn' }], name);
  }
  t.ok(strict.length > 40, `${strict.length} variables`);
});

t.test('the table: one row per name, described, with a source', async (t) => {
  const names = SECTIONS.flatMap(({ rows }) => Object.keys(rows));
  t.equal(new Set(names).size, names.length);
  t.strictSame([...names].sort(), Object.keys({ ...VARIABLES, ...laterRows() }).sort(), 'all that is shown is read');
  t.equal(new Set(knownNames()).size, knownNames().length, 'no alias is a name of its own');
  for (const name of knownNames()) {
    const row = findVariable(name);
    t.match(row, { description: /\.\)?$/, source: String }, name);
    t.match(name, /^OTEL_[A-Z0-9_<>]+$/);
  }
  t.equal(findVariable('toString'), undefined);
  t.equal(findVariable('OTEL_NODE_IP'), undefined);
});
