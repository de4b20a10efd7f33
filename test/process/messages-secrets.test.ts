/**
 * Secrets never appear in what the agent writes: canaries in every place where users put them, rightly or by mistake, with
 * collectors and proxies that repeat what they were sent. Deterministic: a failure names its seed.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { type Answer, type IncomingTraces, startCollector } from '../../src/viewer/otlp-receiver.js';
import { startProxy } from '../helpers/proxy.js';
import { createRandom, pick, type Random } from '../helpers/random-spans.js';
import { runApp } from '../helpers/run-app.js';

const PROCESSES = 60;
const PARALLEL = 3;
const CANARY = 'cAnArY';

/** Unlike any word; with characters that URLs and headers encode. */
function canary(random: Random): string {
  const tail = Array.from({ length: 12 }, () => pick(random, [...'abcdefghijkmnpqrstuvwxyz23456789'])).join('');
  return `${CANARY}${tail}${pick(random, ['', '==', '.x', '-y'])}`;
}

interface Places {
  readonly http: string;
  readonly grpc: string;
  readonly proxy: string;
  readonly closed: string;
}

type Place = (random: Random, places: Places) => Record<string, string>;

const hostOf = (url: string): string => url.replace('http://', '');

/** Where a secret may stand. Several places are combined in each process. */
const HEADERS: readonly Place[] = [
  (random) => ({ OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${canary(random)}` }),
  (random) => ({ OTEL_EXPORTER_OTLP_HEADERS: `x-api-key=${canary(random)},x-b=${canary(random)}` }),
  (random) => ({ OTEL_EXPORTER_OTLP_TRACES_HEADERS: `Authorization=Basic ${canary(random)}` }),
  (random) => ({ OTEL_EXPORTER_OTLP_HEADERS: `authorization: Bearer ${canary(random)}` }),
  (random) => ({ OTEL_EXPORTER_OTLP_HEADERS: `Bearer ${canary(random)}` }),
  (random) => ({ OTEL_EXPORTER_OTLP_HEADERS: `token=${canary(random)}\u0001` }),
  (random) => ({ OTEL_EXPORTER_OTLP_HEADERS: `token=%zz${canary(random)},${canary(random)}=` }),
  (random) => ({ OTEL_EXPORTER_OTLP_HEADRS: `authorization=Bearer%20${canary(random)}` }),
  (random) => ({ OTEL_EXPORTER_OTLP_TRACE_HEADERS: `api-key=${canary(random)}` }),
  (random) => ({ OTEL_EXPORTER_OTLP_METRICS_HEADERS: `api-key=${canary(random)}` }),
];
const ENDPOINTS: readonly Place[] = [
  (_, { http }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: http }),
  (_, { grpc }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: grpc, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }),
  (_, { grpc }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: grpc }),
  (random, { http }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `http://me:${canary(random)}@${hostOf(http)}` }),
  (random, { http }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `me:${canary(random)}@${hostOf(http)}` }),
  (random, { http }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `${canary(random)}@${hostOf(http)}` }),
  (random, { closed }) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `${closed}/?api_key=${canary(random)}` }),
  (random, { closed }) => ({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${closed}?token=${canary(random)}` }),
  (random) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `ftp://me:${canary(random)}@127.0.0.1` }),
  (random) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: `https://me:${canary(random)}/x@127.0.0.1:1/` }),
  (random, { closed }) => ({
    OTEL_TRACES_EXPORTER: 'zipkin',
    OTEL_EXPORTER_ZIPKIN_ENDPOINT: `${closed.replace('//', `//me:${canary(random)}@`)}/api/v2/spans?k=${canary(random)}`,
  }),
];
const PROXIES: readonly Place[] = [
  () => ({}),
  (random, { proxy }) => ({ HTTP_PROXY: proxy.replace('//', `//me:${canary(random)}@`) }),
  (random) => ({ http_proxy: `http://me:${canary(random)}@127.0.0.1:1` }),
  (random) => ({ HTTP_PROXY: `me:${canary(random)}@[` }),
];
const FORMATS: readonly Place[] = [
  () => ({}),
  () => ({ OTEL_LOG_LEVEL: 'all' }),
  () => ({ OTEL_NODE_LOG_FORMAT: 'json' }),
  () => ({ OTEL_NODE_LOG_FORMAT: 'json', OTEL_LOG_LEVEL: 'debug' }),
  () => ({ OTEL_NODE_PRINT_CONFIG: '1' }),
  (random) => ({ OTEL_NODE_PRINT_CONFIG: 'true', OTEL_RESOURCE_ATTRIBUTES: `a=b,db.password=${canary(random)}` }),
];

/** The other side repeats the secrets it was sent. */
function echo(random: Random, { headers, protocol }: IncomingTraces): Answer {
  const text = `refused ${headers.authorization} ${headers['x-api-key']} ${headers.token} ${headers['api-key']}`;
  if (protocol === 'grpc') return { grpc: { code: pick(random, [2, 7, 14, 16]), message: text } };
  const body = { message: text, partialSuccess: { rejectedSpans: 1, errorMessage: text } };
  return pick<Answer>(random, [
    { status: 401, body: text, headers: { 'content-type': 'text/plain' } },
    { status: 403, body: JSON.stringify(body), headers: { 'content-type': 'application/json' } },
    { status: 503, body: text, headers: { 'content-type': 'text/plain' } },
    { partialSuccess: { rejected: 1, message: text } },
    {},
  ]);
}

t.test(`${PROCESSES} processes with canaries print none of them`, async (t) => {
  const random = createRandom(20260901);
  const collector = await startCollector({ respond: (request) => echo(random, request) });
  t.teardown(() => collector.close());
  const proxy = await startProxy(t, 'me:right');
  const places: Places = {
    http: collector.httpUrl,
    grpc: collector.grpcUrl,
    proxy: proxy.url.replace('me:right@', ''),
    closed: 'http://127.0.0.1:1',
  };
  const folder = t.testdir();
  let printed = 0;
  let snapshots = 0;
  const runOne = async (seed: number): Promise<void> => {
    const own = createRandom(seed);
    const environment = [HEADERS, HEADERS, ENDPOINTS, PROXIES, FORMATS].map((group) => pick(own, group)(own, places));
    const env: Record<string, string> = Object.assign({}, ...environment);
    const cwd = join(folder, String(seed));
    mkdirSync(cwd);
    // Every other process has its variables in the file instead.
    if (seed % 2 === 0) {
      const ours = Object.entries(env).filter(([name]) => name.startsWith('OTEL_'));
      writeFileSync(join(cwd, '.env'), ours.map(([name, value]) => `${name}='${value}'\n`).join(''));
      for (const [name] of ours) delete env[name];
    }
    const diagnostics = join(cwd, 'diagnostics');
    if (seed % 3 === 0) env.OTEL_NODE_DIAGNOSTICS_DIRECTORY = diagnostics;
    const app = runApp({ file: 'preload/hello.cjs', cwd, env: { OTEL_SERVICE_NAME: 'canaries', ...env } });
    const { code } = await app.exited;
    const shown = `seed ${seed}: ${JSON.stringify(env)}\n${app.stderr()}`;
    t.equal(code, 0, shown);
    t.equal(app.stdout(), 'hello\n');
    t.notOk(app.stderr().includes(CANARY), shown);
    for (const name of existsSync(diagnostics) ? readdirSync(diagnostics) : []) {
      snapshots++;
      t.notOk(readFileSync(join(diagnostics, name), 'utf8').includes(CANARY), `${name} of ${shown}`);
    }
    printed += app.stderr().split('\n').length - 1;
  };
  const seeds = Array.from({ length: PROCESSES }, (_, index) => index);
  await Promise.all(
    Array.from({ length: PARALLEL }, async () => {
      for (let seed = seeds.shift(); seed !== undefined; seed = seeds.shift()) await runOne(seed);
    }),
  );
  t.ok(snapshots > PROCESSES / 4, `${snapshots} snapshots were looked at`);
  t.ok(printed > 2 * PROCESSES, `${printed} lines were looked at`);
  t.ok(
    collector.requests().some(({ headers }) => JSON.stringify(headers).includes(CANARY)),
    'the canaries are sent',
  );
});
