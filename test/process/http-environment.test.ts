/**
 * The variables of http and fetch in the environment of a real process: methods, headers, requests that are left out. The
 * application queries a database and calls another server, which notes the context that it is sent.
 *
 *   test ──► application (SERVER) ──► Redis (CLIENT)
 *                                └──► other server, by http and by fetch (CLIENT)
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { oldestAndNewest } from '../helpers/libraries.js';
import { describeOutput, runApp } from '../helpers/run-app.js';
import { inOrder } from '../helpers/scenario.js';
import { serverOrSkip } from '../helpers/servers.js';
import { sketch } from '../helpers/spans.js';

type Request = readonly [method: string, path: string, headers?: Record<string, string>];

interface Outcome {
  readonly spans: readonly SpanRecord[];
  /** Paths that the other server was asked for, in order; `+` = with a context. */
  readonly asked: readonly string[];
}

/** Serves until the end of the test. */
async function startUpstream(t: Test): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer(({ url, headers }, response) => {
    asked.push(`${url}${headers.traceparent === undefined ? '' : '+'}`);
    response.setHeader('x-got', 'from there').end();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.teardown(() => server.closeAllConnections());
  t.teardown(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

/** Resolves when the answer is complete. */
async function send(port: number, [method, path, headers]: Request): Promise<void> {
  const sent = request({ host: '127.0.0.1', port, method, path, headers, agent: false }).end();
  const [response] = await once(sent, 'response');
  await once(response.resume(), 'end');
}

/** What the application did under these variables; undefined where there is no Redis. */
async function run(
  t: Test,
  node: string,
  env: Record<string, string>,
  requests: readonly Request[],
): Promise<Outcome | undefined> {
  const redis = await serverOrSkip(t, 'redis');
  if (redis === undefined) return undefined;
  const [collector, upstream] = await Promise.all([startCollector(), startUpstream(t)]);
  t.teardown(() => collector.close());
  const given = { TEST_DATABASE_URL: redis.url, UPSTREAM: upstream.url, ...env };
  const agent = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app', OTEL_LOG_LEVEL: 'warn' };
  const app = runApp({ node, file: 'apps/http-environment.cjs', ipc: true, env: { ...given, ...agent } });
  const [port] = (await once(app.child, 'message')) as [number];
  for (const item of requests) await send(port, item);
  app.child.send('end');
  t.match(await app.exited, { code: 0 }, describeOutput({ stdout: app.stdout(), stderr: app.stderr() }));
  t.equal(app.stderr(), '');
  return { spans: collector.spans(), asked: upstream.asked };
}

/** `SERVER GET /path`, `CLIENT GET of redis`, `CLIENT GET /path of undici`. */
function drawn(spans: readonly SpanRecord[]): string[] {
  const pathOf = ({ attributes }: SpanRecord): unknown => {
    const full = attributes['url.full'];
    return full === undefined ? attributes['url.path'] : new URL(String(full)).pathname;
  };
  const named = spans.map((span) => {
    const maker = span.kind === 'CLIENT' ? `of ${span.scope.name.replace('@org/trace-agent/', '')}` : undefined;
    const [method = ''] = span.name.split(' ');
    return { ...span, name: [method, pathOf(span), maker].filter((part) => part !== undefined).join(' ') };
  });
  return sketch(inOrder(named))
    .replace(/^( *)app /gm, '$1')
    .split('\n\n');
}

async function testMethods(t: Test, node: string): Promise<void> {
  const env = { OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS: 'GET,PROPFIND' };
  const outcome = await run(t, node, env, [
    ['PROPFIND', '/known?to=/there'],
    ['PURGE', '/unknown?to=/there'],
    ['POST', '/not-in-the-list?to=/there'],
  ]);
  if (outcome === undefined) return;
  t.strictSame(drawn(outcome.spans), [
    'SERVER PROPFIND /known\n  CLIENT GET of redis\n  CLIENT PROPFIND /there of http\n  CLIENT PROPFIND /there of undici',
    'SERVER HTTP /unknown\n  CLIENT GET of redis\n  CLIENT HTTP /there of http\n  CLIENT HTTP /there of undici',
    'SERVER HTTP /not-in-the-list\n  CLIENT GET of redis\n  CLIENT HTTP /there of http\n  CLIENT HTTP /there of undici',
  ]);
  const methods = outcome.spans
    .filter(({ attributes }) => attributes['http.request.method'] !== undefined)
    .map(({ kind, scope, attributes }) =>
      [
        kind,
        scope.name.replace('@org/trace-agent/', ''),
        attributes['http.request.method'],
        attributes['http.request.method_original'],
      ].join(' '),
    );
  const makers = ['SERVER http', 'CLIENT http', 'CLIENT undici'];
  t.strictSame(
    methods.sort(),
    ['PROPFIND ', '_OTHER PURGE', '_OTHER POST'].flatMap((method) => makers.map((made) => `${made} ${method}`)).sort(),
  );
}

/** The headers that a span has, by their names in the attributes. */
function headersOf({ attributes }: SpanRecord): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(attributes).filter(([key]) => /^http\.(request|response)\.header\./.test(key)),
  );
}

async function testHeaders(t: Test, node: string): Promise<void> {
  const env = {
    OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS: 'X-Asked,authorization',
    OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS: 'x-answered,x-missing',
    OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS: 'x-sent,Authorization',
    OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS: 'X-Got',
  };
  const headers = { 'x-asked': 'of me', 'x-sent': 'not of a server', authorization: 'secret', 'x-other': 'other' };
  const outcome = await run(t, node, env, [['GET', '/headers?to=/there', headers]]);
  if (outcome === undefined) return;
  const { spans } = outcome;
  const [server] = spans.filter(({ kind }) => kind === 'SERVER').map(headersOf);
  t.strictSame(server, {
    'http.request.header.x-asked': ['of me'],
    'http.request.header.authorization': ['REDACTED'],
    'http.response.header.x-answered': ['one', 'two'],
  });
  const clients = spans.filter(({ attributes }) => attributes['url.full'] !== undefined);
  t.strictSame(clients.map(({ scope }) => scope.name).sort(), ['@org/trace-agent/http', '@org/trace-agent/undici']);
  for (const client of clients) {
    t.strictSame(
      headersOf(client),
      {
        'http.request.header.x-sent': ['by me'],
        'http.request.header.authorization': ['REDACTED'],
        'http.response.header.x-got': ['from there'],
      },
      client.scope.name,
    );
  }
  t.notMatch(JSON.stringify(spans.map(({ attributes }) => attributes)), /secret|other"/);
}

async function testExclusion(t: Test, node: string): Promise<void> {
  const env = {
    OTEL_NODE_EXCLUDED_URLS: '/both/*',
    OTEL_NODE_EXCLUDED_URLS_INCOMING: '/in,^/never/\\d+$',
    OTEL_NODE_EXCLUDED_URLS_OUTGOING: '/out',
    OTEL_NODE_EXCLUDE_PROBES: 'true',
  };
  const to = '?to=/there&to=/both/1&to=/in&to=/out';
  const outcome = await run(t, node, env, [
    ['GET', `/kept${to}`],
    ['GET', `/both/1${to}`],
    ['GET', `/in${to}`],
    ['GET', `/never/7${to}`],
    ['GET', `/probed${to}`, { 'user-agent': 'kube-probe/1.30' }],
    ['GET', `/out${to}`, { 'user-agent': 'no kube-probe/1.30' }],
  ]);
  if (outcome === undefined) return;
  const below = [
    'CLIENT GET of redis',
    ...['/there', '/in'].flatMap((path) => ['http', 'undici'].map((by) => `CLIENT GET ${path} of ${by}`)),
  ];
  const whole = (path: string): string => [`SERVER GET ${path}`, ...below].join('\n  ');
  t.strictSame(drawn(outcome.spans), [whole('/kept'), whole('/out')]);
  const twice = (path: string): string[] => [path, path];
  const traced = ['/there+', '/both/1', '/in+', '/out'].flatMap(twice);
  const excluded = ['/there', '/both/1', '/in', '/out'].flatMap(twice);
  t.strictSame(outcome.asked, [traced, excluded, excluded, excluded, excluded, traced].flat());
}

for (const { node, version } of oldestAndNewest()) {
  t.test(`methods on Node ${version}`, (t) => testMethods(t, node));
  t.test(`headers on Node ${version}`, (t) => testHeaders(t, node));
  t.test(`requests that are left out on Node ${version}`, (t) => testExclusion(t, node));
}
