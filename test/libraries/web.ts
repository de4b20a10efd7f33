/** Web frameworks and their routers: the SERVER span of http is named by what they say. */
import { type LibraryCases, LOWEST_FIXTURE, locked } from './library-case.js';

/** The applications have the same routes. */
const TRACES = `
  app CLIENT GET                    # /
    app SERVER GET /

  app CLIENT GET                    # a mounted router or plugin, a parameter
    app SERVER GET /api/users/:id

  app CLIENT POST                   # a body
    app SERVER POST /api/items

  app CLIENT GET ERROR              # a handler that throws
    app SERVER GET /api/broken ERROR

  app CLIENT GET                    # chain
    app SERVER GET /api/chain
      app CLIENT GET
        app SERVER GET /api/users/:id

  app CLIENT GET ERROR              # 404: no route, no invented name
    app SERVER GET
`;

/** What three calls leave behind: a route with a parameter, one that fails, and none. */
const threeCalls = (user: string, broken: string): string => `
  app CLIENT GET
    app SERVER GET ${user}

  app CLIENT GET ERROR
    app SERVER GET ${broken} ERROR

  app CLIENT GET ERROR
    app SERVER GET
`;

const BY_COLON = threeCalls('/api/users/:id', '/api/users/:id/broken');

const ROUTES = 'unit/web-routes';

export const WEB: LibraryCases = [
  {
    library: 'express',
    instrumentation: 'express',
    server: 'none',
    tried: locked(['express', 'express4']),
    others: { test: ROUTES, folders: ['express48', 'express416', 'express50'] },
    scenario: { name: 'express', traces: TRACES },
  },
  {
    library: 'fastify',
    instrumentation: 'fastify',
    server: 'none',
    tried: locked(['fastify']),
    others: { test: ROUTES, folders: ['fastify40', 'fastify4', 'fastify50'] },
    scenario: { name: 'fastify', traces: TRACES },
  },
  {
    library: 'koa',
    instrumentation: 'koa',
    server: 'none',
    tried: locked(['koa']),
    others: { test: ROUTES, folders: ['koa20', 'koa2'] },
    needsNode: '>=20',
    scenario: { name: 'koa', traces: TRACES },
  },
  {
    library: 'connect',
    instrumentation: 'connect',
    server: 'none',
    tried: locked(['connect']),
    others: { test: ROUTES, folders: ['connect30'] },
    scenario: { name: 'connect', traces: threeCalls('/api/users', '/api/broken') },
  },
  {
    library: '@nestjs/core',
    instrumentation: 'nestjs-core',
    server: 'none',
    tried: [...locked(['@nestjs/core'], LOWEST_FIXTURE), ...locked(['@nestjs/core'])],
    needsNode: '>=20',
    scenario: { name: 'nest', traces: BY_COLON, forms: ['cjs'] },
  },
  {
    library: '@hapi/hapi',
    instrumentation: 'hapi',
    server: 'none',
    tried: [...locked(['@hapi/hapi'], LOWEST_FIXTURE), ...locked(['@hapi/hapi'])],
    others: { test: ROUTES, folders: ['hapi20'] },
    scenario: {
      name: 'hapi',
      traces: threeCalls('/api/users/{id}', '/api/users/{id}/broken'),
      forms: ['cjs'],
    },
  },
  {
    library: 'restify',
    instrumentation: 'restify',
    server: 'none',
    tried: [...locked(['restify'], LOWEST_FIXTURE), ...locked(['restify'])],
    scenario: { name: 'restify', traces: BY_COLON, forms: ['cjs'] },
  },
];

/** What express 5 routes with, on a server of its own. */
export const ROUTER: LibraryCases = [
  {
    library: 'router',
    instrumentation: 'router',
    server: 'none',
    tried: locked(['router']),
    others: { test: ROUTES, folders: ['router10', 'router1', 'router20'] },
    scenario: { name: 'router', traces: BY_COLON },
  },
];
