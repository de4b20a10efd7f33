/**
 * Web frameworks: one SERVER span a request, named by its route; no spans for middleware, routers, hooks or handlers.
 */
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { nodeBinaries } from '../helpers/node-versions.js';
import { FIXTURES } from '../helpers/paths.js';
import { testScenario } from '../helpers/scenario.js';

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

/** The newest releases of some frameworks are not for Node.js 18. */
const from20 = nodeBinaries().filter(({ major }) => major >= 20);

testScenario(t, { name: 'express', traces: TRACES });
testScenario(t, { name: 'fastify', traces: TRACES });
testScenario(t, { name: 'koa', traces: TRACES, nodes: from20 });
testScenario(t, { name: 'connect', traces: threeCalls('/api/users', '/api/broken') });
testScenario(t, { name: 'nest', traces: BY_COLON, forms: ['cjs'], nodes: from20 });
testScenario(t, { name: 'hapi', traces: threeCalls('/api/users/{id}', '/api/users/{id}/broken'), forms: ['cjs'] });
testScenario(t, { name: 'restify', traces: BY_COLON, forms: ['cjs'] });

/** The official instrumentation makes the spans, each once; the names of routes are ours. */
testScenario(t, {
  name: 'express-middleware',
  forms: ['cjs'],
  env: { OTEL_NODE_MIDDLEWARE_SPANS: 'true' },
  traces: `
    app CLIENT GET
      app SERVER GET /api/users/:id
        app INTERNAL router - /api
        app INTERNAL middleware - check
        app INTERNAL request handler
  `,
});

t.test('express 4', async (t) => {
  // Under its own name, because that is how the agent knows it; its dependencies are found further up.
  const folder = t.testdir();
  cpSync(dirname(require.resolve('express4/package.json')), join(folder, 'node_modules/express'), { recursive: true });
  for (const file of ['calls.cjs', 'express.run.cjs', 'express.cjs', 'express.mjs']) {
    cpSync(join(FIXTURES, 'apps', file), join(folder, file));
  }
  testScenario(t, { name: 'express', folder, traces: TRACES });
});
