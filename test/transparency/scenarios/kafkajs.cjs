'use strict';
// kafkajs: producers, consumers, transactions, admin and instrumentation events.
const { Kafka, ...kafkajs } = require('kafkajs');
const { startBroker } = require('../lib/kafka-broker.cjs');

const failure = (error) => ({
  chain: error.constructor.name,
  name: error.name,
  message: error.message,
  type: error.type,
  retriable: error.retriable,
  isKafka: error instanceof kafkajs.KafkaJSError,
  stack: error.stack.split('\n')[0],
});
const plain = (t, message) => ({
  ...message,
  key: message.key && String(message.key),
  value: String(message.value),
  timestamp: '<time>',
  headers: t.headers(
    Object.fromEntries(Object.entries(message.headers ?? {}).map(([name, value]) => [name, String(value)])),
  ),
});

exports.modules = ['kafkajs'];
exports.depth = 3;
exports.run = async (t) => {
  const broker = await startBroker();
  t.mask(broker.port, '<port>');
  const logs = [];
  const kafka = new Kafka({
    clientId: 'transparency',
    brokers: [`127.0.0.1:${broker.port}`],
    retry: { retries: 0 },
    logCreator:
      () =>
      ({ namespace, log }) =>
        logs.push([namespace, log.message]),
  });
  const producer = kafka.producer({ createPartitioner: kafkajs.Partitioners.DefaultPartitioner });
  t.note('producer', [Object.keys(producer), producer.send.length, producer.events]);
  const run = (label, make) => t.attempt(label, () => make().catch(failure));
  await run('before connect', () => producer.send({ topic: 'things', messages: [{ value: 'x' }] }));
  const events = [];
  for (const name of ['producer.connect', 'producer.disconnect']) producer.on(name, ({ type }) => events.push(type));
  await producer.connect();
  const messages = [
    { key: 'k', value: 'one', headers: { mine: '1' }, partition: 0 },
    { value: Buffer.from('two'), partition: 0 },
  ];
  await run('send', () => producer.send({ topic: 'things', messages }));
  t.note(
    'messages afterwards',
    messages.map((message) => [Object.keys(message), t.headers(message.headers ?? {})]),
  );
  await run('batch', () =>
    producer.sendBatch({ topicMessages: [{ topic: 'things', messages: [{ value: 'three', partition: 0 }] }] }),
  );
  await run('no topic', () => producer.send({ messages: [{ value: 'x' }] }));
  await run('no messages', () => producer.send({ topic: 'things' }));
  await run('no value', () => producer.send({ topic: 'things', messages: [{}] }));
  await run('no batch', () => producer.sendBatch({}));
  await run('frozen', () =>
    producer.send(
      Object.freeze({ topic: 'things', messages: Object.freeze([Object.freeze({ value: 'four', partition: 0 })]) }),
    ),
  );
  const consumer = kafka.consumer({ groupId: 'group', retry: { retries: 0 } });
  t.note('consumer', [Object.keys(consumer), consumer.run.length, consumer.events]);
  await consumer.connect();
  await run('subscribe', () => consumer.subscribe({ topic: 'things', fromBeginning: true }));
  const consumed = [];
  await new Promise((resolve) => {
    consumer.run({
      eachMessage: async function eachMessage({ topic, partition, message, heartbeat, pause, ...rest }) {
        consumed.push([topic, partition, plain(t, message), typeof heartbeat, typeof pause, Object.keys(rest)]);
        if (consumed.length === broker.count()) resolve();
      },
    });
  });
  t.note('consumed', consumed);
  await consumer.disconnect();
  const batches = kafka.consumer({ groupId: 'batches' });
  await batches.connect();
  await batches.subscribe({ topics: ['things'], fromBeginning: true });
  await new Promise((resolve) => {
    batches.run({
      eachBatch: async ({ batch, ...helpers }) => {
        t.note('batch', [
          batch.constructor.name,
          batch.topic,
          batch.messages.length,
          batch.firstOffset(),
          batch.lastOffset(),
          Object.keys(helpers),
        ]);
        resolve();
      },
    });
  });
  await batches.disconnect();
  await producer.disconnect();
  t.note('events', events);
  await run('after disconnect', () => producer.send({ topic: 'things', messages: [{ value: 'x' }] }));
  broker.close();
  await run('refused', () =>
    new Kafka({ brokers: ['127.0.0.1:1'], retry: { retries: 0 }, logLevel: kafkajs.logLevel.NOTHING })
      .producer()
      .connect(),
  );
  await t.attempt('no brokers', () => new Kafka({}).producer().connect());
};

exports.crashes = {
  // The error around it says how long the attempts took.
  'an unhandled rejection': async () => {
    const options = { brokers: ['127.0.0.1:1'], retry: { retries: 0 }, logLevel: kafkajs.logLevel.NOTHING };
    await new Kafka(options)
      .producer()
      .connect()
      .catch(({ cause }) => {
        throw cause;
      });
  },
};
