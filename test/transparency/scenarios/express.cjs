'use strict';
// Express: routers, mounts, parameters, middleware that ends, fails or never calls on, error handlers, reflection on
// what the application registered.
const http = require('node:http');
const express = require('express');
const { sendAll } = require('../lib/requests.cjs');

/** What applications that list their own routes read. */
function listRoutes(layers) {
  return layers.map((layer) => ({
    name: layer.name,
    keys: Object.keys(layer),
    handle: [layer.handle.name, layer.handle.length, Object.keys(layer.handle)],
    route: layer.route && {
      path: layer.route.path,
      methods: layer.route.methods,
      stack: listRoutes(layer.route.stack),
    },
    inner: layer.handle.stack && listRoutes(layer.handle.stack),
  }));
}

exports.modules = ['express'];
exports.run = async (t) => {
  const app = express();
  const order = [];
  const mark = (name) =>
    function marked(request, _response, next) {
      order.push([name, request.url, request.baseUrl, request.route?.path]);
      next();
    };
  app.disable('etag');
  app.set('view', class {});
  const named = function auth(request, response, next) {
    if (request.query.denied !== undefined) return void response.status(401).json({ denied: true });
    next();
  };
  named.own = 'property';
  t.note('use returns', app.use(mark('first'), named, express.json()) === app);
  app.param('id', (request, _response, next, id) => {
    request.id = `param ${id}`;
    next();
  });
  app.get('/users/:id', mark('user'), (request, response) =>
    response.json({ id: request.id, params: { ...request.params }, route: request.route.path }),
  );
  app.get(/^\/reg(ex)?$/, (request, response) => response.send(`regex ${request.params[0]}`));
  app.get(['/one', '/two'], (request, response) => response.send(request.path));
  app.all('/all', (request, response) => response.send(request.method));
  app
    .route('/chain')
    .get((_request, response) => response.send('got'))
    .post((request, response) => response.status(201).send(request.body));
  const router = express.Router({ mergeParams: true });
  router.use(mark('router'));
  router.get('/items/:item', (request, response) =>
    response.send([request.params.shop, request.params.item, request.baseUrl, request.originalUrl].join()),
  );
  router.get('/skip', (_request, _response, next) => next('router'));
  app.use('/shops/:shop', router);
  app.get('/shops/:shop/skip', (_request, response) => response.send('after the router'));
  const mounted = express();
  mounted.on('mount', (parent) => order.push(['mounted', parent === app]));
  mounted.get('/deep', (request, response) =>
    response.send([request.app === mounted, request.baseUrl, mounted.mountpath].join()),
  );
  app.use('/mounted', mounted);
  app.get('/throws', () => {
    throw Object.assign(new Error('thrown'), { status: 418 });
  });
  app.get('/rejects', async () => Promise.reject(new TypeError('rejected')));
  app.get('/next', (_request, _response, next) => next('a text'));
  app.get('/route', (_request, _response, next) => next('route'));
  app.get('/route', (_request, response) => response.send('second'));
  app.get('/destroyed', (request) => request.socket.destroy());
  app.get('/partial', (_request, response) => {
    response.write('part');
    throw new Error('too late');
  });
  app.get('/redirect', (_request, response) => response.redirect('/users/1'));
  app.get('/file', (_request, response) =>
    response.sendFile(__filename, { headers: { 'x-file': '1' } }, (error) => order.push(['sent', error])),
  );
  app.use(function onError(error, request, response, next) {
    t.note(`${request.path}: error handler`, [error, response.headersSent]);
    if (response.headersSent) return next(error);
    if (error.status === undefined) return next(error);
    response.status(error.status).send('handled');
  });
  app.set('env', 'test');
  const server = http.createServer(app);
  const port = await t.listen(server);
  t.note('application', [app.name, app.length, Object.keys(app), app.eventNames?.(), app.listen.length]);
  t.note('routes', listRoutes(app.router.stack), 12);
  const post = (path, body, type = 'application/json') => ({
    method: 'POST',
    path,
    body,
    headers: { 'content-type': type },
  });
  // The stack of an error is part of express's own error page.
  app.set('env', 'production');
  await sendAll(t, port, [
    '/users/7',
    '/users/%zz',
    '/regex',
    '/one',
    '/two',
    '/all',
    { method: 'PURGE', path: '/all' },
    '/chain',
    post('/chain', '{"a":1}'),
    post('/chain', '{'),
    '/shops/a/items/b',
    '/shops/a/skip',
    '/mounted/deep',
    '/throws',
    '/rejects',
    '/next',
    '/route',
    '/partial',
    '/redirect',
    '/nothing',
    { method: 'OPTIONS', path: '/chain' },
    { method: 'HEAD', path: '/users/7' },
    '/users/7?denied',
    '/destroyed',
  ]);
  await sendAll(t, port, [{ path: '/file', headers: { range: 'bytes=0-12' } }]);
  t.note('order', order);
  await t.attempt('no handler', () => app.get('/x', undefined));
  await t.attempt('bad handler', () => app.use('text', 5));
  await t.attempt('bad pattern', () => app.get('/a(', () => undefined));
  await new Promise((resolve) => server.close(resolve));
  t.note(
    'handled without a server',
    await new Promise((resolve) => {
      app.handle(
        Object.assign(new http.IncomingMessage(), { method: 'GET', url: '/nothing' }),
        new http.ServerResponse({ method: 'GET' }),
        (error) => resolve(error === undefined),
      );
    }),
  );
};

exports.crashes = {
  'the final handler throws': async (t) => {
    const app = express();
    app.get('/', (_request, response) => {
      setImmediate(() => {
        throw new Error('later');
      });
      response.end();
    });
    const server = app.listen(0, '127.0.0.1', () => {
      http.get({ host: '127.0.0.1', port: t.mask(server.address().port, '<port>'), agent: false });
    });
  },
  'listening twice': () => {
    const server = express().listen(0, () =>
      express().listen(server.address().port, (error) => {
        throw Object.assign(new Error('in use'), { code: error?.code });
      }),
    );
  },
};
