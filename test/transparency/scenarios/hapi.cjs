'use strict';
// Hapi: routes, plugins, extension points, authentication, errors, injection.
const Hapi = require('@hapi/hapi');
const { sendAll } = require('../lib/requests.cjs');

exports.modules = ['@hapi/hapi'];
exports.depth = 3;
exports.run = async (t) => {
  const order = [];
  const server = Hapi.server({ port: 0, host: '127.0.0.1', debug: false });
  t.note('server', [Object.keys(server), server.toString(), server.info.protocol, server.version]);
  for (const name of [
    'onRequest',
    'onPreAuth',
    'onCredentials',
    'onPostAuth',
    'onPreHandler',
    'onPostHandler',
    'onPreResponse',
  ]) {
    server.ext(name, function extension(request, h) {
      order.push([name, request.path, request.route?.path]);
      return h.continue;
    });
  }
  for (const name of ['onPreStart', 'onPostStart', 'onPreStop', 'onPostStop'])
    server.ext(name, () => void order.push([name]));
  server.events.on('response', (request) => order.push(['response', request.path, request.response?.statusCode]));
  server.auth.scheme('mine', () => ({
    authenticate(request, h) {
      if (request.query.denied !== undefined) throw Object.assign(new Error('denied'), { isBoom: false });
      return h.authenticated({ credentials: { user: 'me' } });
    },
  }));
  server.auth.strategy('mine', 'mine');
  server.decorate('toolkit', 'say', function say(text) {
    return this.response(text).header('x-said', '1');
  });
  server.route([
    {
      method: 'GET',
      path: '/users/{id}',
      handler: (request, h) => h.say(`${request.params.id} ${request.route.path} ${request.route.fingerprint}`),
    },
    { method: 'POST', path: '/body', options: { payload: { maxBytes: 10 } }, handler: (request) => request.payload },
    { method: 'GET', path: '/auth', options: { auth: 'mine' }, handler: (request) => request.auth.credentials },
    {
      method: 'GET',
      path: '/throws',
      handler: () => {
        throw Object.assign(new Error('thrown'), { code: 'E' });
      },
    },
    { method: 'GET', path: '/rejects', handler: async () => Promise.reject(new TypeError('rejected')) },
    { method: 'GET', path: '/nothing-returned', handler: () => undefined },
    { method: '*', path: '/all', handler: (request, h) => h.response(request.method).code(202) },
    {
      method: 'GET',
      path: '/pre',
      options: { pre: [{ method: () => 'before', assign: 'value' }], handler: (request) => request.pre.value },
    },
    {
      method: 'GET',
      path: '/abandon',
      handler: (request, h) => {
        request.raw.res.end('raw');
        return h.abandon;
      },
    },
    {
      method: 'GET',
      path: '/stream',
      handler: (_request, h) => h.response(require('node:stream').Readable.from([Buffer.from('a')])),
    },
    { method: 'GET', path: '/files/{rest*}', handler: (request) => request.params.rest },
  ]);
  await server.register(
    {
      name: 'plugin',
      version: '1.0.0',
      register: async (scope, options) => scope.route({ method: 'GET', path: '/plugin', handler: () => options.text }),
      options: { text: 'x' },
    },
    { routes: { prefix: '/p' } },
  );
  await server.register({ plugin: { name: 'second', register: (scope) => void scope.expose('value', 5) } });
  await server.start();
  const port = t.mask(server.info.port, '<port>');
  await sendAll(t, port, [
    '/users/7',
    { method: 'POST', path: '/body', body: 'short', headers: { 'content-type': 'text/plain' } },
    { method: 'POST', path: '/body', body: 'much too long a text', headers: { 'content-type': 'text/plain' } },
    '/auth',
    '/auth?denied',
    '/throws',
    '/rejects',
    '/nothing-returned',
    '/all',
    { method: 'PUT', path: '/all' },
    '/pre',
    '/abandon',
    '/stream',
    '/files/a/b',
    '/nothing',
    { method: 'HEAD', path: '/users/7' },
  ]);
  const injected = await server.inject({
    method: 'GET',
    url: '/users/9',
    auth: { strategy: 'mine', credentials: { a: 1 } },
  });
  t.note('injected', [injected.statusCode, t.headers(injected.headers), injected.payload, Object.keys(injected)]);
  t.note(
    'table',
    server
      .table()
      .map(({ method, path, settings }) => [
        method,
        path,
        typeof settings.handler,
        settings.handler.name,
        settings.handler.length,
      ]),
  );
  t.note('plugins', [server.plugins, server.registrations]);
  await t.attempt(
    'a route twice',
    () =>
      server.route({ method: 'GET', path: '/all', handler: () => 1 }) ??
      server.route({ method: 'GET', path: '/all', handler: () => 1 }),
  );
  await t.attempt('a route without a handler', () => server.route({ method: 'GET', path: '/x' }));
  await t.attempt('a bad extension', () => server.ext('nonsense', () => 1));
  await t.attempt('a bad plugin', () => server.register({}));
  await t.attempt('a plugin that fails', () =>
    server.register({ name: 'fails', register: async () => Promise.reject(new Error('plugin')) }),
  );
  await server.stop();
  t.note('order', order);
};

exports.crashes = {
  'listening fails': async () => {
    await Hapi.server({ port: 1, host: '203.0.113.1' }).start();
  },
};
