'use strict';
// Reads orders as a member of a group, for ever. Each is worked on in the trace of the request that it came from.
const { extract } = require('@org/trace-agent');
const { createClient } = require('redis');

const STREAM = { key: 'orders', id: '>' };

async function main() {
  const redis = createClient({ url: process.env.REDIS_URL });
  await redis.connect();
  await redis.xGroupCreate('orders', 'warehouse', '0', { MKSTREAM: true });
  let isOpen = true;
  process.on('SIGTERM', () => {
    isOpen = false;
  });
  console.log('receiver reads');
  while (isOpen) {
    const streams = await redis.xReadGroup('warehouse', 'one', STREAM, { COUNT: 10, BLOCK: 100 });
    for (const { id, message } of streams?.[0]?.messages ?? []) {
      await extract(message, () => redis.hIncrBy('stock', message.item, -1));
      await redis.xAck('orders', 'warehouse', id);
      console.log(`handled ${message.item}`);
    }
  }
  await redis.quit();
}

main();
