'use strict';
// A pool of pg connections to the peer's stub, opened before the first request.
const { Pool } = require('pg');

const CONNECTIONS = 16;

exports.createPool = async (port) => {
  const pool = new Pool({
    host: '127.0.0.1',
    port,
    user: 'bench',
    database: 'bench',
    max: CONNECTIONS,
    idleTimeoutMillis: 0,
  });
  const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.connect()));
  for (const client of clients) client.release();
  return pool;
};

exports.findName = (pool, id) =>
  pool.query('SELECT name FROM users WHERE id = $1', [id]).then(({ rows }) => rows[0].name);
