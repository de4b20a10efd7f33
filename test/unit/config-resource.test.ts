/** OTEL_RESOURCE_ATTRIBUTES, the detectors, and the choice of instrumentations. */
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { INSTRUMENTATION_NAMES } from '../../src/config/instrumentation-names.js';
import { WITHOUT_OFFICIAL } from '../../src/config/instrumentation-options.js';
import type { AgentConfig } from '../../src/config/types.js';

const load = (env: NodeJS.ProcessEnv): AgentConfig & { readonly messages: string[] } => {
  const { config, problems } = loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...env });
  return { ...config, messages: problems.map(({ severity, message }) => `${severity} ${message}`) };
};
const attributes = (text: string): ReturnType<typeof load> => load({ OTEL_RESOURCE_ATTRIBUTES: text });

t.test('resource attributes are decoded and trimmed; the later of two equal keys wins', async (t) => {
  const { resourceAttributes, messages } = attributes(' a = 1 ,b=x%20y%2C%3D%25,c%3Dd=2,,e=,a=3, ');
  t.same(resourceAttributes, { a: '3', b: 'x y,=%', 'c=d': '2', e: '' });
  t.same(messages, []);
  const long = 'v'.repeat(5000);
  t.same(attributes(`k=${long}`).resourceAttributes, { k: long });
  t.same(Object.keys(attributes('__proto__=1').resourceAttributes), ['__proto__']);
});

t.test('a bad entry is named and left out, the others are kept', async (t) => {
  const { resourceAttributes, messages } = attributes('a=1,b,c=2=3,d=%zz,=4,e=5');
  t.same(resourceAttributes, { a: '1', e: '5' });
  t.equal(messages.length, 1);
  for (const entry of ['entry 2 "b" ', 'entry 3 "c=2=3" ', 'entry 4 "d=%zz" ', 'entry 5 "=4" ']) {
    t.match(messages[0], entry);
  }
  t.match(messages[0], /^error OTEL_RESOURCE_ATTRIBUTES: .*; these entries are left out, the others are used$/);
});

t.test('an empty service.name is none', async (t) => {
  t.same(attributes('service.name=,service.version=').resourceAttributes, { 'service.version': '' });
  t.same(attributes('service.name=%20x').resourceAttributes, { 'service.name': ' x' });
});

t.test('a Kubernetes $(NAME) that was not replaced is pointed out', async (t) => {
  const { resourceAttributes, messages } = attributes('k8s.pod.name=$(POD_NAME),a=1');
  t.same(resourceAttributes, { 'k8s.pod.name': '$(POD_NAME)', a: '1' });
  t.match(messages, [/^warn .*"k8s.pod.name" with a \$\(NAME\) that was not replaced/]);
});

t.test('resource detectors: env is always among them', async (t) => {
  const detectors = (text: string): ReturnType<typeof load> => load({ OTEL_NODE_RESOURCE_DETECTORS: text });
  t.match(detectors('host, ENV'), { resourceDetectors: ['host', 'env'], messages: [] });
  t.match(detectors('env,host'), { resourceDetectors: ['env', 'host'], messages: [] });
  t.match(detectors('process'), { resourceDetectors: ['process', 'env'], messages: [] });
  t.same(detectors('none').resourceDetectors, ['env']);
  t.same(detectors(',').resourceDetectors, ['container', 'host', 'os', 'serviceinstance', 'process', 'env']);
  t.match(detectors('hosts,os'), { resourceDetectors: ['os', 'env'], messages: [/did you mean host\?/] });
  const all = detectors('all');
  t.same(all.resourceDetectors, [
    'container',
    'host',
    'os',
    'serviceinstance',
    'process',
    'alibaba',
    'gcp',
    'aws',
    'azure',
    'env',
  ]);
  t.match(all.messages, [/^info .*alibaba, gcp, aws, azure not supported yet/]);
  t.match(detectors('gcp').messages, [/^info .*: gcp not supported yet/]);
});

t.test('instrumentation lists: any spelling, unknown names are left out', async (t) => {
  const { instrumentations, messages } = load({
    OTEL_NODE_ENABLED_INSTRUMENTATIONS: 'HTTP, socket_io,aws-sdk,@opentelemetry/instrumentation-pg,http,',
    OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'fs,expres',
  });
  t.same(instrumentations.enabled, ['http', 'socket.io', 'aws-sdk', 'pg']);
  t.same(instrumentations.disabled, ['fs']);
  t.same(messages, [
    'warn OTEL_NODE_DISABLED_INSTRUMENTATIONS="fs,expres": no instrumentation "expres" (did you mean express?); using fs',
  ]);
});

t.test('a list of unknown names only does not switch everything off; none does', async (t) => {
  const enabled = (text: string): ReturnType<typeof load> => load({ OTEL_NODE_ENABLED_INSTRUMENTATIONS: text });
  t.equal(enabled('htttp').instrumentations.enabled, undefined);
  t.match(enabled('sequelize').messages, [/no instrumentation "sequelize"; using the default$/]);
  t.equal(enabled(' , ').instrumentations.enabled, undefined);
  t.same(enabled('None').instrumentations.enabled, []);
});

t.test('one switch for every instrumentation', async (t) => {
  for (const name of INSTRUMENTATION_NAMES) {
    const variable = `OTEL_INSTRUMENTATION_${name.toUpperCase().replace(/[-.]/g, '_')}_ENABLED`;
    t.match(load({ [variable]: 'False' }), { instrumentations: { switches: { [name]: false } }, messages: [] }, name);
  }
  t.equal(INSTRUMENTATION_NAMES.length, 41 + WITHOUT_OFFICIAL.length);
  const bad = load({ OTEL_INSTRUMENTATION_PG_ENABLED: '1', OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED: 'false' });
  t.same(bad.instrumentations.switches, {});
  t.equal(bad.instrumentations.isDefaultEnabled, false);
  t.match(bad.messages, [/OTEL_INSTRUMENTATION_PG_ENABLED="1" is neither true nor false; using the default of pg$/]);
});

t.test('the names are those of the official packages, and of what only we have', async (t) => {
  const { getNodeAutoInstrumentations } = await import('@opentelemetry/auto-instrumentations-node');
  const all = INSTRUMENTATION_NAMES.map((name) => `@opentelemetry/instrumentation-${name}`);
  const off = Object.fromEntries(all.map((name) => [name, { enabled: true }]));
  const official = getNodeAutoInstrumentations(off);
  const names = new Set(official.map((instrumentation) => instrumentation.instrumentationName));
  for (const instrumentation of official) instrumentation.disable();
  t.same(
    INSTRUMENTATION_NAMES.filter((name) => !names.has(`@opentelemetry/instrumentation-${name}`)),
    WITHOUT_OFFICIAL,
  );
  t.equal(names.size, 41);
});

t.test('captured headers, methods, query parameters', async (t) => {
  const { http, messages } = load({
    OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS: 'X-A, x-a,X-B',
    OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS: 'c',
    OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS: '*, d,bad header',
    OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS: '*',
    OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: 'GET,get,PURGE',
    OTEL_INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS: 'Token',
  });
  t.same(http, {
    clientRequestHeaders: ['x-a', 'x-b'],
    clientResponseHeaders: ['c'],
    serverRequestHeaders: ['d'],
    serverResponseHeaders: [],
    knownMethods: ['GET', 'get', 'PURGE'],
    excludedIncomingUrls: [],
    excludedOutgoingUrls: [],
    isProbeExcluded: false,
    sensitiveQueryParameters: ['Token'],
  });
  t.match(messages, [
    /SERVER_CAPTURE_REQUEST_HEADERS.*"\*" is not a header name; "bad header" is not a header name; using the others$/,
    /SERVER_CAPTURE_RESPONSE_HEADERS.*"\*" is not a header name; using no header$/,
  ]);
});
