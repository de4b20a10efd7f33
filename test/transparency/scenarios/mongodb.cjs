'use strict';
// mongodb: reads, writes, cursors, bulk operations, aggregations, sessions, errors, monitoring events.
const { createServer } = require('node:http');
const { MongoClient, ...mongodb } = require('mongodb');
const { sendAll } = require('../lib/requests.cjs');

const failure = (error) => ({
  chain: error.constructor.name,
  message: error.message,
  code: error.code,
  isMongo: error instanceof mongodb.MongoError,
  labels: error.errorLabels,
  stack: error.stack.split('\n')[0],
});

exports.modules = ['mongodb'];
exports.depth = 3;
exports.services = { mongodb: 'TEST_MONGODB_URL' };
exports.run = async (t) => {
  const url = process.env.TEST_MONGODB_URL;
  t.mask(new URL(url).port, '<port>');
  const client = new MongoClient(url, { monitorCommands: true, serverSelectionTimeoutMS: 2000 });
  const commands = [];
  client.on('commandStarted', ({ commandName, command }) =>
    commands.push([
      'started',
      commandName,
      Object.keys(command).filter((key) => !key.startsWith('$') && key !== 'lsid'),
    ]),
  );
  client.on('commandSucceeded', ({ commandName }) => commands.push(['succeeded', commandName]));
  client.on('commandFailed', ({ commandName, failure: error }) =>
    commands.push(['failed', commandName, error.message]),
  );
  t.note('client', [client.constructor.name, client.eventNames()]);
  t.note('connect', (await client.connect()) === client);
  const things = client.db('test').collection('things');
  const run = (label, make) => t.attempt(label, () => make().catch(failure));
  await things.deleteMany({});
  await run('insert', () => things.insertOne({ _id: 1, name: 'one' }));
  await run('insert many', () => things.insertMany([{ _id: 2 }, { _id: 3, deep: { a: [1] } }]));
  await run('find', () => things.find({}).sort({ _id: 1 }).toArray());
  await run('find one', () => things.findOne({ _id: 1 }, { projection: { name: 1 } }));
  await run('update', () => things.updateOne({ _id: 1 }, { $set: { name: 'two' } }));
  await run('replace', () => things.replaceOne({ _id: 2 }, { replaced: true }));
  await run('find and update', () =>
    things.findOneAndUpdate({ _id: 1 }, { $set: { x: 1 } }, { returnDocument: 'after' }),
  );
  await run('count', () => things.countDocuments());
  await run('distinct', () => things.distinct('name'));
  await run('aggregate', () => things.aggregate([{ $match: { _id: 1 } }, { $project: { name: 1 } }]).toArray());
  await run('bulk', () =>
    things
      .bulkWrite([{ insertOne: { document: { _id: 9 } } }, { deleteOne: { filter: { _id: 9 } } }])
      .then((result) => [result.insertedCount, result.deletedCount, result.constructor.name]),
  );
  await run('duplicate', () => things.insertOne({ _id: 1 }));
  await run('bad operator', () => things.find({ $nonsense: 1 }).toArray());
  await run('unknown command', () => client.db('test').command({ nonsense: 1 }));
  await run('bad update', async () => things.updateOne({}, { name: 'no operator' }));
  await run('iterate', async () => {
    const ids = [];
    for await (const { _id } of things.find({}, { batchSize: 1 }).sort({ _id: 1 })) ids.push(_id);
    return ids;
  });
  const stream = things.find({}).stream();
  const seen = t.events('stream', stream, ['data', 'end', 'close', 'error']);
  await new Promise((resolve) => stream.once('end', resolve));
  t.note(
    'stream',
    seen.seen.map(([name]) => name),
  );
  await run('session', () =>
    client.withSession(async (session) => [session.constructor.name, await things.findOne({ _id: 1 }, { session })]),
  );
  await run('index', () => things.createIndex({ name: 1 }));
  const server = createServer(async (_request, response) => {
    response.end(JSON.stringify(await things.findOne({ _id: 1 }, { projection: { _id: 1 } })));
  });
  await sendAll(t, await t.listen(server), ['/in-a-request']);
  await new Promise((resolve) => server.close(resolve));
  await client.close();
  t.note(
    'commands',
    commands.filter(([, name]) => !['endSessions', 'hello', 'ismaster'].includes(name)),
  );
  await run('after close', () => things.findOne({ _id: 1 }));
  await run('refused', () => new MongoClient('mongodb://127.0.0.1:1', { serverSelectionTimeoutMS: 200 }).connect());
  await t.attempt('a bad url', () => new MongoClient('nonsense'));
};

exports.crashes = {
  'an unhandled rejection': async () => {
    const client = await new MongoClient(process.env.TEST_MONGODB_URL).connect();
    await client.db('test').command({ nonsense: 1 });
  },
};
