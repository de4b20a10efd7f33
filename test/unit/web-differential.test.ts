/**
 * The table of route shapes under the official instrumentations and under ours: the same SERVER spans, apart from the
 * differences written down here, each with its reason; and none of the INTERNAL spans, which are asked for by
 * OTEL_NODE_MIDDLEWARE_SPANS.
 */
import t, { type Test } from 'tap';
import { type RowResult, runRoutes } from '../helpers/routes.js';

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

interface Difference {
  /** Name of the official SERVER span. */
  readonly official: string;
  readonly reason: string;
}

const is = (official: string, reason: string): Difference => ({ official, reason });

const EXPRESS: Record<string, Difference> = {
  'array, first': is('GET /first/:id,/second/:id', ARRAY),
  'array, second': is('GET /first/:id,/second/:id', ARRAY),
  'array with an expression': is('GET /first/:id,/^\\/item\\/\\d+$/', ARRAY),
  'mounted at several paths': is('GET /first,/second/:tenant/users/:id', ARRAY),
  'array in a mounted router': is('GET /v1,/v2/users/:id,/people/:id', ARRAY),
  'head of a route without get': is('HEAD /users/:id', ANSWERED),
  '404 in a mounted router': is('GET /api', ANSWERED),
  '404 after a route': is('GET /users/:id', ANSWERED),
  '404 in an application in an application': is('GET /admin', ANSWERED),
  'no prefix, root': is('GET /', ROOT),
  'answers, then passes on': is('GET /users', LAST),
  'answers, then passes on to another route': is('GET /:any/:id', LAST),
  'a parameter callback answers': is('GET /users', PARAMETER),
  'a parameter callback fails': is('GET /users', PARAMETER),
  'a parameter callback of a mounted router fails': is('GET /api', PARAMETER),
  'an error that is dealt with': is('GET /users/:id/:any/:id', DEALT_WITH),
  'a second error after one that is dealt with': is('GET /users/:id/:any/:id', DEALT_WITH),
};

interface Comparison {
  /** A file of test/fixtures/web. */
  readonly family: string;
  readonly packages: string;
  readonly differences: Readonly<Record<string, Difference>>;
}

const COMPARISONS: readonly Comparison[] = [
  {
    family: 'express',
    packages: 'express',
    differences: { ...EXPRESS, everything: is('GET /', WILDCARD), 'everything, mounted': is('GET /api', WILDCARD) },
  },
  { family: 'express', packages: 'express4', differences: EXPRESS },
  {
    family: 'koa',
    packages: 'koa+@koa/router+koa-mount',
    differences: {
      'one function for two routes': is('GET', 'the official one wraps a function once, for its first route'),
      "a router's middleware refuses": is('GET (?:\\/|$)', MIDDLEWARE),
      "a router's middleware at a path refuses": is('GET /users', MIDDLEWARE),
      'mounted application': is('GET /users/:id', MOUNT),
      'mounted application, its root': is('GET /', MOUNT),
      'mounted with a slash': is('GET', MOUNT),
      'mounted twice': is('GET /users/:id', MOUNT),
      'one application at two places, second': is('GET /users/:id', MOUNT),
      'mounted function that answers': is('GET', MOUNT),
      'mounted function that refuses': is('GET', MOUNT),
      'an error in a mounted application': is('GET /users/:id', MOUNT),
      'koa-route': is('GET', KOA_ROUTE),
      'koa-route, mounted': is('GET', KOA_ROUTE),
      'koa-route, the next answers': is('POST', KOA_ROUTE),
    },
  },
  {
    family: 'connect',
    packages: 'connect',
    differences: {
      'prefix with a slash': is('GET /users/', SLASH),
      'no prefix, root': is('GET /', ROOT),
      '404 after a prefix': is('GET /users', ANSWERED),
      '404 in a nested one': is('GET /api', ANSWERED),
      'answers, then passes on': is('GET /users/1', LAST),
    },
  },
  {
    family: 'hapi',
    packages: '@hapi/hapi',
    differences: {
      'prefix of a plugin': is('GET /users/{id}', PREFIX),
      'root of a plugin': is('GET /', PREFIX),
      'an extension refuses': is('GET', EARLY),
      'the body is refused': is('POST', EARLY),
      'an injected request inside of another': is('GET /inner/{id}', 'an injected request is another one'),
    },
  },
  { family: 'restify', packages: 'restify', differences: {} },
  { family: 'nest', packages: '@nestjs/core+express', differences: {} },
];

/** The official http instrumentation does not record what the framework answered with an error for; ours does. */
function checkEvents(t: Test, official: RowResult, own: RowResult): void {
  const { name, error } = own.row;
  t.strictSame(official.server[0]?.events, [], `${name}: official`);
  const types = own.server[0]?.events.map((event) => event.type);
  t.strictSame(types, error === undefined ? [] : [error], `${name}: own`);
}

for (const { family, packages, differences } of COMPARISONS) {
  t.test(`${packages}: the official instrumentation and ours name the same spans`, async (t) => {
    const [official, own] = await Promise.all([
      runRoutes(process.execPath, 'official', family, packages),
      runRoutes(process.execPath, 'own', family, packages),
    ]);
    const names = own.results.map(({ row }) => row.name);
    for (const name of Object.keys(differences)) t.ok(names.includes(name), name);
    for (const [index, ours] of own.results.entries()) {
      const { name } = ours.row;
      const theirs = official.results[index];
      if (theirs?.row.name !== name) throw new Error(`no row "${name}" under the official instrumentation`);
      const [left, right] = [theirs.server[0], ours.server[0]];
      const difference = differences[name];
      t.equal(left?.name, difference?.official ?? right?.name, name);
      if (difference !== undefined) t.not(right?.name, difference.official, `${name}: ${difference.reason}`);
      t.equal(right?.status.code, left?.status.code, name);
      t.equal(ours.saw.status, theirs.saw.status, name);
      t.strictSame(ours.others, [], name);
      checkEvents(t, theirs, ours);
    }
    t.ok(
      official.results.some(({ others }) => others.length > 0),
      'the official one makes spans of middleware',
    );
  });
}

t.test('router: the official instrumentation names no SERVER span, ours does', async (t) => {
  const official = await runRoutes(process.execPath, 'official', 'router', 'router');
  for (const { row, server } of official.results) t.equal(server[0]?.name, row.request.split(' ')[0], row.name);
});
