'use strict';
// Adds an order to a stream for each request. The fields are the application's: it adds the context itself.
const { createServer } = require('node:http');
const { inject } = require('@org/trace-agent');
const { createClient } = require('redis');

const redis = createClient({ url: process.env.REDIS_URL });

const server = createServer(async (_request, response) => {
  await redis.xAdd('orders', '*', inject({ item: 'tea' }));
  response.end('ordered');
});

redis.connect().then(() => {
  server.listen(0, '127.0.0.1', () => console.log(`sender on ${server.address().port}`));
});

process.on('SIGTERM', () => {
  server.close();
  redis.quit();
});
