/**
 * Web frameworks: one SERVER span a request, named by its route; no spans for middleware, routers, hooks or handlers.
 */
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
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

testScenario(t, { name: 'express', traces: TRACES });
testScenario(t, { name: 'fastify', traces: TRACES });

t.test('express 4', async (t) => {
  // Under its own name, because that is how the agent knows it; its dependencies are found further up.
  const folder = t.testdir();
  cpSync(dirname(require.resolve('express4/package.json')), join(folder, 'node_modules/express'), { recursive: true });
  for (const file of ['calls.cjs', 'express.run.cjs', 'express.cjs', 'express.mjs']) {
    cpSync(join(FIXTURES, 'apps', file), join(folder, file));
  }
  testScenario(t, { name: 'express', folder, traces: TRACES });
});
