/** Random and hostile values for random variables: loadConfig never throws and keeps its promises. Fixed seed. */
import t from 'tap';
import { loadConfig } from '../../src/config/config.js';
import { knownNames } from '../../src/config/env-table.js';
import { INSTRUMENTATION_NAMES, switchNames } from '../../src/config/instrumentation-names.js';
import type { LoadedConfig } from '../../src/config/types.js';

const ROUNDS = 4000;
const SECRET = 'S3cr3tValue';
const FILLER = 'x'.repeat(30_000);

let state = 7;
function random(limit: number): number {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((state / 2 ** 32) * limit);
}
function pick<T>(values: readonly T[]): T {
  return values[random(values.length)] as T;
}

const FRAGMENTS = [
  ...['', ' ', ',', '=', ';', ':', '/', '//', '?', '#', '@', '%', '%zz', '%00', '%0A', '\n', '\r', '\t', '\u0000'],
  ...['$(NAME)', `\${NAME}`, '{}', '[::1]', '*', '"', "'", '\\', '\u202e', 'é', '💥', '\ud800', '__proto__'],
  ...['true', 'false', 'none', 'all', 'otlp', 'grpc', 'http', 'http://', 'https://', 'unix:', 'b3', 'env'],
  ...['0', '1', '-1', '1e9', '0x1f', '2147483647', '2147483648', 'NaN', 'Infinity', 'constructor', 'toString'],
  ...['traceidratio', 'jaeger_remote', 'initialSamplingRate=', 'service.name=', 'http/protobuf', 'pg', FILLER],
];
const NAMES = [...knownNames(), ...switchNames(), 'OTEL_', 'OTEL_TRACE_SAMPLER', `OTEL_${FILLER}`, 'OTEL_😀'];

function randomEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (let count = random(12); count >= 0; count--) {
    env[pick(NAMES)] = Array.from({ length: 1 + random(6) }, () => pick(FRAGMENTS)).join('');
  }
  const punctuation = pick(['', '=', ' =', ';', ',', '%zz', '%0A', ': ']);
  env.OTEL_EXPORTER_OTLP_HEADERS = `${pick(FRAGMENTS.slice(0, -1))}${punctuation}x=${SECRET}${punctuation}`;
  env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = `${pick(['', 'http://', 'https:', 'x://'])}u:${SECRET}@c${pick(FRAGMENTS)}`;
  return { ...env, OTEL_NODE_ENV_FILE: pick(['none', '\u0000', 'missing', '/']) };
}

function brokenPromises({ config, problems }: LoadedConfig): string[] {
  const { batch, sampler, otlp, limits, resourceDetectors } = config;
  const isNatural = (value: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** 31;
  const checks = {
    'a message is one line': problems.every(({ message }) => !/\p{Cc}/u.test(message)),
    'a message is short': problems.every(({ message }) => message.length <= 2001),
    'no message holds a secret': problems.every(({ message }) => !message.includes(SECRET)),
    'the ratio is one': sampler.ratio >= 0 && sampler.ratio <= 1,
    'sizes are counts': isNatural(batch.maxQueueSize) && batch.maxQueueSize > 0 && batch.maxExportBatchSize > 0,
    'a batch fits the queue': batch.maxExportBatchSize <= batch.maxQueueSize,
    'times are times': isNatural(batch.scheduledDelayMillis) && otlp.timeoutMillis > 0,
    'limits are counts': Object.values(limits.span).every((limit) => limit === Infinity || isNatural(limit)),
    'the endpoint is a URL': /^unix:/i.test(otlp.endpoint) || URL.canParse(otlp.endpoint),
    'env is a detector': resourceDetectors.includes('env'),
    'headers can be sent': Object.entries(otlp.headers).every(([name, value]) => isSendable(name, value)),
    'switches are instrumentations': Object.keys(config.instrumentations.switches).every(isInstrumentation),
  };
  return Object.entries(checks).flatMap(([name, holds]) => (holds ? [] : [name]));
}

function isInstrumentation(name: string): boolean {
  return INSTRUMENTATION_NAMES.some((known) => known === name);
}

function isSendable(name: string, value: string): boolean {
  try {
    new Headers([[name, value]]);
    return true;
  } catch {
    return false;
  }
}

t.test(`${ROUNDS} hostile environments`, async (t) => {
  let problems = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const env = randomEnvironment();
    const loaded = loadConfig(env, { cwd: __dirname });
    problems += loaded.problems.length;
    const broken = brokenPromises(loaded);
    if (broken.length > 0) t.fail(broken.join(', '), { env, problems: loaded.problems });
  }
  t.ok(problems > ROUNDS, `${problems} problems reported`);
});

t.test('long values take no long time', async (t) => {
  const started = performance.now();
  for (const text of ['/', '?', '@', '9', '$(', ',', '=', '%', 'a,', 'a=b,', 'http://', 'OTEL_']) {
    const long = text.repeat(Math.ceil(130_000 / text.length));
    for (const suffix of ['', 'x', '@c']) {
      const value = `${long}${suffix}`;
      loadConfig(Object.fromEntries([...NAMES.map((name) => [name, value]), ['OTEL_NODE_ENV_FILE', 'none']]));
    }
  }
  const millis = performance.now() - started;
  t.ok(millis < 20_000, `${Math.round(millis)} ms`);
});
