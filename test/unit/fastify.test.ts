/**
 * The route of a fastify application on the SERVER span, behind the official http instrumentation and behind ours.
 *
 *   GET /users/:id (SERVER)      and no span besides
 */
import t from 'tap';
import { caseOf, ERROR, onlySpan, runScenario, UNSET } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

interface Expected {
  status: number;
  route?: string;
  method?: string;
}

const CASES: Record<string, Expected> = {
  root: { status: 200, route: '/' },
  parameter: { status: 200, route: '/users/:id' },
  'head of a get route': { status: 200, route: '/users/:id', method: 'HEAD' },
  options: { status: 204, route: '/users/:id', method: 'OPTIONS' },
  post: { status: 200, route: '/users', method: 'POST' },
  'invalid body': { status: 400, route: '/users', method: 'POST' },
  callback: { status: 200, route: '/callback/:name' },
  throws: { status: 500, route: '/throws' },
  'error with a status': { status: 418, route: '/teapot' },
  wildcard: { status: 200, route: '/files/*' },
  'regular expression': { status: 200, route: '/any/:file(^\\d+).png' },
  prefix: { status: 200, route: '/shop/:tenant/items/:item' },
  'nested prefix': { status: 200, route: '/shop/:tenant/v2/deep' },
  'rejected by a hook': { status: 401, route: '/users/:id' },
  '404': { status: 404 },
  '404 in a plugin': { status: 404 },
  'wrong method': { status: 404, method: 'DELETE' },
  'bad url': { status: 400 },
};

for (const http of ['official', 'own']) {
  for (const node of nodeBinaries()) {
    // fastify 5 is for Node 20 and later.
    if (node.major < 20) continue;
    t.test(`routes behind the ${http} http instrumentation on Node ${node.version}`, async (t) => {
      const report = await runScenario(node.node, 'fastify.cjs', 'fastify', http);
      t.equal(report.isUntouched, true, 'the exports are the very same, with the same members');
      t.equal(report.open, 0);
      t.strictSame(report.messages, []);
      for (const [name, { status, route, method = 'GET' }] of Object.entries(CASES)) {
        t.equal(caseOf(report, name).status, status, name);
        const span = onlySpan(report, name);
        t.equal(span.kind, 'SERVER', name);
        t.equal(span.name, route === undefined ? method : `${method} ${route}`);
        t.equal(span.attributes['http.route'], route, name);
        t.equal(span.status.code, status >= 500 ? ERROR : UNSET, name);
      }
      t.match(caseOf(report, 'parameter').text, '"inRequest":true', 'handlers run in the context of the request');
      t.strictSame(caseOf(report, 'inject').spans, [], 'inject() is no request');
      const outer = onlySpan(report, 'injected inside of another');
      // The official http instrumentation does not say whose metadata it is.
      t.equal(outer.name, http === 'own' ? 'GET /outer/:id' : 'GET /throws');
      if (http === 'own') {
        t.strictSame(onlySpan(report, 'throws').events, [{ name: 'exception', type: 'TypeError' }]);
        t.strictSame(onlySpan(report, 'error with a status').events, [], 'a 4xx is no failure of the server');
      }
    });
  }
}
