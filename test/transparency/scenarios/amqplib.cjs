'use strict';
// amqplib: both APIs, confirm channels, consumers, acknowledgements, returns, errors of channels and connections.
const amqp = require('amqplib');
const callbacks = require('amqplib/callback_api');

const plain = (t, message) =>
  message && {
    content: String(message.content),
    fields: { ...message.fields, consumerTag: '<tag>' },
    properties: { ...message.properties, headers: t.headers(message.properties.headers ?? {}) },
  };

exports.modules = ['amqplib', 'amqplib/callback_api'];
exports.depth = 3;
exports.services = { rabbitmq: 'TEST_AMQP_URL' };
exports.run = async (t) => {
  const url = process.env.TEST_AMQP_URL;
  t.mask(new URL(url).port, '<port>');
  const connection = await amqp.connect(url);
  t.note('connection', [connection.constructor.name, connection.eventNames(), Object.keys(connection)]);
  const channel = await connection.createConfirmChannel();
  const events = t.events('channel', channel, ['error', 'close', 'return', 'drain'], (name, value) =>
    name === 'return' ? String(value.content) : name === 'error' ? value.message : undefined,
  );
  t.note('channel', [
    channel.constructor.name,
    channel.publish.length,
    channel.sendToQueue.length,
    channel.consume.length,
  ]);
  await t.attempt('queue', () => channel.assertQueue('transparency', { autoDelete: true }));
  await t.attempt('exchange', () => channel.assertExchange('transparency-x', 'topic', { autoDelete: true }));
  await t.attempt('bind', () => channel.bindQueue('transparency', 'transparency-x', 'a.*'));
  const options = { headers: { mine: 1 }, contentType: 'text/plain' };
  t.note('send', channel.sendToQueue('transparency', Buffer.from('one'), options));
  t.note('options afterwards', options);
  t.note(
    'frozen options',
    channel.publish('transparency-x', 'a.b', Buffer.from('two'), Object.freeze({ headers: Object.freeze({ b: 2 }) })),
  );
  await t.callback('confirmed', (done) => channel.publish('transparency-x', 'a.c', Buffer.from('three'), {}, done));
  await t.attempt('confirms', () => channel.waitForConfirms());
  channel.publish('transparency-x', 'nowhere', Buffer.from('returned'), { mandatory: true });
  await t.attempt('confirms again', () => channel.waitForConfirms());
  await t.attempt('not a buffer', () => channel.publish('', 'x', 'text'));
  await t.attempt('get', async () => {
    const message = await channel.get('transparency');
    channel.ack(message);
    return plain(t, message);
  });
  const consumed = [];
  await new Promise((resolve) => {
    channel
      .consume(
        'transparency',
        function onMessage(message) {
          consumed.push(plain(t, message));
          if (consumed.length === 1) channel.nack(message, false, true);
          else channel.ack(message);
          if (consumed.length === 3) resolve();
        },
        { consumerTag: 'mine' },
      )
      .then((value) => t.note('consume', value));
  });
  t.note('consumed', consumed);
  await t.attempt('cancel', () => channel.cancel('mine'));
  await t.attempt('empty', () => channel.get('transparency'));
  await t.attempt('purge', () => channel.purgeQueue('transparency'));
  await t.attempt('an unknown queue', () => channel.checkQueue('missing'));
  await t.attempt('after the channel has gone', () => channel.sendToQueue('transparency', Buffer.from('x')));
  t.note('events', events.seen);
  const second = await connection.createChannel();
  await t.attempt('acknowledged twice', () => second.ack({ fields: { deliveryTag: 99 } }));
  const [error] = await require('node:events')
    .once(second, 'error')
    .catch((caught) => [caught]);
  t.note('channel error', [error.message, error.code]);
  await connection.close();
  await t.attempt('after close', () => connection.createChannel());
  await t.attempt('refused', () => amqp.connect('amqp://127.0.0.1:1'));
  await t.attempt('a bad url', () => amqp.connect('http://x'));
  await new Promise((resolve) => {
    callbacks.connect(url, (failed, opened) => {
      t.note('callback: connection', [failed, opened.constructor.name]);
      opened.createChannel((problem, made) => {
        t.note('callback: channel', [problem, made.constructor.name]);
        made.assertQueue('', { exclusive: true }, (_error, { queue }) => {
          made.consume(queue, (message) => {
            t.note('callback: message', String(message.content));
            made.ack(message);
            made.close(() => opened.close(resolve));
          });
          made.sendToQueue(queue, Buffer.from('callback'));
        });
      });
    });
  });
};

exports.crashes = {
  'a consumer throws': async () => {
    const connection = await amqp.connect(process.env.TEST_AMQP_URL);
    const channel = await connection.createChannel();
    await channel.assertQueue('transparency-crash', { autoDelete: true });
    await channel.consume('transparency-crash', () => {
      throw new Error('from a consumer');
    });
    channel.sendToQueue('transparency-crash', Buffer.from('x'));
  },
  'an unhandled rejection': async () => {
    await amqp.connect('amqp://127.0.0.1:1');
  },
};
