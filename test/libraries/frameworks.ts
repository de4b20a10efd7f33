/** What answers requests without being a router of http: GraphQL, tRPC, hono and the like. Run by entry.cjs and entry.mjs. */
import { drawn, ROWS } from '../helpers/next-rows.js';
import { type LibraryCases, LOWEST_FIXTURE, locked } from './library-case.js';

const FIXTURE = 'frameworks';

/** The operations of calls.cjs; `route` is what the server says of all of them. */
const graphqlTraces = (route: string, notFound = ''): string => `
  app CLIENT POST                   # the operation has a name
    app SERVER POST${route}
      app INTERNAL graphql.parse
      app INTERNAL graphql.validate
      app INTERNAL query Greet

  app CLIENT POST                   # one of two, chosen by its name
    app SERVER POST${route}
      app INTERNAL graphql.parse
      app INTERNAL graphql.validate
      app INTERNAL query Two

  app CLIENT POST                   # nameless
    app SERVER POST${route}
      app INTERNAL graphql.parse
      app INTERNAL graphql.validate
      app INTERNAL query

  app CLIENT POST
    app SERVER POST${route}
      app INTERNAL graphql.parse
      app INTERNAL graphql.validate
      app INTERNAL mutation Add

  app CLIENT POST                   # a resolver throws
    app SERVER POST${route}
      app INTERNAL graphql.parse
      app INTERNAL graphql.validate
      app INTERNAL query Break

  app CLIENT POST ERROR             # does not fit the schema
    app SERVER POST${route}
      app INTERNAL graphql.parse
      app INTERNAL graphql.validate

  app CLIENT POST ERROR             # no GraphQL
    app SERVER POST${route}
      app INTERNAL graphql.parse
${notFound}`;

const NOT_FOUND = `
  app CLIENT GET ERROR
    app SERVER GET
`;

const yogaTraces = graphqlTraces('', NOT_FOUND)
  .replace(/^ +app INTERNAL (query|mutation).*\n/gm, '')
  .replace(/POST ERROR/g, 'POST');

/** The calls of trpc-router.cjs; `several` is the route of what no single procedure has answered. */
const trpcTraces = (prefix: string, several = ` ${prefix}`): string => `
  app CLIENT GET
    app SERVER GET ${prefix}/greet

  app CLIENT GET                    # a router in a router
    app SERVER GET ${prefix}/post.byId

  app CLIENT POST                   # a mutation
    app SERVER POST ${prefix}/post.add

  app CLIENT GET                    # a batch of one
    app SERVER GET ${prefix}/greet

  app CLIENT GET                    # a batch of two
    app SERVER GET${several}

  app CLIENT GET ERROR              # a procedure that says 404
    app SERVER GET ${prefix}/missing

  app CLIENT GET ERROR
    app SERVER GET ${prefix}/broken ERROR

  app CLIENT GET ERROR              # no such procedure
    app SERVER GET${several}
`;

const SERVER = 'none';
const NEEDS_NODE = '>=20.9';

export const FRAMEWORKS: LibraryCases = [
  {
    library: '@apollo/server, express',
    instrumentation: ['graphql', 'express'],
    server: SERVER,
    tried: locked(['@apollo/server', 'express'], FIXTURE),
    needsNode: NEEDS_NODE,
    scenario: { name: 'apollo-express', traces: graphqlTraces(' /graphql', NOT_FOUND) },
  },
  {
    library: '@apollo/server',
    instrumentation: 'graphql',
    server: SERVER,
    tried: locked(['@apollo/server'], FIXTURE),
    needsNode: NEEDS_NODE,
    // It has no route: it answers under every path.
    scenario: { name: 'apollo-standalone', traces: graphqlTraces('') },
  },
  {
    library: 'mercurius, fastify',
    instrumentation: ['graphql', 'fastify'],
    server: SERVER,
    tried: locked(['mercurius', 'fastify'], FIXTURE),
    needsNode: NEEDS_NODE,
    scenario: { name: 'mercurius', traces: graphqlTraces(' /graphql', NOT_FOUND) },
  },
  {
    library: 'graphql-yoga',
    instrumentation: 'graphql',
    server: SERVER,
    tried: locked(['graphql-yoga'], FIXTURE),
    needsNode: NEEDS_NODE,
    // It executes by itself, without the function of graphql that is traced, and answers every operation with 200.
    scenario: { name: 'yoga', traces: yogaTraces },
  },
  {
    library: '@trpc/server',
    instrumentation: 'trpc',
    server: SERVER,
    tried: [...locked(['@trpc/server'], LOWEST_FIXTURE), ...locked(['@trpc/server'], FIXTURE)],
    needsNode: NEEDS_NODE,
    scenario: { name: 'trpc-standalone', traces: trpcTraces('', '') },
  },
  {
    library: '@trpc/server, express',
    instrumentation: ['trpc', 'express'],
    server: SERVER,
    tried: locked(['@trpc/server', 'express'], FIXTURE),
    needsNode: NEEDS_NODE,
    scenario: {
      name: 'trpc-express',
      traces: `${trpcTraces('/tenants/:tenant/trpc')}
  app CLIENT GET                    # a page that calls a procedure itself
    app SERVER GET /pages/:page
`,
    },
  },
  {
    library: '@trpc/server, fastify',
    instrumentation: ['trpc', 'fastify'],
    server: SERVER,
    tried: locked(['@trpc/server', 'fastify'], FIXTURE),
    needsNode: NEEDS_NODE,
    scenario: { name: 'trpc-fastify', traces: trpcTraces('/trpc', ' /trpc/:path') },
  },
  {
    library: 'hono',
    instrumentation: 'hono',
    server: SERVER,
    tried: [...locked(['hono'], LOWEST_FIXTURE), ...locked(['hono'], FIXTURE)],
    needsNode: NEEDS_NODE,
    scenario: {
      name: 'hono',
      traces: `
  app CLIENT GET
    app SERVER GET /

  app CLIENT GET                    # an application in an application
    app SERVER GET /users/:id

  app CLIENT GET ERROR
    app SERVER GET /users/:id/broken ERROR

  app CLIENT GET
    app SERVER GET /files/*

  app CLIENT PUT                    # several methods, a parameter with an expression
    app SERVER PUT /items/:id{[0-9]+}

  app CLIENT PUT ERROR              # that does not match
    app SERVER PUT

  app CLIENT DELETE                 # any method
    app SERVER DELETE /any/:id

  app CLIENT GET ERROR              # a middleware answers, for the route behind it
    app SERVER GET /guarded/:id

  app CLIENT OPTIONS ERROR
    app SERVER OPTIONS

  app CLIENT HEAD
    app SERVER HEAD /users/:id

  app CLIENT GET                    # a base path
    app SERVER GET /v1/health
${NOT_FOUND}`,
    },
  },
];

/** Driven by hand, because its polls overlap: this is what one message makes. */
export const SOCKETS: LibraryCases = [
  {
    library: 'socket.io, engine.io',
    instrumentation: ['socket.io', 'engine.io'],
    server: SERVER,
    tried: locked(['socket.io', 'engine.io'], FIXTURE),
    scenario: {
      name: 'socket-io',
      forms: ['mjs'],
      traces: `
  app CLIENT POST
    app SERVER POST /live/
      app CONSUMER receive /        # question
        app PRODUCER send /         # answer
`,
    },
  },
];

/** Nothing listens: the request is an event. `scenario.name` is that of the handler. */
const handler = (name: string, library: string): LibraryCases[number] => ({
  library,
  instrumentation: 'aws-lambda',
  server: SERVER,
  tried: locked(library.split(', '), FIXTURE),
  scenario: {
    name,
    forms: ['cjs'],
    traces: `
  app SERVER users                  # the name of the function, whatever its route
    app CLIENT GET

  app SERVER users                  # 404
`,
  },
});

export const HANDLERS: LibraryCases = [
  handler('express', 'serverless-http, express'),
  handler('fastify', '@fastify/aws-lambda, fastify'),
];

/** frameworks-next.test.ts makes the requests. Next.js is CommonJS; how it loads the application is its business. */
export const NEXT: LibraryCases = [
  {
    library: 'next',
    instrumentation: 'next',
    server: SERVER,
    tried: locked(['next'], FIXTURE),
    scenario: { name: 'next', forms: ['cjs'], traces: ROWS.map(drawn).join('\n\n') },
  },
];

/** Run by its own command. */
export const RUNNERS: LibraryCases = [
  {
    library: '@cucumber/cucumber',
    instrumentation: 'cucumber',
    server: SERVER,
    tried: locked(['@cucumber/cucumber'], FIXTURE),
    scenario: {
      name: 'cucumber',
      forms: ['cjs'],
      traces: `
  app CLIENT Feature: shop. Scenario: an order
    app CLIENT Attempt
      app CLIENT Before
      app CLIENT a shop
        app CLIENT Given(a shop)
      app CLIENT somebody orders 2 teas
        app CLIENT When(somebody orders {int} teas)
          app CLIENT GET
            app SERVER GET
      app CLIENT the answer is 200
        app CLIENT Then(the answer is {int})
      app CLIENT After

  app CLIENT Feature: shop. Scenario: a broken one ERROR
    app CLIENT Attempt ERROR
      app CLIENT Before
      app CLIENT a shop
        app CLIENT Given(a shop)
      app CLIENT the answer is 500 ERROR
        app CLIENT Then(the answer is {int}) ERROR
      app CLIENT After

  app CLIENT Feature: shop. Scenario: several orders
    app CLIENT Attempt
      app CLIENT Before
      app CLIENT a shop
        app CLIENT Given(a shop)
      app CLIENT somebody orders
        app CLIENT When(somebody orders)         # calls back
          app CLIENT GET
            app SERVER GET
      app CLIENT the answer is told to be 200
        app CLIENT Then(the answer is told to be {int})
      app CLIENT After
`,
    },
  },
];
