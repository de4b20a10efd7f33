/**
 * The oracle: for many combinations of valid variables the official NodeSDK and we come to the same settings. The
 * combinations are pseudo-random from a fixed seed; where we differ on purpose is in oracle-deviations.test.ts.
 */
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { describeConfig, runNodeSdk } from '../helpers/node-sdk.js';

const COMBINATIONS = 400;
const SEED = 20_260_820;

/** Mulberry32: small, and the same numbers on every machine. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const random = createRandom(SEED);

function pick<T>(values: readonly T[]): T {
  return values[Math.floor(random() * values.length)] as T;
}

/** Some of the values, in random order, as a list variable has them. */
function pickList(values: readonly string[]): string {
  const count = 1 + Math.floor(random() * values.length);
  return Array.from({ length: count }, () => pick(values)).join(pick([',', ', ', ' ,']));
}

type Variables = Record<string, string>;

/** Each variable is set with the given probability. */
function some(probability: number, choices: Record<string, () => string>): Variables {
  const chosen = Object.entries(choices).filter(() => random() < probability);
  return Object.fromEntries(chosen.map(([name, value]) => [name, value()]));
}

const RATIOS = ['0', '0.001', '0.25', '.5', '1', '1.0', '1e-3'];
const COUNTS = ['0', '1', '64', '128', '1000', '2147483647'];
const MILLIS = ['1', '200', '5000', '30000', '2147483647'];
const SIZES = ['1', '100', '512', '2048', '10000'];
const HEADERS = [
  'x-a=1',
  'x-a=2',
  'x-b=%20%2C%3D',
  'x-c=Basic abc==',
  'x-d=a b',
  'x-e = 5 ',
  'authorization=Bearer%20t',
];
const ATTRIBUTES = [
  'a=1',
  'service.name=attr',
  'b=x%20y%2C',
  'c.d=',
  ' e = f g ',
  'service.version=1.2.3',
  'a=2',
  'h%3Di=j',
];

const HTTP_BASES = ['http://c:4318', 'http://c:4318/', 'https://c', 'https://c/base', 'http://10.0.0.1:4317/b/'];
const HTTP_URLS = ['http://c:4318/v1/traces', 'http://c:4318', 'https://c/x?y=1', 'http://[::1]:4318/x/'];
const GRPC_URLS = ['http://c:4317', 'https://c:4317', 'https://c', 'c:4317', '10.0.0.1:4317', 'http://c:4318/path'];

function sampling(): Variables {
  const name = pick(['always_on', 'always_off', 'traceidratio', 'parentbased_always_on', 'parentbased_always_off']);
  const sampler = pick([name, 'parentbased_traceidratio']);
  return some(0.7, { OTEL_TRACES_SAMPLER: () => sampler, OTEL_TRACES_SAMPLER_ARG: () => pick(RATIOS) });
}

/** With the general count limit the limits of events and links are set too: NodeSDK does not fall back for them. */
function limits(): Variables {
  const general = some(0.3, { OTEL_ATTRIBUTE_COUNT_LIMIT: () => pick(COUNTS) });
  const perItem = {
    OTEL_SPAN_ATTRIBUTE_PER_EVENT_COUNT_LIMIT: () => pick(COUNTS),
    OTEL_SPAN_ATTRIBUTE_PER_LINK_COUNT_LIMIT: () => pick(COUNTS),
  };
  return {
    ...general,
    ...some(Object.keys(general).length > 0 ? 1 : 0.3, perItem),
    ...some(0.3, {
      OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: () => pick(COUNTS),
      OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: () => pick(COUNTS),
      OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: () => pick(COUNTS),
      OTEL_SPAN_EVENT_COUNT_LIMIT: () => pick(COUNTS),
      OTEL_SPAN_LINK_COUNT_LIMIT: () => pick(COUNTS),
    }),
  };
}

function otlp(): Variables {
  const protocol = pick(['grpc', 'http/protobuf', 'http/json']);
  const isGrpc = protocol === 'grpc';
  const overridden = pick([
    { OTEL_EXPORTER_OTLP_PROTOCOL: protocol },
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol },
  ]);
  const both = (suffix: string, value: () => string): Record<string, () => string> => ({
    [`OTEL_EXPORTER_OTLP_${suffix}`]: value,
    [`OTEL_EXPORTER_OTLP_TRACES_${suffix}`]: value,
  });
  return {
    ...overridden,
    ...some(0.5, { OTEL_EXPORTER_OTLP_ENDPOINT: () => pick(isGrpc ? GRPC_URLS : HTTP_BASES) }),
    ...some(0.3, { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: () => pick(isGrpc ? GRPC_URLS : HTTP_URLS) }),
    ...some(
      0.4,
      both('HEADERS', () => pickList(HEADERS)),
    ),
    ...some(
      0.3,
      both('INSECURE', () => pick(['true', 'false', 'TRUE'])),
    ),
    ...some(
      0.3,
      both('COMPRESSION', () => pick(['gzip', 'none'])),
    ),
    ...some(
      0.3,
      both('TIMEOUT', () => pick(MILLIS)),
    ),
  };
}

function combination(): Variables {
  return {
    ...sampling(),
    ...limits(),
    ...otlp(),
    ...some(0.6, { OTEL_PROPAGATORS: () => pickList(['tracecontext', 'baggage', 'b3', 'b3multi', 'jaeger']) }),
    ...some(0.1, { OTEL_PROPAGATORS: () => pick(['none', 'none,b3', 'b3 , none']) }),
    ...some(0.3, {
      OTEL_BSP_SCHEDULE_DELAY: () => pick(MILLIS),
      OTEL_BSP_EXPORT_TIMEOUT: () => pick(MILLIS),
      OTEL_BSP_MAX_QUEUE_SIZE: () => pick(SIZES),
      OTEL_BSP_MAX_EXPORT_BATCH_SIZE: () => pick(SIZES),
    }),
    ...some(0.5, {
      OTEL_SERVICE_NAME: () => pick(['shop', 'käse', 'a b,c=d']),
      OTEL_RESOURCE_ATTRIBUTES: () => pickList(ATTRIBUTES),
    }),
    ...some(0.3, { OTEL_TRACES_EXPORTER: () => pick(['otlp', 'console', 'zipkin', 'none', 'otlp,zipkin, console']) }),
    ...some(0.2, { OTEL_EXPORTER_ZIPKIN_ENDPOINT: () => 'http://z:9411/api/v2/spans' }),
  };
}

t.test(`NodeSDK and we agree on ${COMBINATIONS} combinations`, async (t) => {
  let withOtlp = 0;
  for (let index = 0; index < COMBINATIONS; index++) {
    const variables = combination();
    const ours = describeConfig(loadConfig({ OTEL_NODE_ENV_FILE: 'none', ...variables }).config);
    const theirs = await runNodeSdk(variables);
    if (ours.otlp !== undefined) withOtlp++;
    t.strictSame(withLowerCaseHeaders(ours), withLowerCaseHeaders(theirs), `${index} ${JSON.stringify(variables)}`);
  }
  t.ok(withOtlp > COMBINATIONS / 2, `${withOtlp} of them export over OTLP`);
});

/** Header names mean the same in any case; the order of keys means nothing. */
function withLowerCaseHeaders(outcome: Awaited<ReturnType<typeof runNodeSdk>>): object {
  const entries = Object.entries(outcome.otlp?.headers ?? {});
  const headers = Object.fromEntries(entries.map(([name, value]): [string, string] => [name.toLowerCase(), value]));
  return { ...outcome, otlp: outcome.otlp && { ...outcome.otlp, headers } };
}

t.test('an empty environment', async (t) => {
  t.strictSame(describeConfig(loadConfig({ OTEL_NODE_ENV_FILE: 'none' }).config), await runNodeSdk({}));
});
