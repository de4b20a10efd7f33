/**
 * Web frameworks: one SERVER span a request, named by its route; no spans for middleware, routers, hooks or handlers.
 */
import { cpSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { caseOf, testEverywhere, testLibrary } from '../helpers/libraries.js';
import { FIXTURES } from '../helpers/paths.js';
import { testScenario } from '../helpers/scenario.js';
import { ROUTER, WEB } from '../libraries/web.js';

for (const library of WEB) testEverywhere(t, library);
for (const library of ROUTER) testLibrary(t, library);

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
  testScenario(t, { ...caseOf(WEB, 'express').scenario, folder });
});
