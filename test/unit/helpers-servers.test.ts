/**
 * The test servers start, speak their protocol, and stop.
 */
import { connect } from 'node:net';
import mysql from 'mysql2/promise';
import pg from 'pg';
import { createClient } from 'redis';
import t from 'tap';
import { type RunningServer, serverOrSkip } from '../helpers/servers.js';

/** Resolves with undefined when a connection is accepted, else with the error's code. */
function connectionError({ host, port }: RunningServer): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect(port, host, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
  });
}

t.test('postgres', async (test) => {
  const server = await serverOrSkip(test, 'postgres');
  if (!server) return;
  const client = new pg.Client(server.url);
  await client.connect();
  const { rows } = await client.query('SELECT 6 * 7 AS answer');
  await client.end();
  test.strictSame(rows, [{ answer: 42 }]);
  await server.stop();
  test.equal(await connectionError(server), 'ECONNREFUSED');
});

t.test('mariadb', async (test) => {
  const server = await serverOrSkip(test, 'mariadb');
  if (!server) return;
  const connection = await mysql.createConnection(server.url);
  const [rows] = await connection.query('SELECT DATABASE() AS name');
  await connection.end();
  test.match(rows, [{ name: 'test' }]);
});

t.test('redis', async (test) => {
  const server = await serverOrSkip(test, 'redis');
  if (!server) return;
  const client = await createClient({ url: server.url }).connect();
  await client.set('key', 'value');
  test.equal(await client.get('key'), 'value');
  await client.close();
});

t.test('rabbitmq', async (test) => {
  const server = await serverOrSkip(test, 'rabbitmq');
  if (!server) return;
  const answer = await new Promise<Buffer>((resolve, reject) => {
    const socket = connect(server.port, server.host, () => socket.write('AMQP\x00\x00\x09\x01'));
    socket.once('data', (data) => {
      socket.destroy();
      resolve(data);
    });
    socket.on('error', reject);
  });
  test.ok(answer.includes('RabbitMQ'), 'connection.start names the broker');
});
