'use strict';
// koa, one middleware that passes on and one that answers.
const http = require('node:http');
const Koa = require('koa');
const { listen } = require('../listen.cjs');

exports.start = () => {
  const app = new Koa();
  app.use((_context, next) => next());
  app.use((context) => {
    context.body = 'hello';
  });
  return listen(http.createServer(app.callback()));
};
