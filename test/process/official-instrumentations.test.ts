/**
 * OTEL_NODE_OFFICIAL_INSTRUMENTATIONS in real processes: the official instrumentation makes the spans in the place of
 * ours, in whole traces, and the application prints what it prints bare. pg and mysql2 are in traces-sql.
 *
 * In the drawings a span is followed by who made it.
 */
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { testContainment } from '../helpers/containment.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { nodeEnds } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';
import { inOrder } from '../helpers/scenario.js';
import { type RunningServer, serverOrSkip } from '../helpers/servers.js';
import { sketch } from '../helpers/spans.js';

const OFFICIAL = '@opentelemetry/instrumentation-';

interface Row {
  /** What the variable says. */
  readonly library: string;
  /** A whole trace, among others. */
  readonly trace: string;
  /** Who makes spans, in all traces. */
  readonly makers: readonly string[];
  /** Default: the application of its name. */
  readonly file?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly server?: (t: Test) => Promise<RunningServer | undefined>;
}

const ownHttp = '@org/trace-agent/http';
const redis = (t: Test) => serverOrSkip(t, 'redis');
const official = (name: string): string => OFFICIAL + name;

const ROWS: readonly Row[] = [
  {
    library: 'http',
    makers: [official('http')],
    trace: `
      CLIENT GET (official http)
        SERVER GET (official http)
          CLIENT GET (official http)
            SERVER GET (official http)`,
  },
  {
    library: 'undici',
    file: 'apps/fetch.cjs',
    makers: [official('undici'), ownHttp],
    trace: `
      CLIENT GET (official undici)
        SERVER GET (own http)
          CLIENT GET (official undici)
            SERVER GET (own http)`,
  },
  {
    library: 'grpc',
    makers: [official('grpc')],
    trace: `
      CLIENT grpc.shop.v1.Catalog/Chain (official grpc)
        SERVER grpc.shop.v1.Catalog/Chain (official grpc)
          CLIENT grpc.shop.v1.Catalog/Get (official grpc)
            SERVER grpc.shop.v1.Catalog/Get (official grpc)`,
  },
  {
    library: 'redis',
    server: redis,
    makers: [official('redis'), ownHttp],
    trace: `
      CLIENT GET (own http)
        SERVER GET (own http)
          CLIENT redis-HSET (official redis)`,
  },
  {
    library: 'ioredis',
    server: redis,
    makers: [official('ioredis'), ownHttp],
    trace: `
      CLIENT GET (own http)
        SERVER GET (own http)
          CLIENT hset (official ioredis)`,
  },
  {
    library: 'mongodb',
    server: mongodbOrSkip,
    makers: [official('mongodb'), ownHttp],
    trace: `
      CLIENT GET (own http)
        SERVER GET (own http)
          CLIENT find items (official mongodb)
          CLIENT getMore items (official mongodb)`,
  },
  // Ours makes no spans of frameworks: that it is not there is seen by the route.
  {
    library: 'koa',
    makers: [ownHttp],
    // Without the prefix that koa-mount has taken away.
    trace: `
      CLIENT GET (own http)
        SERVER GET /chain (own http)
          CLIENT GET (own http)
            SERVER GET /users/:id (own http)`,
  },
  {
    library: 'koa',
    env: { OTEL_NODE_MIDDLEWARE_SPANS: 'true' },
    makers: [official('koa'), ownHttp],
    trace: `
      CLIENT GET (own http)
        SERVER GET /chain (own http)
          INTERNAL middleware - anonymous (official koa)
            INTERNAL middleware - anonymous (official koa)
              INTERNAL router - /chain (official koa)
                CLIENT GET (own http)
                  SERVER GET /users/:id (own http)
                    INTERNAL middleware - anonymous (official koa)
                      INTERNAL middleware - anonymous (official koa)
                        INTERNAL router - /users/:id (official koa)`,
  },
  {
    library: 'connect',
    makers: [ownHttp],
    // Nobody has answered: a 404 has no route under ours.
    trace: `
      CLIENT GET ERROR (own http)
        SERVER GET /api (own http)`,
  },
  {
    library: 'connect',
    env: { OTEL_NODE_MIDDLEWARE_SPANS: 'true' },
    makers: [official('connect'), ownHttp],
    trace: `
      CLIENT GET ERROR (own http)
        SERVER GET /api (own http)
          INTERNAL middleware - anonymous (official connect)
          INTERNAL request handler - /api (official connect)`,
  },
  {
    library: 'express,router',
    file: 'apps/express-paths.cjs',
    makers: [ownHttp],
    // All of the paths, not the one that has matched.
    trace: `
      CLIENT GET (own http)
        SERVER GET /first/:id,/second/:id (own http)
          CLIENT GET (own http)
            SERVER GET /inner (own http)`,
  },
  {
    // Its routes are those of the package `router`, which is not selected.
    library: 'express',
    file: 'apps/express-paths.cjs',
    env: { OTEL_NODE_MIDDLEWARE_SPANS: 'true' },
    makers: [official('express'), ownHttp],
    trace: `
      CLIENT GET (own http)
        SERVER GET /second/:id (own http)
          INTERNAL middleware - check (official express)
          INTERNAL request handler (official express)
            CLIENT GET (own http)
              SERVER GET /inner (own http)
                INTERNAL middleware - check (official express)
                INTERNAL request handler (official express)`,
  },
];

function shortened(scope: string): string {
  return scope.replace(OFFICIAL, 'official ').replace('@org/trace-agent/', 'own ');
}

/** Each trace with the makers of its spans. */
function drawn(spans: readonly SpanRecord[]): string[] {
  const marked = spans.map((span) => ({ ...span, name: `${span.name} (${shortened(span.scope.name)})` }));
  return sketch(inOrder(marked))
    .replace(/^( *)app /gm, '$1')
    .replace(/ (\([^)]*\)) ERROR$/gm, ' ERROR $1')
    .split('\n\n');
}

function unindented(trace: string): string {
  return trace.replace(/^ {6}/gm, '').trim();
}

async function runWith(t: Test, options: RunOptions) {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const destination = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app' };
  const app = runApp({ ...options, env: { ...destination, OTEL_LOG_LEVEL: 'warn', ...options.env } });
  t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
  return { spans: collector.spans(), stdout: app.stdout(), stderr: app.stderr() };
}

for (const { library, trace, makers, file = `apps/${library}.cjs`, env, server } of ROWS) {
  t.test([library, ...Object.keys(env ?? {})].join(', '), async (t) => {
    const running = await server?.(t);
    if (server !== undefined && running === undefined) return;
    const given = { ...env, ...(running === undefined ? {} : { TEST_DATABASE_URL: running.url }) };
    const bare = await runWith(t, { file, env: given, preload: 'none' });
    const selected = { ...given, OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: library };
    const { spans, stdout, stderr } = await runWith(t, { file, env: selected });
    t.strictSame({ stdout, stderr }, { stdout: bare.stdout, stderr: '' }, 'output is that of a bare run');
    t.strictSame([...new Set(spans.map(({ scope }) => scope.name))].sort(), [...makers].sort());
    const traces = drawn(spans);
    t.ok(traces.includes(unindented(trace)), `${trace}\n\nis one of\n\n${traces.join('\n\n')}`);
    t.notMatch(traces.join('\n'), '(orphan)', 'every trace is complete');
    // With middleware spans the official one runs beside ours as well.
    if (env !== undefined) return;
    const ours = await runWith(t, { file, env: given });
    t.notOk(drawn(ours.spans).includes(unindented(trace)), 'ours makes another one');
  });
}

t.test('a library that only ours is for: one line says so, and ours goes on', async (t) => {
  const env = { OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: 'fastify' };
  const { spans, stderr } = await runWith(t, { file: 'apps/fastify.cjs', env });
  t.equal(
    stderr,
    'trace-agent warn TA1101: OTEL_NODE_OFFICIAL_INSTRUMENTATIONS="fastify": this package has no official ' +
      'instrumentation of fastify; using its own for fastify\n',
  );
  t.ok(drawn(spans).includes('CLIENT GET (own http)\n  SERVER GET /api/users/:id (own http)'), drawn(spans).join('\n'));
});

/** The first request is made before the first turn of the event loop; the next ones after it, by fetch and by the package. */
const REQUESTS = `
  const { createServer } = require('node:http');
  const undici = require('undici');
  const server = createServer((request, response) => response.end(request.headers.traceparent));
  server.listen(0, '127.0.0.1', async () => {
    const url = \`http://127.0.0.1:\${server.address().port}/items?a=1&sig=hidden&token=hidden\`;
    for (const call of [fetch, undici.fetch]) {
      console.log(await (await call(url, { headers: { 'x-asked': 'me' } })).text());
    }
    server.close();
    server.closeAllConnections();
  });
  fetch('http://127.0.0.1:10019/refused').catch(() => {});`;

for (const { node, version } of nodeEnds()) {
  t.test(`the official undici on Node ${version}: every request, its options, no secrets`, async (t) => {
    const file = join(t.testdir({ 'app.cjs': REQUESTS }), 'app.cjs');
    const env = {
      OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: 'undici',
      OTEL_INSTRUMENTATION_UNDICI_HEADERS_TO_SPAN_ATTRIBUTES_REQUEST_HEADERS: 'x-asked',
      OTEL_INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS: 'token',
      OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http',
    };
    const { spans, stdout, stderr } = await runWith(t, { node, file, env });
    t.equal(stderr, '');
    t.strictSame(new Set(spans.map(({ scope }) => scope.name)), new Set([official('undici')]));
    const answered = spans.filter(({ attributes }) => attributes['http.response.status_code'] === 200);
    t.equal(spans.length, 3);
    const sent = answered.map(({ traceId, spanId }) => `00-${traceId}-${spanId}-01\n`);
    t.equal(stdout, sent.join(''), 'the context of each span goes with its request');
    for (const { attributes } of answered) {
      t.match(attributes['url.full'], /\/items\?a=1&sig=REDACTED&token=REDACTED$/);
      t.equal(attributes['url.query'], '?a=1&sig=REDACTED&token=REDACTED');
      t.strictSame(attributes['http.request.header.x-asked'], ['me']);
    }
  });
}

t.test('the official undici: what it throws does not reach the application', async (t) => {
  const env = { OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: 'undici', OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'http' };
  const program = { file: 'apps/fetch.cjs', env };
  await testContainment(t, { instrumentation: 'undici', meets: 'official', isAlone: true, program });
});
