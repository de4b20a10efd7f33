/**
 * Where NodeSDK 0.223 and we differ on purpose: each row says why, and both sides are asserted, so that a row whose
 * reason has gone (NodeSDK changed) fails too.
 */
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { describeConfig, type Outcome, runNodeSdk } from '../helpers/node-sdk.js';

type Expected = { readonly [K in keyof Outcome]?: unknown };

interface Deviation {
  readonly what: string;
  /** `specification`: NodeSDK does not follow it. `ours`: the specification leaves it open, or we chose otherwise. */
  readonly reason: string;
  readonly by: 'specification' | 'ours';
  readonly variables: Readonly<Record<string, string>>;
  readonly nodeSdk: Expected;
  readonly agent: Expected;
}

const PARENT_BASED_ON =
  'ParentBased{root=AlwaysOnSampler, remoteParentSampled=AlwaysOnSampler, remoteParentNotSampled=AlwaysOffSampler, ' +
  'localParentSampled=AlwaysOnSampler, localParentNotSampled=AlwaysOffSampler}';
const LONG = 'v'.repeat(256);

const DEVIATIONS: readonly Deviation[] = [
  {
    what: 'sampler names in another case and with blanks',
    reason: 'enum values are matched without regard to case; Secrets end in a line break',
    by: 'specification',
    variables: { OTEL_TRACES_SAMPLER: ' Always_Off\n' },
    nodeSdk: { sampler: PARENT_BASED_ON },
    agent: { sampler: 'AlwaysOffSampler' },
  },
  {
    what: 'exporter names in another case',
    reason: 'enum values are matched without regard to case',
    by: 'specification',
    variables: { OTEL_TRACES_EXPORTER: 'OTLP' },
    nodeSdk: { exporters: [] },
    agent: { exporters: ['OTLPTraceExporter'] },
  },
  {
    what: 'the old exporter name logging',
    reason: 'it is an alias of console in the specification',
    by: 'specification',
    variables: { OTEL_TRACES_EXPORTER: 'logging' },
    nodeSdk: { exporters: [] },
    agent: { exporters: ['ConsoleSpanExporter'] },
  },
  {
    what: 'an exporter that does not exist',
    reason: 'an unknown enum value counts as unset, and the default is otlp',
    by: 'specification',
    variables: { OTEL_TRACES_EXPORTER: 'jaeger' },
    nodeSdk: { exporters: [] },
    agent: { exporters: ['OTLPTraceExporter'] },
  },
  {
    what: 'none among other exporters',
    reason: 'none means none wherever it stands in a list, as it does for propagators, metrics and logs',
    by: 'ours',
    variables: { OTEL_TRACES_EXPORTER: 'console,none' },
    nodeSdk: { exporters: ['OTLPTraceExporter'] },
    agent: { exporters: [] },
  },
  {
    what: 'protocol names in another case and with blanks',
    reason: 'enum values are matched without regard to case',
    by: 'specification',
    variables: { OTEL_EXPORTER_OTLP_PROTOCOL: 'GRPC ' },
    nodeSdk: { otlp: { protocol: 'http/protobuf' } },
    agent: { otlp: { protocol: 'grpc' } },
  },
  {
    what: 'an unknown protocol of the signal',
    reason: 'it counts as unset, so the general variable applies',
    by: 'specification',
    variables: { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'thrift' },
    nodeSdk: { otlp: { protocol: 'http/protobuf' } },
    agent: { otlp: { protocol: 'grpc' } },
  },
  {
    what: 'propagator names in another case',
    reason: 'enum values are matched without regard to case',
    by: 'specification',
    variables: { OTEL_PROPAGATORS: 'B3,TraceContext' },
    nodeSdk: { propagators: [] },
    agent: { propagators: ['b3', 'tracecontext'] },
  },
  {
    what: 'unknown propagators only',
    reason: 'unknown enum values count as unset, and unset means tracecontext,baggage',
    by: 'specification',
    variables: { OTEL_PROPAGATORS: 'w3c' },
    nodeSdk: { propagators: [] },
    agent: { propagators: ['tracecontext', 'baggage'] },
  },
  {
    what: 'the propagators xray and ottrace',
    reason: 'the specification lists them; NodeSDK leaves them to another package',
    by: 'specification',
    variables: { OTEL_PROPAGATORS: 'tracecontext,xray,ottrace' },
    nodeSdk: { propagators: ['tracecontext'] },
    agent: { propagators: ['tracecontext', 'xray', 'ottrace'] },
  },
  {
    what: 'the SDK disabled',
    reason: 'OTEL_SDK_DISABLED does not affect propagators',
    by: 'specification',
    variables: { OTEL_SDK_DISABLED: 'true', OTEL_PROPAGATORS: 'b3' },
    nodeSdk: { propagators: [] },
    agent: { propagators: ['b3'] },
  },
  {
    what: 'an export timeout of 0',
    reason: 'a timeout of 0 means no limit',
    by: 'specification',
    variables: { OTEL_BSP_EXPORT_TIMEOUT: '0' },
    nodeSdk: { batch: { exportTimeoutMillis: 30000 } },
    agent: { batch: { exportTimeoutMillis: Number.POSITIVE_INFINITY } },
  },
  {
    what: 'an OTLP timeout of 0',
    reason: 'a timeout of 0 means no limit',
    by: 'specification',
    variables: { OTEL_EXPORTER_OTLP_TIMEOUT: '0' },
    nodeSdk: { otlp: { timeoutMillis: 10000 } },
    agent: { otlp: { timeoutMillis: Number.POSITIVE_INFINITY } },
  },
  {
    what: 'a schedule delay of 0',
    reason: 'a duration is any non-negative integer',
    by: 'specification',
    variables: { OTEL_BSP_SCHEDULE_DELAY: '0' },
    nodeSdk: { batch: { scheduledDelayMillis: 5000 } },
    agent: { batch: { scheduledDelayMillis: 0 } },
  },
  {
    what: 'numbers that are no integers',
    reason: 'integers are decimal digits from 0 to 2^31-1; anything else counts as unset',
    by: 'specification',
    variables: {
      OTEL_SPAN_EVENT_COUNT_LIMIT: '-1',
      OTEL_SPAN_LINK_COUNT_LIMIT: '1.5',
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: '0x10',
      OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: '1e3',
    },
    nodeSdk: {
      limits: { eventCountLimit: -1, linkCountLimit: 1.5, attributeCountLimit: 16, attributeValueLengthLimit: 1000 },
    },
    agent: {
      limits: {
        eventCountLimit: 128,
        linkCountLimit: 128,
        attributeCountLimit: 128,
        attributeValueLengthLimit: Number.POSITIVE_INFINITY,
      },
    },
  },
  {
    what: "the specification's names of the limits of events and links",
    reason: 'NodeSDK knows only OTEL_SPAN_ATTRIBUTE_PER_{EVENT,LINK}_COUNT_LIMIT; we take both',
    by: 'specification',
    variables: { OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT: '3', OTEL_LINK_ATTRIBUTE_COUNT_LIMIT: '4' },
    nodeSdk: { limits: { attributePerEventCountLimit: 128, attributePerLinkCountLimit: 128 } },
    agent: { limits: { attributePerEventCountLimit: 3, attributePerLinkCountLimit: 4 } },
  },
  {
    what: 'the general count limit for events and links',
    reason: 'it stands in for every more specific limit that is not set',
    by: 'specification',
    variables: { OTEL_ATTRIBUTE_COUNT_LIMIT: '5' },
    nodeSdk: { limits: { attributeCountLimit: 5, attributePerEventCountLimit: 128, attributePerLinkCountLimit: 128 } },
    agent: { limits: { attributeCountLimit: 5, attributePerEventCountLimit: 5, attributePerLinkCountLimit: 5 } },
  },
  {
    what: 'a general endpoint with a query',
    reason: "the signal's path is added to the path of the URL, not to its text",
    by: 'specification',
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/base?key=1' },
    nodeSdk: { otlp: { endpoint: 'http://c:4318/base?key=1/v1/traces' } },
    agent: { otlp: { endpoint: 'http://c:4318/base/v1/traces?key=1' } },
  },
  {
    what: 'a general endpoint that ends in several slashes',
    reason: 'the paths are joined with one slash',
    by: 'specification',
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/base//' },
    nodeSdk: { otlp: { endpoint: 'http://c:4318/base//v1/traces' } },
    agent: { otlp: { endpoint: 'http://c:4318/base/v1/traces' } },
  },
  {
    what: 'a general endpoint that ends in /v1/traces',
    reason: 'nobody means /v1/traces/v1/traces; a line says what to write',
    by: 'ours',
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318/v1/traces' },
    nodeSdk: { otlp: { endpoint: 'http://c:4318/v1/traces/v1/traces' } },
    agent: { otlp: { endpoint: 'http://c:4318/v1/traces' } },
  },
  {
    what: 'an HTTP endpoint without a scheme',
    reason: 'the scheme must be http or https, not "collector"; http is assumed and a line says so',
    by: 'ours',
    variables: { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4318' },
    nodeSdk: { otlp: { endpoint: 'collector:4318/v1/traces' } },
    agent: { otlp: { endpoint: 'http://collector:4318/v1/traces' } },
  },
  {
    what: 'a grpc endpoint with http and no port',
    reason: 'the port of an http URL is 80; gRPC takes 443 for a name without port',
    by: 'ours',
    variables: { OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c' },
    nodeSdk: { otlp: { endpoint: 'http://c' } },
    agent: { otlp: { endpoint: 'http://c:80' } },
  },
  {
    what: 'the same header in another case for the signal',
    reason: 'names of headers have no case, so the one of the signal replaces the general one',
    by: 'specification',
    variables: {
      OTEL_EXPORTER_OTLP_HEADERS: 'Authorization=general',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'authorization=signal',
    },
    nodeSdk: { otlp: { headers: { Authorization: 'general', authorization: 'signal' } } },
    agent: { otlp: { headers: { Authorization: undefined, authorization: 'signal' } } },
  },
  {
    what: 'resource attributes with a bad entry',
    reason:
      'the specification recommends dropping all; the Operator writes values without encoding them, and one ' +
      'annotation must not cost a pod its identity: we drop and name the bad entry',
    by: 'ours',
    variables: { OTEL_RESOURCE_ATTRIBUTES: 'service.name=shop,note=a=b,k8s.pod.name=p' },
    nodeSdk: { resource: { 'service.name': 'unknown', 'k8s.pod.name': undefined } },
    agent: { resource: { 'service.name': 'shop', 'k8s.pod.name': 'p', note: undefined } },
  },
  {
    what: 'a resource attribute longer than 255 characters',
    reason: 'the specification has no such limit, and exempts the resource from attribute limits',
    by: 'specification',
    variables: { OTEL_RESOURCE_ATTRIBUTES: `a=${LONG},b=1` },
    nodeSdk: { resource: { a: undefined, b: undefined } },
    agent: { resource: { a: LONG, b: '1' } },
  },
  {
    what: 'a service name with blanks around it',
    reason: 'values from Secrets and files end in a line break',
    by: 'ours',
    variables: { OTEL_SERVICE_NAME: 'shop\n' },
    nodeSdk: { resource: { 'service.name': 'shop\n' } },
    agent: { resource: { 'service.name': 'shop' } },
  },
  {
    what: 'an empty service.name attribute',
    reason: 'an absent label of a Kubernetes fieldRef arrives like that; the name is then derived',
    by: 'ours',
    variables: { OTEL_RESOURCE_ATTRIBUTES: 'service.name=' },
    nodeSdk: { resource: { 'service.name': '' } },
    agent: { resource: { 'service.name': 'unknown' } },
  },
  {
    what: 'detectors without env',
    reason: 'the two variables of the resource count whatever detectors are named',
    by: 'specification',
    variables: { OTEL_NODE_RESOURCE_DETECTORS: 'os', OTEL_SERVICE_NAME: 'shop' },
    nodeSdk: { resource: { 'service.name': 'unknown' } },
    agent: { resource: { 'service.name': 'shop' } },
  },
];

/** Of an outcome the parts that a row is about, so that they can be compared strictly. */
function partsOf(outcome: Outcome, expected: Expected): object {
  const keys = Object.keys(expected) as (keyof Outcome)[];
  return Object.fromEntries(keys.map((key) => [key, select(outcome[key], expected[key])]));
}

function select(actual: unknown, expected: unknown): unknown {
  if (typeof expected !== 'object' || expected === null || Array.isArray(expected)) return actual;
  const names = Object.keys(expected) as (keyof typeof expected)[];
  return Object.fromEntries(names.map((name) => [name, select((actual as typeof expected)[name], expected[name])]));
}

for (const { what, reason, by, variables, nodeSdk, agent } of DEVIATIONS) {
  t.test(`${what} (${by}): ${reason}`, async (t) => {
    const theirs = await runNodeSdk(variables);
    const ours = describeConfig(loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...variables }).config);
    t.strictSame(partsOf(theirs, nodeSdk), nodeSdk, 'NodeSDK');
    t.strictSame(partsOf(ours, agent), agent, 'we');
    t.notSame(theirs, ours, 'the two differ');
  });
}
