'use strict';
// tRPC: queries, mutations, batches, errors and their formatter, middleware, calls without a server.
const { initTRPC, TRPCError } = require('@trpc/server');
const { createHTTPServer } = require('@trpc/server/adapters/standalone');
const { sendAll } = require('../lib/requests.cjs');

exports.modules = ['@trpc/server'];
exports.depth = 3;
exports.run = async (t) => {
  const order = [];
  const root = initTRPC.context().create({
    isDev: false,
    errorFormatter: ({ shape, error }) => ({ ...shape, cause: String(error.cause) }),
  });
  t.note('root', [Object.keys(root), Object.keys(root.procedure), initTRPC.create.name, initTRPC.create.length]);
  const logged = root.procedure.use(async ({ path, type, next }) => {
    order.push(['in', type, path]);
    const result = await next({ ctx: { logged: true } });
    order.push(['out', result.ok]);
    return result;
  });
  const router = root.router({
    greet: logged.query(({ ctx }) => ({ hello: Object.keys(ctx) })),
    post: root.router({
      byId: root.procedure.input(Number).query(({ input }) => ({ id: input })),
      add: logged.input((value) => value).mutation(({ input }) => ['added', input]),
    }),
    missing: root.procedure.query(() => {
      throw new TRPCError({ code: 'NOT_FOUND', message: 'not here' });
    }),
    broken: logged.query(() => {
      throw new RangeError('broken on purpose');
    }),
    text: root.procedure.query(() => {
      throw 'a text';
    }),
  });
  t.note('router', [Object.keys(router), Object.keys(router._def.procedures), router.greet._def.type]);
  const caller = root.createCallerFactory(router)({ mine: 1 });
  t.note('caller', [await caller.greet(), await caller.post.byId(7), await caller.post.add({ a: 1 })]);
  for (const name of ['missing', 'broken', 'text']) await t.attempt(`caller: ${name}`, () => caller[name]());
  const errors = [];
  const server = createHTTPServer({
    router,
    createContext: ({ req }) => ({ url: req.url }),
    onError: ({ error, path, type }) => errors.push([error.code, error.message, path, type]),
  });
  const port = await t.listen(server.server ?? server);
  const headers = { 'content-type': 'application/json' };
  await sendAll(t, port, [
    '/greet',
    '/post.byId?input=7',
    { method: 'POST', path: '/post.add', headers, body: '{"a":1}' },
    { method: 'POST', path: '/post.add', headers, body: 'not json' },
    '/greet,post.byId?batch=1&input=%7B%221%22%3A7%7D',
    '/missing',
    '/broken',
    '/text',
    '/nothing.like.it',
    { method: 'OPTIONS', path: '/greet' },
    { method: 'HEAD', path: '/greet' },
  ]);
  t.note('errors', errors);
  t.note('order', order);
  await t.attempt('create twice', () => initTRPC.create({ allowOutsideOfServer: true }) !== root);
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {};
