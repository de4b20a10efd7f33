'use strict';
// The express application of three scenarios: three middlewares that only pass on, and one handler, at a route with a
// parameter and at the URL that agents are told to leave out.
const express = require('express');

exports.createExpress = (handler) => {
  const app = express();
  for (let index = 0; index < 3; index++) app.use((_request, _response, next) => next());
  app.get('/users/:id', handler);
  app.get('/healthz', handler);
  return require('node:http').createServer(app);
};
