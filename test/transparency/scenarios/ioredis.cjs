'use strict';
// ioredis: commands in every form, pipelines, transactions, scripts, subscriptions, errors, events.
const { Redis, ...exported } = require('ioredis');

exports.modules = ['ioredis'];
exports.depth = 3;
exports.services = { redis: 'TEST_REDIS_URL' };
exports.run = async (t) => {
  const url = process.env.TEST_REDIS_URL;
  t.mask(new URL(url).port, '<port>');
  const redis = new Redis(url, { lazyConnect: true });
  const events = t.events('client', redis, ['connecting', 'connect', 'ready', 'close', 'end', 'error', 'reconnecting']);
  t.note('client', [
    redis.status,
    redis instanceof exported.default,
    redis.constructor.name,
    redis.get.length,
    redis.get.name,
    redis.eventNames(),
  ]);
  await t.attempt('connect', () => redis.connect());
  await t.attempt('connect again', () => redis.connect());
  const run = (label, name, ...parameters) => t.attempt(label, () => redis[name](...parameters));
  await run('flush', 'flushdb');
  await run('set', 'set', 'a', '1');
  await run('get', 'get', 'a');
  await run('buffer', 'getBuffer', 'a');
  await run('hash', 'hset', 'h', { a: 1, b: 2 });
  await run('all of a hash', 'hgetall', 'h');
  await run('array', 'mget', ['a', 'missing']);
  await run('call', 'call', 'SET', 'b', '2');
  await run('wrong type', 'incr', 'h');
  await run('wrong arity', 'call', 'GET');
  await run('unknown', 'call', 'NONSENSE', 'secret');
  await run('eval', 'eval', 'return {KEYS[1], ARGV[1]}', 1, 'k', 'v');
  await run('eval, error', 'eval', "return redis.error_reply('MINE')", 0);
  await t.callback('callback', (done) => redis.get('a', done));
  await t.callback('callback, error', (done) => redis.incr('h', (error, value) => done(error, value)));
  redis.defineCommand('mine', { numberOfKeys: 1, lua: 'return KEYS[1]' });
  await run('own command', 'mine', 'key');
  await t.attempt('pipeline', () => redis.pipeline().set('p', '1').incr('p').incr('h').exec());
  await t.attempt('transaction', () => redis.multi().set('m', '1').get('m').exec());
  await t.attempt('transaction, error', () => redis.multi().set('m').exec());
  await t.attempt('watch', async () => [await redis.watch('a'), await redis.unwatch()]);
  await t.attempt('a command object', () => redis.sendCommand(new exported.Command('get', ['a'], 'utf8')));
  await t.attempt('scan', async () => {
    const keys = [];
    for await (const part of redis.scanStream({ count: 100 })) keys.push(...part);
    return keys.sort();
  });
  await t.attempt('many at once', () =>
    Promise.all(Array.from({ length: 5 }, (_, index) => redis.incrby('sum', index))),
  );
  const subscriber = redis.duplicate();
  const message = new Promise((resolve) => subscriber.once('message', (...parameters) => resolve(parameters)));
  await t.attempt('subscribe', () => subscriber.subscribe('channel'));
  await run('publish', 'publish', 'channel', 'text');
  t.note('message', await message);
  await t.attempt('a command while subscribed', () => subscriber.get('a'));
  await subscriber.quit();
  await run('quit', 'quit');
  t.note('events', events.seen);
  await run('after quit', 'get', 'a');
  const lost = new Redis({
    host: '127.0.0.1',
    port: 1,
    retryStrategy: null,
    maxRetriesPerRequest: 0,
    lazyConnect: true,
  });
  lost.on('error', (error) => t.note('refused: error event', error));
  await t.attempt('refused', () => lost.connect());
  await t.attempt('refused: command', () => lost.get('a'));
};

exports.crashes = {
  'an unhandled rejection': async () => {
    await new Redis(process.env.TEST_REDIS_URL).call('GET');
  },
  'a callback throws': () =>
    void new Redis(process.env.TEST_REDIS_URL).get('a', () => {
      throw new Error('from a callback');
    }),
  'no error listener': () =>
    void new Redis({ host: '127.0.0.1', port: 1, retryStrategy: null }).get('a').catch(() => undefined),
};
