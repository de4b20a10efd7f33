'use strict';
// fastify, a route with a parameter.
const { listen } = require('../listen.cjs');

exports.start = async () => {
  const app = require('fastify')();
  for (const path of ['/users/:id', '/healthz']) app.get(path, (_request, reply) => void reply.send('hello'));
  await app.ready();
  return listen(app.server);
};
