/** What the agent says at start: each mistake in the configuration is one line with its code, and changes nothing else. */
import { cpSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import type { Code } from '../../src/diag/catalogue.js';
import type { Collector } from '../../src/viewer/otlp-receiver.js';
import { type Diagnosis, type Stage, testDiagnoses } from '../helpers/diagnosis.js';
import { AGENT_ENTRY, FIXTURES } from '../helpers/paths.js';
import { CLOSED_PORT } from '../helpers/ports.js';

type Variables = Record<string, string | undefined>;

/** A configuration with one mistake; spans arrive all the same. */
function mistake(name: string, variables: Variables, codes: readonly Code[], ...says: RegExp[]): Diagnosis {
  return {
    name,
    async set(stage) {
      return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await stage.collector()).httpUrl, ...variables } };
    },
    codes,
    says,
  };
}

/** The same about the endpoint, made from a collector's address. */
function endpoint(
  name: string,
  variables: (collector: Collector) => Variables,
  codes: readonly Code[],
  says: RegExp,
  atEnd: readonly Code[] = [],
): Diagnosis {
  return { name, set: async (stage) => ({ env: variables(await stage.collector()) }), codes, says: [says], atEnd };
}

const VALUES: readonly Diagnosis[] = [
  mistake('a sampler that does not exist', { OTEL_TRACES_SAMPLER: 'allways_on' }, ['TA1101'], /did you mean always_on/),
  mistake(
    'a protocol that does not exist',
    { OTEL_EXPORTER_OTLP_PROTOCOL: 'http' },
    ['TA1101'],
    /using http\/protobuf/,
  ),
  mistake('a duration with a unit', { OTEL_BSP_SCHEDULE_DELAY: '5s' }, ['TA1101'], /without unit; using 5000/),
  mistake('a boolean that is none', { OTEL_SDK_DISABLED: 'yes' }, ['TA1101'], /neither true nor false/),
  mistake('a propagator that does not exist', { OTEL_PROPAGATORS: 'tracecontext,w3c' }, ['TA1101'], /"w3c"/),
  mistake('an instrumentation that does not exist', { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'expres' }, ['TA1101']),
  mistake('jaeger as exporter', { OTEL_TRACES_EXPORTER: 'jaeger' }, ['TA1101'], /Jaeger takes OTLP itself/),
  mistake('a name with a typing error', { OTEL_TRACE_SAMPLER: 'always_on' }, ['TA1102'], /OTEL_TRACES_SAMPLER\?/),
  mistake('a ratio without its sampler', { OTEL_TRACES_SAMPLER_ARG: '0.1' }, ['TA1119'], /parentbased_traceidratio/),
  mistake('a metrics setting', { OTEL_METRIC_EXPORT_TIMEOUT: '5' }, ['TA1103'], /metrics not supported yet/),
  mistake('a configuration file', { OTEL_CONFIG_FILE: 'otel.yaml' }, ['TA1104'], /the file is not read/),
  mistake('a resource attribute', { OTEL_RESOURCE_ATTRIBUTES: 'a=b,c' }, ['TA1117'], /entry 2 "c" has no "="/),
  mistake('a placeholder in the resource', { OTEL_RESOURCE_ATTRIBUTES: 'a=$(B)' }, ['TA1118'], /not replaced/),
  mistake('a header without a name', { OTEL_EXPORTER_OTLP_HEADERS: 'Bearer abc' }, ['TA1113'], /entry 1/),
  mistake('a header with a semicolon', { OTEL_EXPORTER_OTLP_HEADERS: 'a=b;c' }, ['TA1114'], /%3B/),
  mistake('half of a client certificate', { OTEL_EXPORTER_OTLP_CLIENT_KEY: '/x' }, ['TA1115'], /CLIENT_CERTIFICATE/),
  mistake('an .env file that is not there', { OTEL_NODE_ENV_FILE: 'none.env' }, ['TA1116'], /does not exist/),
  mistake('several mistakes: one line each', { OTEL_TRACES_SAMPLER: 'on', OTEL_BSP_EXPORT_TIMEOUT: '-1' }, [
    'TA1101',
    'TA1101',
  ]),
  {
    ...mistake('a service without a name', { OTEL_SERVICE_NAME: '' }, ['TA1006'], /set OTEL_SERVICE_NAME/),
    async set(stage) {
      const app = join(stage.folder({ 'app.cjs': `require(${JSON.stringify(join(FIXTURES, 'diagnosis/app.cjs'))})` }));
      const OTEL_EXPORTER_OTLP_ENDPOINT = (await stage.collector()).httpUrl;
      return { file: join(app, 'app.cjs'), env: { OTEL_SERVICE_NAME: '', OTEL_EXPORTER_OTLP_ENDPOINT } };
    },
  },
];

const SAMPLERS: readonly Diagnosis[] = [
  mistake('always_off', { OTEL_TRACES_SAMPLER: 'always_off' }, ['TA1120'], /every span is dropped/),
  mistake(
    'a ratio of 0',
    { OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' },
    ['TA1120'],
    /only traces that a caller already records/,
  ),
];

const hostOf = (url: string): string => url.replace('http://', '');
const LOST = ['TA3025'] as const;

const ENDPOINTS: readonly Diagnosis[] = [
  endpoint(
    'no scheme',
    ({ httpUrl }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: hostOf(httpUrl) }),
    ['TA1108'],
    /has no scheme; using http:/,
  ),
  endpoint(
    '/v1/traces in the general endpoint',
    ({ httpUrl }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `${httpUrl}/v1/traces` }),
    ['TA1107'],
    /ends in \/v1\/traces already/,
  ),
  endpoint(
    '/v1/traces twice in the traces endpoint',
    ({ httpUrl }) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${httpUrl}/v1/traces/v1/traces` }),
    ['TA1107', 'TA3013'],
    /has \/v1\/traces twice/,
    LOST,
  ),
  endpoint(
    'no path in the traces endpoint',
    ({ httpUrl }) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: httpUrl }),
    ['TA1109', 'TA3013'],
    /most receivers need http:\/\/127\.0\.0\.1:\d+\/v1\/traces/,
    LOST,
  ),
  endpoint(
    'a path for grpc',
    ({ grpcUrl }) => ({
      OTEL_EXPORTER_OTLP_ENDPOINT: `${grpcUrl}/v1/traces`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    }),
    ['TA1111'],
    /has a path, which grpc does not use/,
  ),
  endpoint(
    'a scheme that is none of ours, and another endpoint',
    ({ httpUrl }) => ({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'ftp://127.0.0.1',
      OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
    }),
    ['TA1106'],
    /must start with http:/,
  ),
  endpoint(
    'a placeholder that Kubernetes did not replace',
    ({ httpUrl }) => ({
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://$(NODE_IP):4318/v1/traces',
      OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl,
    }),
    ['TA1106'],
    /contains \$\(NODE_IP\)/,
  ),
  {
    name: 'grpc at the port of HTTP',
    set: () => ({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.2:4318', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    }),
    codes: ['TA1110', 'TA3001'],
    atEnd: LOST,
    says: [/use port 4317, or set OTEL_EXPORTER_OTLP_PROTOCOL=http\/protobuf/],
  },
  {
    name: 'HTTP, named, at the port of grpc',
    set: () => ({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.2:4317', OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf' },
    }),
    codes: ['TA1110', 'TA3001'],
    atEnd: LOST,
    says: [/use port 4318, or set OTEL_EXPORTER_OTLP_PROTOCOL=grpc/],
  },
  {
    name: 'no port for grpc',
    set: () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.2', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' } }),
    codes: ['TA1112', 'TA3001'],
    atEnd: LOST,
    says: [/has no port; using http:\/\/127\.0\.0\.2:80/],
  },
];

/** The agent in a version of Node.js that is not the one it runs in. */
async function pretending(stage: Stage, version: string) {
  const text = `Object.defineProperty(process.versions, 'node', { value: ${JSON.stringify(version)} });`;
  const fake = join(stage.folder({ 'fake.cjs': text }), 'fake.cjs');
  const NODE_OPTIONS = `--require ${fake} --require ${AGENT_ENTRY}`;
  const OTEL_EXPORTER_OTLP_ENDPOINT = (await stage.collector()).httpUrl;
  return { preload: 'none' as const, env: { NODE_OPTIONS, OTEL_EXPORTER_OTLP_ENDPOINT } };
}

const RUNTIME: readonly Diagnosis[] = [
  { name: 'an old Node.js', set: (stage) => pretending(stage, '16.20.2'), codes: ['TA1003'], start: undefined },
  { name: 'a new Node.js', set: (stage) => pretending(stage, '99.0.0'), codes: ['TA1004'] },
  {
    name: 'an old Node.js, silently',
    async set(stage) {
      const run = await pretending(stage, '16.20.2');
      return { ...run, env: { ...run.env, OTEL_LOG_LEVEL: 'none' } };
    },
    codes: [],
    start: undefined,
  },
  {
    name: 'a package with a file missing',
    async set(stage) {
      const agent = join(stage.folder(), 'dist');
      cpSync(dirname(AGENT_ENTRY), agent, { recursive: true });
      rmSync(join(agent, 'agent.js'));
      return { agent: join(agent, 'register.js') };
    },
    codes: ['TA1005'],
    start: undefined,
    says: [/did not start, the application runs without traces: Error: ENOENT: .*agent\.js/],
  },
  {
    name: 'an exporter that cannot be loaded',
    async set(stage) {
      const agent = join(stage.folder(), 'dist');
      cpSync(dirname(AGENT_ENTRY), agent, { recursive: true });
      writeFileSync(join(agent, 'worker.js'), 'throw new Error("damaged")');
      return { agent: join(agent, 'register.js'), env: sendTo(await stage.collector()) };
    },
    codes: ['TA3026', 'TA3027', 'TA3025'],
  },
  {
    name: 'context alone',
    set: () => ({ env: { OTEL_SDK_DISABLED: 'true' } }),
    codes: [],
    start: 'TA1002',
  },
  {
    name: 'nothing at all',
    set: () => ({ env: { OTEL_NODE_AGENT_DISABLED: 'true', OTEL_TRACES_SAMPLER: 'nonsense' } }),
    codes: [],
    start: undefined,
  },
  {
    name: 'a spool that cannot be written',
    async set(stage) {
      const file = join(stage.folder({ file: '' }), 'file');
      const OTEL_EXPORTER_OTLP_ENDPOINT = `http://127.0.0.1:${CLOSED_PORT}`;
      return { env: { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_NODE_SPOOL_DIRECTORY: file } };
    },
    codes: ['TA3001', 'TA3021'],
    atEnd: LOST,
    says: [/OTEL_NODE_SPOOL_DIRECTORY/],
  },
  {
    name: 'more spans than the queue takes',
    async set(stage) {
      const collector = await stage.collector({ respond: () => ({ delayMillis: 2000 }) });
      return { env: { ...sendTo(collector), OTEL_BSP_MAX_QUEUE_SIZE: '2' } };
    },
    codes: ['TA3025'],
    atEnd: [],
    says: [/because the queue was full \(OTEL_BSP_MAX_QUEUE_SIZE\)/],
  },
];

function sendTo({ httpUrl }: Collector): Variables {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl };
}

testDiagnoses(t, [...VALUES, ...SAMPLERS, ...ENDPOINTS, ...RUNTIME]);
