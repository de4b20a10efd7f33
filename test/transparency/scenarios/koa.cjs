'use strict';
// Koa and @koa/router: composition, errors, events, what an application reads of its own middleware.
const http = require('node:http');
const Koa = require('koa');
const Router = require('@koa/router');
const { sendAll } = require('../lib/requests.cjs');

exports.modules = ['koa', '@koa/router'];
exports.depth = 3;
exports.run = async (t) => {
  const app = new Koa({ keys: ['k'] });
  const order = [];
  app.on('error', (error, ctx) => order.push(['error event', error.message, error.status, ctx?.path]));
  async function outer(ctx, next) {
    order.push(['in', ctx.path]);
    await next();
    ctx.set('x-outer', '1');
    order.push(['out', ctx.status]);
  }
  outer.own = 'property';
  t.note('use returns', app.use(outer) === app);
  app.use(async (ctx, next) => {
    if (ctx.query.denied !== undefined) ctx.throw(401, 'denied', { mine: 1 });
    if (ctx.query.twice !== undefined) await next();
    return next();
  });
  const router = new Router({ prefix: '/api' });
  router.param('id', (id, ctx, next) => {
    ctx.state.id = `param ${id}`;
    return next();
  });
  router.use((ctx, next) => {
    order.push(['router', ctx._matchedRoute]);
    return next();
  });
  router.get('user', '/users/:id', (ctx) => {
    ctx.body = { id: ctx.state.id, params: { ...ctx.params }, route: ctx._matchedRoute, name: ctx._matchedRouteName };
  });
  router.post('/users', (ctx) => {
    ctx.status = 201;
  });
  const nested = new Router();
  nested.get('/deep', (ctx) => {
    ctx.body = ctx.routerPath ?? ctx.path;
  });
  router.use('/nested', nested.routes(), nested.allowedMethods());
  app.use(router.routes()).use(router.allowedMethods());
  app.use(async (ctx, next) => {
    switch (ctx.path) {
      case '/throws':
        throw Object.assign(new Error('thrown'), { status: 418, expose: true });
      case '/rejects':
        return Promise.reject(new TypeError('rejected'));
      case '/text':
        throw 'a text';
      case '/stream':
        ctx.body = require('node:stream').Readable.from(['a', 'b']);
        return;
      case '/raw':
        ctx.respond = false;
        return void ctx.res.end('raw');
      case '/redirect':
        return ctx.redirect('/text');
      case '/cookie':
        ctx.cookies.set('a', 'b', { signed: true });
        ctx.body = 'cookie';
        return;
      case '/destroyed':
        return void ctx.req.destroy();
      default:
        return next();
    }
  });
  t.note('application', [
    app.middleware.map((each) => [each.name, each.length, Object.keys(each)]),
    app.toJSON(),
    app.eventNames(),
    app.callback().length,
  ]);
  t.note(
    'routes',
    router.stack.map((layer) => [layer.path, layer.methods, layer.stack.map((each) => [each.name, each.length])]),
  );
  t.note('url', [router.url('user', { id: 3 }), router.match('/api/users/3', 'GET').route]);
  const server = http.createServer(app.callback());
  const port = await t.listen(server);
  await sendAll(t, port, [
    '/api/users/7',
    { method: 'POST', path: '/api/users' },
    { method: 'DELETE', path: '/api/users' },
    { method: 'OPTIONS', path: '/api/users' },
    '/api/nested/deep',
    '/throws',
    '/rejects',
    '/text',
    '/stream',
    '/raw',
    '/redirect',
    '/cookie',
    '/nothing',
    '/?denied',
    '/?twice',
    { method: 'HEAD', path: '/stream' },
    '/destroyed',
  ]);
  t.note('order', order);
  await t.attempt('bad middleware', () => app.use('text'));
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {
  'a throw outside the promise': async (t) => {
    const app = new Koa();
    app.use((ctx) => {
      ctx.body = 'ok';
      setImmediate(() => {
        throw new Error('later');
      });
    });
    const server = http.createServer(app.callback());
    http.get({ host: '127.0.0.1', port: await t.listen(server), agent: false });
  },
  'the default error log': async (t) => {
    const app = new Koa();
    app.use(() => {
      throw new Error('logged by koa');
    });
    const server = http.createServer(app.callback());
    http.get({ host: '127.0.0.1', port: await t.listen(server), agent: false }, (response) =>
      response.resume().on('end', () => process.exit(4)),
    );
  },
};
