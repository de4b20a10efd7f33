'use strict';
// A raw HTTP server and one GET with ioredis for each request.
const http = require('node:http');
const Redis = require('ioredis');
const { listen } = require('../listen.cjs');

exports.start = async (stubs) => {
  const redis = new Redis(stubs.redis, '127.0.0.1');
  await new Promise((resolve) => redis.once('ready', resolve));
  const server = http.createServer(async (_request, response) => response.end(await redis.get('user:42')));
  return listen(server, () => redis.disconnect());
};
