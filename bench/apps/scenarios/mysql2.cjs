'use strict';
// A raw HTTP server and one query with mysql2 for each request, from a pool that is open before the first one.
const http = require('node:http');
const mysql = require('mysql2/promise');
const { listen } = require('../listen.cjs');

const CONNECTIONS = 16;

exports.start = async (stubs) => {
  const options = { host: '127.0.0.1', port: stubs.mysql, user: 'bench', database: 'bench', ssl: undefined };
  const pool = mysql.createPool({ ...options, connectionLimit: CONNECTIONS });
  const connections = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.getConnection()));
  for (const connection of connections) connection.release();
  const server = http.createServer(async (_request, response) => {
    const [rows] = await pool.query('SELECT name FROM users WHERE id = ?', [42]);
    response.end(rows[0].name);
  });
  return listen(server, () => pool.end());
};
