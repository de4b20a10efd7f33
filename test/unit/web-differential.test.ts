/**
 * The table of route shapes under the official instrumentations and under ours: the same SERVER spans, with the same parent,
 * name, status, events and attributes, apart from the differences written down here, each with both values and its reason;
 * and none of the INTERNAL spans, which are asked for by OTEL_NODE_MIDDLEWARE_SPANS. For fastify there is no official one.
 */
import t, { type Test } from 'tap';
import { Comparison, type Difference, type Facts, withoutPorts } from '../helpers/differences.js';
import { expectedName, type Row, type RowResult, runRoutes } from '../helpers/routes.js';

const ANSWERED = 'what has answered is no route: a 404 has none, whatever was tried on the way';
const ARRAY = 'the one of several paths that has matched, not all of them';
const WILDCARD = 'the official one takes a wildcard for no route';
const LAST = 'the route that has answered, whatever was called after it';
const PARAMETER = 'the route whose parameter callback it was';
const DEALT_WITH = 'the route that has failed before is not part of the one that answers';
const ROOT = '`/` is no route: the same function answers every path';
const MOUNT = 'with the prefix that koa-mount has taken away';
const KOA_ROUTE = 'the official one knows koa-router alone';
const MIDDLEWARE = 'the route that it was on the way to, not the path of the middleware that refused';
const PREFIX = 'with the prefix of the plugin';
const EARLY = 'the route is known before its handler runs';
const SLASH = 'a slash at the end means nothing';
const ROUTER = 'the official one makes spans of layers and names no SERVER span';

/** Sent with every request; see run.cjs. */
const CALLER = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16) };

/** Names of a SERVER span, which are its method and its `http.route`. */
interface Route {
  readonly official: string;
  readonly own: string;
  readonly reason: string;
}

const is = (official: string, own: string, reason: string): Route => ({ official, own, reason });

const EXPRESS: Record<string, Route> = {
  'array, first': is('GET /first/:id,/second/:id', 'GET /first/:id', ARRAY),
  'array, second': is('GET /first/:id,/second/:id', 'GET /second/:id', ARRAY),
  'array with an expression': is('GET /first/:id,/^\\/item\\/\\d+$/', 'GET /^\\/item\\/\\d+$/', ARRAY),
  'mounted at several paths': is('GET /first,/second/:tenant/users/:id', 'GET /second/:tenant/users/:id', ARRAY),
  'array in a mounted router': is('GET /v1,/v2/users/:id,/people/:id', 'GET /v2/people/:id', ARRAY),
  'head of a route without get': is('HEAD /users/:id', 'HEAD', ANSWERED),
  '404 in a mounted router': is('GET /api', 'GET', ANSWERED),
  '404 after a route': is('GET /users/:id', 'GET', ANSWERED),
  '404 in an application in an application': is('GET /admin', 'GET', ANSWERED),
  'no prefix, root': is('GET /', 'GET', ROOT),
  'answers, then passes on': is('GET /users', 'GET /users/:id', LAST),
  'answers, then passes on to another route': is('GET /:any/:id', 'GET /users/:id', LAST),
  'a parameter callback answers': is('GET /users', 'GET /users/:id', PARAMETER),
  'a parameter callback fails': is('GET /users', 'GET /users/:id', PARAMETER),
  'a parameter callback of a mounted router fails': is('GET /api', 'GET /api/users/:id', PARAMETER),
  'an error that is dealt with': is('GET /users/:id/:any/:id', 'GET /:any/:id', DEALT_WITH),
  'a second error after one that is dealt with': is('GET /users/:id/:any/:id', 'GET /:any/:id', DEALT_WITH),
};

interface Comparable {
  /** A file of test/fixtures/web. */
  readonly family: string;
  readonly packages: string;
}

interface Compared extends Comparable {
  readonly differences: Readonly<Record<string, Route>>;
}

const COMPARISONS: readonly Compared[] = [
  {
    family: 'express',
    packages: 'express',
    differences: {
      ...EXPRESS,
      everything: is('GET /', 'GET /{*any}', WILDCARD),
      'everything, mounted': is('GET /api', 'GET /api/{*any}', WILDCARD),
    },
  },
  { family: 'express', packages: 'express4', differences: EXPRESS },
  {
    family: 'koa',
    packages: 'koa+@koa/router+koa-mount',
    differences: {
      'one function for two routes': is(
        'GET',
        'GET /users/:id',
        'the official one wraps a function once, for its first route',
      ),
      "a router's middleware refuses": is('GET (?:\\/|$)', 'GET /users/:id', MIDDLEWARE),
      "a router's middleware at a path refuses": is('GET /users', 'GET /users/:id', MIDDLEWARE),
      'mounted application': is('GET /users/:id', 'GET /api/users/:id', MOUNT),
      'mounted application, its root': is('GET /', 'GET /api', MOUNT),
      'mounted with a slash': is('GET', 'GET /files', MOUNT),
      'mounted twice': is('GET /users/:id', 'GET /a/b/users/:id', MOUNT),
      'one application at two places, second': is('GET /users/:id', 'GET /second/users/:id', MOUNT),
      'mounted function that answers': is('GET', 'GET /files', MOUNT),
      'mounted function that refuses': is('GET', 'GET /api', MOUNT),
      'an error in a mounted application': is('GET /users/:id', 'GET /api/users/:id', MOUNT),
      'koa-route': is('GET', 'GET /users/:id', KOA_ROUTE),
      'koa-route, mounted': is('GET', 'GET /api/users/:id', KOA_ROUTE),
      'koa-route, the next answers': is('POST', 'POST /:kind/:id', KOA_ROUTE),
    },
  },
  {
    family: 'connect',
    packages: 'connect',
    differences: {
      'prefix with a slash': is('GET /users/', 'GET /users', SLASH),
      'no prefix, root': is('GET /', 'GET', ROOT),
      '404 after a prefix': is('GET /users', 'GET', ANSWERED),
      '404 in a nested one': is('GET /api', 'GET', ANSWERED),
      'answers, then passes on': is('GET /users/1', 'GET /users', LAST),
    },
  },
  {
    family: 'hapi',
    packages: '@hapi/hapi',
    differences: {
      'prefix of a plugin': is('GET /users/{id}', 'GET /api/users/{id}', PREFIX),
      'root of a plugin': is('GET /', 'GET /api', PREFIX),
      'an extension refuses': is('GET', 'GET /users/{id}', EARLY),
      'the body is refused': is('POST', 'POST /users', EARLY),
      'an injected request inside of another': is(
        'GET /inner/{id}',
        'GET /outer/{id}',
        'an injected request is another one',
      ),
    },
  },
  { family: 'restify', packages: 'restify', differences: {} },
  { family: 'nest', packages: '@nestjs/core+express', differences: {} },
];

const methodOf = ({ request }: Row): string => request.split(' ')[0] ?? '';
const portOf = ({ server }: RowResult): unknown => server[0]?.attributes['server.port'];
const routeOf = (name: string): string | undefined => name.split(' ')[1];

function differencesOf(name: string, { official, own, reason }: Route): Difference[] {
  return [
    { cases: [name], what: 'name', official, own, reason },
    { cases: [name], what: 'http.route', official: routeOf(official), own: routeOf(own), reason },
  ];
}

/** What both http instrumentations differ in, whatever the framework; see http-differential. */
function differencesOfHttp(rows: readonly Row[]): Difference[] {
  const failed = rows.filter(({ error }) => error !== undefined);
  const events = failed.map(
    ({ name, error }): Difference => ({
      cases: [name],
      what: 'events',
      official: [],
      own: [{ name: 'exception', type: error }],
      reason: 'what the framework answered with an error for',
    }),
  );
  const type: Difference = {
    cases: rows.filter(({ status }) => status >= 500).map(({ name }) => name),
    what: 'error.type',
    official: undefined,
    own: ({ 'http.response.status_code': status }: Facts) => String(status),
    reason: 'required by the convention when the request failed',
  };
  const query: Difference = {
    cases: rows.filter(({ request }) => request.includes('?a=/')).map(({ name }) => name),
    what: 'url.query',
    official: ({ 'url.query': text }: Facts) => String(text).replaceAll('/', '%2F'),
    own: ({ 'url.query': text }: Facts) => String(text).replaceAll('%2F', '/'),
    reason: 'as it was sent',
  };
  return [...events, type, query];
}

/** The one SERVER span of a row: attributes, and what is none. */
function serverFacts({ row, server }: RowResult, port: unknown): Facts {
  const [span, ...more] = server;
  if (span === undefined || more.length > 0) throw new Error(`${row.name}: ${server.length} SERVER spans`);
  const { name, kind, status, events, traceId, parentSpanId, attributes } = withoutPorts(span, [port]);
  // An ephemeral port on one side of every connection.
  const { 'network.peer.port': _peer, ...stable } = attributes;
  return { ...stable, name, kind, status, events, traceId, parentSpanId };
}

async function compare(
  t: Test,
  { family, packages }: Comparable,
  routes: (rows: readonly Row[]) => Readonly<Record<string, Route>>,
): Promise<readonly RowResult[]> {
  const [official, own] = await Promise.all([
    runRoutes(process.execPath, 'official', family, packages),
    runRoutes(process.execPath, 'own', family, packages),
  ]);
  const rows = own.results.map(({ row }) => row);
  const listed = Object.entries(routes(rows)).flatMap(([name, route]) => differencesOf(name, route));
  const comparison = new Comparison([...listed, ...differencesOfHttp(rows)]);
  for (const [index, ours] of own.results.entries()) {
    const { name } = ours.row;
    const theirs = official.results[index];
    if (theirs?.row.name !== name) throw new Error(`no row "${name}" under the official instrumentation`);
    const facts = serverFacts(ours, portOf(ours));
    comparison.compare(t, name, serverFacts(theirs, portOf(theirs)), facts);
    t.match(facts, { traceId: CALLER.traceId, parentSpanId: CALLER.spanId }, `${name}: below its caller`);
    t.equal(ours.saw.status, theirs.saw.status, name);
    t.strictSame(ours.others, [], name);
  }
  comparison.end(t);
  return official.results;
}

for (const comparable of COMPARISONS) {
  t.test(`${comparable.packages}: the official instrumentation and ours make the same spans`, async (t) => {
    const official = await compare(t, comparable, () => comparable.differences);
    t.ok(
      official.some(({ others }) => others.length > 0),
      'the official one makes spans of middleware',
    );
  });
}

t.test('router: the official instrumentation names no SERVER span, ours does', async (t) => {
  await compare(t, { family: 'router', packages: 'router' }, (rows) => {
    const named = rows.filter(({ route }) => route !== undefined);
    return Object.fromEntries(named.map((row) => [row.name, is(methodOf(row), expectedName(row), ROUTER)]));
  });
});
