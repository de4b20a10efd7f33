/**
 * Ours under an official framework instrumentation: the route travels through the context, as between official ones.
 *
 *   GET /shop/:tenant/items/:item (SERVER)
 */
import t from 'tap';
import { caseOf, ERROR, onlySpan, runScenario, UNSET } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';

const ROUTES: Record<string, { name: string; status: number }> = {
  parameter: { name: 'GET /users/:id', status: UNSET },
  body: { name: 'POST /users', status: UNSET },
  router: { name: 'GET /shop/:tenant/items/:item', status: UNSET },
  fails: { name: 'GET /shop/:tenant/fails', status: ERROR },
};

for (const { node, version } of nodeBinaries()) {
  t.test(`express on Node ${version}`, async (t) => {
    const [own, official] = await Promise.all(
      ['own', 'official'].map((variant) => runScenario(node, 'http-express.cjs', variant)),
    );
    if (own === undefined || official === undefined) throw new Error('a run is missing');
    t.strictSame(own.messages, []);
    for (const [name, expected] of Object.entries(ROUTES)) {
      const span = onlySpan(own, name);
      t.equal(span.name, expected.name);
      t.equal(span.status.code, expected.status, name);
      t.equal(span.name, onlySpan(official, name).name, `${name}: as behind the official http instrumentation`);
      t.equal(caseOf(own, name).result, span.spanId, `${name}: the handler runs in the context of the request`);
    }
    t.equal(onlySpan(own, '404').attributes['http.response.status_code'], 404);
  });

  t.test(`an uncaught exception prints the application's line on Node ${version}`, async (t) => {
    for (const path of ['/in-the-handler', '/in-a-listener']) {
      const [bare, own] = await Promise.all(
        ['bare', 'own'].map(async (variant) => {
          const app = runApp({ node, preload: 'none', file: 'lean/http-crash.cjs', args: [variant, path] });
          const { code, signal } = await app.exited;
          return { code, signal, head: app.stderr().split('\n').slice(0, 5) };
        }),
      );
      t.equal(own?.code, 1);
      t.match(own?.head.join('\n'), /throw new TypeError/);
      t.strictSame(own, bare, path);
    }
  });
}
