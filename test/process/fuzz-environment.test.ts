/**
 * Thousands of random and hostile values for random OTEL_* variables: the application's output and exit status are those
 * of a bare run, whatever the configuration says. Deterministic: a failure names its seed.
 */
import t from 'tap';
import { knownNames } from '../../src/config/env-table.js';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeLines } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';

const PROCESSES = 100;
const VARIABLES_PER_PROCESS = 12;
const PARALLEL = 4;

/** mulberry32: small, seedable, good enough to pick test values. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

// Every address is loopback or no address at all: nothing here may leave the machine.
const HOSTILE = [
  '',
  ' ',
  '\t',
  '0',
  '-1',
  '-0',
  '1e309',
  'NaN',
  'Infinity',
  '0x10',
  '1.5',
  '2147483648',
  '99999999999999999999',
  'true',
  'TRUE',
  'false',
  'yes',
  'null',
  'undefined',
  '[object Object]',
  '__proto__',
  'constructor',
  'toString',
  'none',
  'NONE',
  ' none ',
  'all',
  ',',
  ',,,',
  '=',
  '==',
  'a=',
  '=b',
  'a=b,c',
  'a=b=c',
  'a=%',
  'a=%zz',
  'a=%E0%A4%A',
  '\u0000'.replace('\u0000', '\u0001'),
  '\u001b[31mred',
  '😀'.repeat(50),
  'ü=ö',
  'x'.repeat(20_000),
  '%s%n%d',
  '../../../etc/passwd',
  '/dev/null',
  '/proc/self/mem',
  '/',
  'C:\\',
  'http://',
  'https://',
  '://',
  'http://[',
  'http://127.0.0.1:99999',
  'http://127.0.0.1:1',
  'https://127.0.0.1:1',
  'grpc://127.0.0.1:1',
  'ftp://127.0.0.1',
  'http://user:pa%ss@127.0.0.1:1',
  '127.0.0.1:1',
  '127.0.0.1',
  '[::1]:1',
  'unix:/nowhere',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'data:,x',
  'grpc',
  'http/protobuf',
  'http/json',
  'HTTP/JSON',
  'gzip',
  'brotli',
  'otlp',
  'otlp,none',
  'console',
  'zipkin',
  'jaeger',
  'prometheus',
  'always_on',
  'Always_Off',
  'traceidratio',
  'parentbased_traceidratio',
  'xray',
  'jaeger_remote',
  'tracecontext',
  'b3,b3multi',
  'tracecontext,unknown',
  'ottrace',
  'http,express',
  'http,',
  'nothing-of-this',
  'env, host',
  'authorization=Bearer%20x',
  '{"a":1}',
  '$(id)',
  '`id`',
  "'; drop table",
  '\r\ninjected: header',
] as const;

function pick<T>(random: () => number, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)] as T;
}

function mutate(random: () => number, value: string): string {
  const draw = random();
  if (draw < 0.7) return value;
  if (draw < 0.8) return ` ${value}\n`;
  if (draw < 0.9) return `${value},${pick(random, HOSTILE)}`;
  return value.split('').reverse().join('');
}

const INVENTED = [
  'OTEL_',
  'OTEL_TRACES_SAMPLE',
  'OTEL_NODE_',
  'OTEL_EXPORTER_OTLP_ENDPOIN',
  'OTEL_INSTRUMENTATION__ENABLED',
  'OTEL_INSTRUMENTATION_PG_ENABLED',
];

function hostileEnvironment(seed: number): Record<string, string> {
  const random = createRandom(seed);
  const names = [...knownNames(), ...INVENTED];
  const environment: Record<string, string> = {};
  for (let count = 0; count < VARIABLES_PER_PROCESS; count += 1) {
    environment[pick(random, names)] = mutate(random, pick(random, HOSTILE));
  }
  // What may keep the process: shown elsewhere to be honoured, here it would only make the test slow.
  environment.OTEL_NODE_SHUTDOWN_TIMEOUT = pick(random, ['0', '20', '-5', 'x', '1e3', '']);
  // Console is the one exporter that writes to stdout, because the user asked for it.
  if (/console|logging/i.test(environment.OTEL_TRACES_EXPORTER ?? '')) delete environment.OTEL_TRACES_EXPORTER;
  return environment;
}

t.test('the application does not notice', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const file = 'preload/hello.cjs';
  const cwd = t.testdir();
  const bare = runApp({ file, preload: 'none' });
  const expected = { ...(await bare.exited), millis: 0, stdout: bare.stdout() };
  t.match(expected, { code: 0, stdout: 'hello\n' });

  const nodes = nodeLines();
  const attempt = async (seed: number): Promise<void> => {
    const { node } = nodes[seed % nodes.length] as (typeof nodes)[number];
    const env = hostileEnvironment(seed);
    // Values become names of directories, too.
    const app = runApp({ node, file, cwd, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, ...env } });
    const exit = await app.exited;
    t.strictSame({ ...exit, millis: 0, stdout: app.stdout() }, expected, `seed ${seed}`, { env, stderr: app.stderr() });
    t.notMatch(app.stderr(), /did not start|^\s+at /m, `seed ${seed}: no fault of our own`, { env });
  };
  let next = 1;
  const work = async (): Promise<void> => {
    while (next <= PROCESSES * Math.min(2, nodes.length)) await attempt(next++);
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
});
