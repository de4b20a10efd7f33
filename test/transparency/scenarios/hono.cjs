'use strict';
// hono: routes, parts mounted in others, middleware, error handlers, calls without a server, what an application may see
// of its own instances.
const { serve } = require('@hono/node-server');
const { Hono } = require('hono');
const { sendAll } = require('../lib/requests.cjs');

exports.modules = ['hono'];
exports.depth = 3;
exports.run = async (t) => {
  const order = [];
  class Mine extends Hono {}
  const users = new Hono();
  users.onError((error, c) => c.json({ users: error.message }, 500));
  users.get('/:id', (c) => c.json({ id: c.req.param('id'), route: c.req.routePath ?? null, query: c.req.query() }));
  users.get('/:id/broken', () => {
    throw new RangeError('broken on purpose');
  });
  const versioned = new Hono({ strict: false }).basePath('/v1');
  versioned.get('/health', (c) => c.text('well'));
  const app = new Mine();
  async function outer(c, next) {
    order.push(['in', c.req.path]);
    await next();
    c.header('x-outer', '1');
    order.push(['out', c.res.status]);
  }
  t.note('use returns', app.use('*', outer) === app);
  app.use('/guarded/*', (c) => c.text('no', 401));
  app.get('/guarded/:id', (c) => c.text('never'));
  app.get('/files/*', (c) => c.text('file'));
  app.on(['PUT', 'PATCH'], '/items/:id{[0-9]+}', async (c) => c.json(await c.req.json()));
  app.get('/stream', () => new Response(new Blob(['a', 'b']).stream()));
  app.get('/throws-text', () => {
    throw 'a text';
  });
  app.get('/rejects', () => Promise.reject(new TypeError('rejected')));
  app.route('/users', users);
  app.route('/', versioned);
  app.notFound((c) => c.text(`nothing at ${c.req.path}`, 404));
  app.onError((error, c) => c.text(`${error.name} ${error.message}`, 500));
  t.note('application', [
    Object.keys(app),
    app instanceof Hono,
    app.constructor.name,
    Object.getPrototypeOf(Hono).name,
    [app.fetch.name, app.fetch.length, app.use.name, app.use.length, app.get.length],
    app.routes.map(({ method, path, handler }) => [method, path, handler.name, handler.length]),
    app.routes[0].handler === outer,
  ]);
  const answer = await app.request('/users/7?a=b');
  t.note('request()', [answer.status, await answer.text(), [...answer.headers]]);
  t.note('fetch() by hand', await (await app.fetch(new Request('http://localhost/v1/health'))).text());
  let server;
  const port = await new Promise((resolve) => {
    server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, (info) => resolve(info.port));
  });
  const headers = { 'content-type': 'application/json' };
  await sendAll(t, port, [
    '/users/7?verbose=1',
    '/users/7/broken',
    '/v1/health',
    '/files/a/b',
    { method: 'PUT', path: '/items/7', headers, body: '{"a":1}' },
    { method: 'PUT', path: '/items/x' },
    { method: 'PATCH', path: '/items/7', headers, body: 'not json' },
    '/guarded/7',
    '/stream',
    '/rejects',
    { method: 'OPTIONS', path: '/users/7' },
    { method: 'HEAD', path: '/users/7' },
    '/nowhere/7',
  ]);
  t.note('order', order);
  await t.attempt('bad route', () => app.get(7, () => undefined));
  await t.attempt('bad middleware', () => app.use('/x', 'text'));
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {};
