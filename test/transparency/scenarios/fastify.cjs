'use strict';
// Fastify: encapsulation, every hook, schemas, errors, injection, reflection on the instance.
const fastify = require('fastify');
const { sendAll } = require('../lib/requests.cjs');

exports.modules = ['fastify'];
exports.run = async (t) => {
  const order = [];
  const app = fastify({ logger: false, return503OnClosing: false });
  t.note('instance', [
    app.toString(),
    Reflect.ownKeys(app).length,
    app.printPlugins().replace(/\d+ ms/g, '<time>'),
    app.initialConfig,
  ]);
  for (const name of ['onRequest', 'preParsing', 'preValidation', 'preHandler', 'onResponse']) {
    app.addHook(name, async (request) => {
      order.push([name, request.url, request.routeOptions.url]);
    });
  }
  app.addHook('onSend', async (_request, _reply, payload) => {
    order.push(['onSend', typeof payload]);
    return payload;
  });
  app.addHook('onError', async (_request, _reply, error) => {
    order.push(['onError', error.message]);
  });
  for (const name of ['onReady', 'onListen', 'onClose', 'preClose'])
    app.addHook(name, async () => void order.push([name]));
  app.addHook('onRoute', ({ url, method }) => order.push(['onRoute', method, url]));
  app.addHook('onRegister', () => order.push(['onRegister']));
  app
    .decorate('mine', 1)
    .decorateRequest('user', null)
    .decorateReply('say', function say(text) {
      return this.header('x-said', text);
    });
  app.get(
    '/users/:id',
    { schema: { params: { type: 'object', properties: { id: { type: 'integer' } } } } },
    async (request, reply) => {
      reply.say('hello');
      return {
        id: request.params.id,
        route: request.routeOptions.url,
        ip: request.ip,
        keys: Reflect.ownKeys(request).length,
      };
    },
  );
  app.post('/body', { schema: { body: { type: 'object', required: ['a'] } } }, async (request) => request.body);
  app.get('/throws', () => {
    throw Object.assign(new Error('thrown'), { statusCode: 418, code: 'TEAPOT' });
  });
  app.get('/rejects', async () => Promise.reject(new TypeError('rejected')));
  app.get('/text', async (_request, reply) => reply.code(202).type('text/plain').send('text'));
  app.get('/stream', (_request, reply) => reply.send(require('node:stream').Readable.from(['a', 'b'])));
  app.get('/hijack', (_request, reply) => {
    reply.hijack();
    reply.raw.end('raw');
  });
  app.get('/destroyed', (request) => void request.raw.destroy());
  app.get('/redirect', (_request, reply) => reply.redirect('/text'));
  app.register(
    async (scope) => {
      scope.addHook('onRequest', async (request, reply) => {
        if (request.query.denied !== undefined) return reply.code(401).send({ denied: true });
      });
      scope.setErrorHandler((error, _request, reply) => reply.code(500).send({ scoped: error.message }));
      scope.get('/inner', async () => scope.mine);
      scope.get('/fails', async () => {
        throw new Error('inner');
      });
      scope.setNotFoundHandler((_request, reply) => reply.code(404).send('scoped nothing'));
    },
    { prefix: '/scope' },
  );
  await app.listen({ port: 0, host: '127.0.0.1' });
  const port = t.mask(app.server.address().port, '<port>');
  const json = { 'content-type': 'application/json' };
  await sendAll(t, port, [
    '/users/7',
    '/users/x',
    { method: 'POST', path: '/body', body: '{"a":1}', headers: json },
    { method: 'POST', path: '/body', body: '{}', headers: json },
    { method: 'POST', path: '/body', body: '{', headers: json },
    { method: 'POST', path: '/body', body: 'x', headers: { 'content-type': 'x/y' } },
    '/throws',
    '/rejects',
    '/text',
    '/stream',
    '/hijack',
    '/redirect',
    '/nothing',
    { method: 'OPTIONS', path: '/text' },
    { method: 'HEAD', path: '/text' },
    '/scope/inner',
    '/scope/inner?denied',
    '/scope/fails',
    '/scope/nothing',
    '/destroyed',
  ]);
  const injected = await app.inject({ method: 'GET', url: '/users/9', headers: { 'x-mine': '1' } });
  t.note('injected', [injected.statusCode, t.headers(injected.headers), injected.body, Object.keys(injected)]);
  t.note('injected, error', [
    (await app.inject('/throws')).json(),
    (await app.inject({ method: 'POST', url: '/nothing' })).statusCode,
  ]);
  t.note('routes', [
    app.printRoutes(),
    app.hasRoute({ url: '/text', method: 'GET' }),
    app.printPlugins().replace(/\d+ ms/g, '<time>'),
  ]);
  await t.attempt('a hook too late', () => app.addHook('onRequest', async () => undefined));
  await t.attempt('a bad hook', () => fastify().addHook('nonsense', () => undefined));
  await t.attempt('a route twice', () =>
    fastify()
      .get('/', () => 1)
      .get('/', () => 2),
  );
  await t.attempt('a plugin that fails', () =>
    fastify()
      .register(async () => Promise.reject(new Error('plugin')))
      .ready(),
  );
  await app.close();
  t.note('order', order);
};

exports.crashes = {
  'a throw after the reply': async (t) => {
    const app = fastify();
    app.get('/', (_request, reply) => {
      reply.send('ok');
      setImmediate(() => {
        throw new Error('later');
      });
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    require('node:http').get({ host: '127.0.0.1', port: t.mask(app.server.address().port, '<port>'), agent: false });
  },
  'listen fails': async () => {
    await fastify().listen({ port: 1, host: '203.0.113.1' });
  },
};
