'use strict';
// pg: promises, callbacks, query objects, pools, prepared statements, errors, notifications.
const { once } = require('node:events');
const pg = require('pg');

const plain = (result) => ({
  class: result.constructor.name,
  command: result.command,
  rowCount: result.rowCount,
  rows: result.rows,
  fields: result.fields.map(({ name, dataTypeID }) => [name, dataTypeID]),
});
const failure = (error) => {
  const { message, code, severity, detail, constraint, table } = error;
  return {
    chain: error.constructor.name,
    isError: error instanceof Error,
    message,
    code,
    severity,
    detail,
    constraint,
    table,
    stack: error.stack.split('\n')[0],
  };
};

exports.modules = ['pg', 'pg-pool'];
exports.depth = 3;
exports.services = { postgres: 'TEST_DATABASE_URL' };
exports.run = async (t) => {
  const connectionString = process.env.TEST_DATABASE_URL;
  t.mask(new URL(connectionString).port, '<port>');
  const client = new pg.Client({ connectionString });
  t.note('client', [Object.keys(client).length, client.eventNames(), client.query.length]);
  t.note('connect', (await client.connect()) === client);
  const query = (label, ...parameters) => t.attempt(label, () => client.query(...parameters).then(plain, failure));
  await query('drop', 'DROP TABLE IF EXISTS transparency');
  await query('create', 'CREATE TABLE transparency (id int PRIMARY KEY, name text UNIQUE)');
  await query('insert', 'INSERT INTO transparency VALUES ($1, $2) RETURNING *', [1, 'one']);
  await query('text', 'SELECT * FROM transparency');
  await query('object', { text: 'SELECT $1::int AS n', values: [5] });
  await query('frozen', Object.freeze({ text: 'SELECT $1::int AS n', values: Object.freeze([5]), rowMode: 'array' }));
  await query('prepared', { name: 'by-id', text: 'SELECT name FROM transparency WHERE id = $1', values: [1] });
  await query('prepared again', { name: 'by-id', text: 'SELECT name FROM transparency WHERE id = $1', values: [2] });
  await query('prepared otherwise', { name: 'by-id', text: 'SELECT 1', values: [] });
  await query('duplicate', "INSERT INTO transparency VALUES (1, 'two')");
  await query('syntax', 'SELEC 1');
  await query('many', 'SELECT 1 AS a; SELECT 2 AS b').catch(() => undefined);
  await query('empty', '');
  await query('values that cannot be', 'SELECT $1::int', ['x']);
  await t.attempt('no query', () => client.query());
  await t.attempt('a number', () => client.query(5));
  await t.callback('callback', (done) =>
    client.query('SELECT 1 AS n', (error, result) => done(error, result && plain(result))),
  );
  await t.callback('callback with values', (done) =>
    client.query('SELECT $1::text AS v', ['x'], (error, result) => done(error, result && plain(result))),
  );
  await t.callback('callback in the object', (done) =>
    client.query({ text: 'SELECT 3 AS n', callback: (error, result) => done(error, result && plain(result)) }),
  );
  await t.callback('callback with an error', (done) =>
    client.query('SELEC', (error, result) => done(failure(error), result)),
  );
  await new Promise((resolve) => {
    const submitted = new pg.Query('SELECT generate_series(1, 2) AS n');
    const returned = client.query(submitted);
    const events = t.events('a submitted query', submitted, ['row', 'end', 'error'], (name, row) =>
      name === 'row' ? row : undefined,
    );
    submitted.on('end', () => {
      t.note('a submitted query', [events.seen, returned === submitted, submitted.listenerCount('row')]);
      resolve();
    });
  });
  await query('listen', 'LISTEN channel');
  const notified = new Promise((resolve) =>
    client.once('notification', ({ channel, payload }) => resolve([channel, payload])),
  );
  await query('notify', "NOTIFY channel, 'payload'");
  t.note('notification', await notified);
  const events = t.events('end', client, ['drain', 'end', 'error']);
  await client.end();
  t.note('after the end', events.seen);
  await t.attempt('query after the end', () => client.query('SELECT 1').then(plain, failure));
  const pool = new pg.Pool({ connectionString, max: 1 });
  const poolEvents = t.events('pool', pool, ['connect', 'acquire', 'release', 'remove', 'error']);
  t.note('pool', [Object.keys(pool), pool instanceof require('node:events'), pool.query.length, pool.connect.length]);
  await t.attempt('pool query', () => pool.query('SELECT 1 AS n').then(plain));
  await t.attempt('pool error', () => pool.query('SELEC').then(plain, failure));
  await t.callback('pool callback', (done) =>
    pool.query('SELECT 2 AS n', (error, result) => done(error, result && plain(result))),
  );
  await t.callback('pool connect', (done) =>
    pool.connect((error, connected, release) => {
      connected.query('SELECT 3 AS n', (failed, result) => {
        release();
        done(error, typeof release, failed, plain(result));
      });
    }),
  );
  const borrowed = await pool.connect();
  t.note('borrowed', [
    borrowed instanceof pg.Client,
    typeof borrowed.release,
    pool.totalCount,
    pool.idleCount,
    pool.waitingCount,
  ]);
  const waiting = t.attempt('waiting', () => pool.query('SELECT 4 AS n').then(plain));
  t.note('counts', [pool.totalCount, pool.idleCount, pool.waitingCount]);
  borrowed.release();
  await waiting;
  await pool.end();
  // That a connection is gone the server says, when it likes: after the pool's end, too.
  const count = (name) => poolEvents.seen.filter(([event]) => event === name).length;
  while (count('remove') < count('connect')) await once(pool, 'remove');
  t.note('pool events', poolEvents.seen.map((event) => JSON.stringify(event)).sort());
  await t.attempt('pool after the end', () => pool.query('SELECT 1').then(plain, failure));
  await t.attempt('refused', () => new pg.Client({ host: '127.0.0.1', port: 1 }).connect());
};

exports.crashes = {
  'a callback throws': () => {
    const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
    client.connect();
    client.query('SELECT 1', () => {
      throw new TypeError('from a callback');
    });
  },
  'an unhandled rejection': async () => {
    const client = new pg.Client({ connectionString: process.env.TEST_DATABASE_URL });
    await client.connect();
    await client.query('SELEC');
  },
};
