'use strict';
// redis (node-redis): commands, multi, scripts, pools, subscriptions, errors, events.
const redis = require('redis');

exports.modules = ['redis', '@redis/client'];
exports.depth = 3;
exports.services = { redis: 'TEST_REDIS_URL' };
exports.run = async (t) => {
  const url = process.env.TEST_REDIS_URL;
  t.mask(new URL(url).port, '<port>');
  const client = redis.createClient({ url });
  const events = t.events('client', client, ['connect', 'ready', 'end', 'error', 'reconnecting']);
  t.note('client', [
    client.isOpen,
    client.isReady,
    client.constructor.name,
    client.get.length,
    client.get.name,
    client.eventNames(),
  ]);
  await t.attempt('before connect', () =>
    Promise.race([client.get('a'), new Promise((resolve) => setTimeout(resolve, 50, 'waits'))]).catch((error) => error),
  );
  await t.attempt('connect', async () => (await client.connect()) === client);
  await t.attempt('connect again', () => client.connect());
  const run = (label, name, ...parameters) => t.attempt(label, () => client[name](...parameters));
  await run('flush', 'flushDb');
  await run('set', 'set', 'a', '1', { EX: 100 });
  await run('get', 'get', 'a');
  await run('alias', 'GET', 'a');
  await run('hash', 'hSet', 'h', { a: '1', b: '2' });
  await run('all of a hash', 'hGetAll', 'h');
  await run('array', 'mGet', ['a', 'missing']);
  await run('raw', 'sendCommand', ['SET', 'b', '2']);
  await run('wrong type', 'incr', 'h');
  await run('unknown', 'sendCommand', ['NONSENSE', 'secret']);
  await run('not a text', 'set', 'a', { not: 'text' });
  await run('eval', 'eval', 'return {KEYS[1], ARGV[1]}', { keys: ['k'], arguments: ['v'] });
  const multi = client.multi().set('m', '1').incr('m').get('m');
  t.note('multi', [multi.constructor.name, multi.set('n', '1') === multi]);
  await t.attempt('multi: exec', () => multi.exec());
  await t.attempt('multi: error', () => client.multi().set('a', '1').incr('h').exec());
  await t.attempt('multi: pipeline', () => client.multi().get('a').execAsPipeline());
  await t.attempt('multi: empty', () => client.multi().exec());
  await t.attempt('watch', async () => [await client.watch('a'), await client.unwatch()]);
  await t.attempt('scan', async () => {
    const keys = [];
    for await (const part of client.scanIterator()) keys.push(...[part].flat());
    return keys.sort();
  });
  await t.attempt('many at once', () =>
    Promise.all(Array.from({ length: 5 }, (_, index) => client.incrBy('sum', index))),
  );
  const mapped = client.withTypeMapping({ [redis.RESP_TYPES.BLOB_STRING]: Buffer });
  await t.attempt('mapped', () => mapped.get('a'));
  const subscriber = client.duplicate();
  await subscriber.connect();
  const message = new Promise((resolve) => subscriber.subscribe('channel', (...parameters) => resolve(parameters)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  await run('publish', 'publish', 'channel', 'text');
  t.note('message', await message);
  await t.attempt('unsubscribe', () => subscriber.unsubscribe('channel'));
  await subscriber.close();
  const pool = redis.createClientPool({ url }, { minimum: 1, maximum: 2 });
  await pool.connect();
  await t.attempt('pool', () => pool.get('a'));
  await t.attempt('pool: execute', () => pool.execute((inner) => inner.get('a')));
  await pool.close();
  await t.attempt('close', () => client.close());
  t.note('events', events.seen);
  await run('after close', 'get', 'a');
  const lost = redis.createClient({ url: 'redis://127.0.0.1:1', socket: { reconnectStrategy: false } });
  lost.on('error', (error) => t.note('refused: error event', error));
  await t.attempt('refused', () => lost.connect());
};

exports.crashes = {
  'an unhandled rejection': async () => {
    const client = await redis.createClient({ url: process.env.TEST_REDIS_URL }).connect();
    await client.sendCommand(['NONSENSE']);
  },
  'no error listener': () =>
    void redis.createClient({ url: 'redis://127.0.0.1:1', socket: { reconnectStrategy: false } }).connect(),
};
