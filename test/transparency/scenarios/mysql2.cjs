'use strict';
// mysql2: callbacks, promises, prepared statements, pools, streams, errors.
const mysql = require('mysql2');
const promises = require('mysql2/promise');

const rows = (result) =>
  Array.isArray(result)
    ? result.map((row) => ({ class: row?.constructor?.name, ...row }))
    : { class: result?.constructor?.name, ...result };
const failure = (error) =>
  error && [
    error.constructor.name,
    error.message,
    error.code,
    error.errno,
    error.sqlState,
    error.sql,
    error.sqlMessage,
    error.stack.split('\n')[0],
  ];

exports.modules = ['mysql2', 'mysql2/promise'];
exports.depth = 3;
exports.services = { mariadb: 'TEST_DATABASE_URL' };
exports.run = async (t) => {
  const uri = process.env.TEST_DATABASE_URL;
  t.mask(new URL(uri).port, '<port>');
  const connection = mysql.createConnection(uri);
  t.note('connection', [
    connection.constructor.name,
    connection.eventNames(),
    connection.query.length,
    connection.execute.length,
  ]);
  const query = (label, method, ...parameters) =>
    t.callback(label, (done) =>
      connection[method](...parameters, (error, result, fields) =>
        done(
          failure(error),
          result && rows(result),
          fields?.map?.((field) => field.name),
        ),
      ),
    );
  await new Promise((resolve) => connection.query('DROP TABLE IF EXISTS transparency', resolve));
  await query('create', 'query', 'CREATE TABLE transparency (id int PRIMARY KEY, name text)');
  for (const method of ['query', 'execute']) {
    await query(`${method}: insert`, method, 'INSERT INTO transparency VALUES (?, ?)', [
      method === 'query' ? 1 : 2,
      'one',
    ]);
    await query(`${method}: select`, method, 'SELECT * FROM transparency');
    await query(`${method}: object`, method, { sql: 'SELECT ? AS n', values: [5], rowsAsArray: true });
    await query(`${method}: frozen`, method, Object.freeze({ sql: 'SELECT 1 AS n' }));
    await query(`${method}: duplicate`, method, "INSERT INTO transparency VALUES (1, 'x')");
    await query(`${method}: syntax`, method, 'SELEC 1');
  }
  await new Promise((resolve) => {
    const command = connection.query('SELECT id FROM transparency');
    const events = t.events('events of a query', command, ['fields', 'result', 'end', 'error'], (name, value) =>
      name === 'result' ? { ...value } : undefined,
    );
    command.on('end', () => {
      t.note('events of a query', [events.seen, command.constructor.name, Object.keys(command)]);
      resolve();
    });
  });
  await t.attempt('stream', async () => {
    const parts = [];
    for await (const row of connection.query('SELECT id FROM transparency').stream()) parts.push({ ...row });
    return parts;
  });
  await t.callback('prepare', (done) =>
    connection.prepare('SELECT ? AS n', (error, statement) =>
      statement.execute([3], (failed, result) => done(error, failed, rows(result), typeof statement.close())),
    ),
  );
  await t.attempt('an undefined parameter', () => connection.execute('SELECT ?', [undefined], () => undefined));
  t.note('format', [connection.format('SELECT ?', ["a'b"]), mysql.escape('x'), mysql.format('??', ['id'])]);
  await t.attempt('as a promise', () => connection.query('SELECT 1').then?.());
  await new Promise((resolve) => connection.end(resolve));
  await query('after the end', 'query', 'SELECT 1');
  const pool = mysql.createPool({ uri, connectionLimit: 1 });
  const poolEvents = t.events('pool', pool, ['connection', 'acquire', 'release', 'enqueue']);
  await t.callback('pool query', (done) => pool.query('SELECT 1 AS n', (error, result) => done(error, rows(result))));
  await t.callback('pool execute', (done) =>
    pool.execute('SELECT ? AS n', [2], (error, result) => done(error, rows(result))),
  );
  await t.callback('pool connection', (done) =>
    pool.getConnection((error, borrowed) =>
      borrowed.query('SELECT 3 AS n', (failed, result) => done(error, failed, rows(result), borrowed.release())),
    ),
  );
  await new Promise((resolve) => pool.end(resolve));
  t.note('pool events', poolEvents.seen);
  const promised = await promises.createConnection(uri);
  t.note('promise connection', [promised.constructor.name, promised.query.length]);
  for (const method of ['query', 'execute']) {
    await t.attempt(`promise ${method}`, () =>
      promised[method]('SELECT ? AS n', [1]).then(([result, fields]) => [
        rows(result),
        fields.map((field) => field.name),
      ]),
    );
    await t.attempt(`promise ${method}, error`, () => promised[method]('SELEC').catch(failure));
  }
  await promised.end();
  const promisedPool = promises.createPool(uri);
  await t.attempt('promise pool', () => promisedPool.query('SELECT 1 AS n').then(([result]) => rows(result)));
  const borrowed = await promisedPool.getConnection();
  await borrowed.beginTransaction();
  await t.attempt('transaction', () =>
    borrowed.query('UPDATE transparency SET name = ?', ['two']).then(([result]) => rows(result)),
  );
  await borrowed.rollback();
  borrowed.release();
  await promisedPool.end();
  await t.attempt('refused', () =>
    promises.createConnection({ host: '127.0.0.1', port: 1 }).catch((error) => [error.code, error.message]),
  );
};

exports.crashes = {
  'a callback throws': () => {
    mysql.createConnection(process.env.TEST_DATABASE_URL).query('SELECT 1', () => {
      throw new TypeError('from a callback');
    });
  },
  'an error without a callback': () => void mysql.createConnection(process.env.TEST_DATABASE_URL).query('SELEC'),
};
