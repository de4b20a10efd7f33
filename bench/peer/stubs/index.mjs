/**
 * What the measured applications call, each the least that their client libraries accept. Real servers would need an
 * installation and would add their own noise; the client library, which the agents patch, is the real one.
 */
import { startGrpc } from './grpc.mjs';
import { startHttp } from './http.mjs';
import { startMysql } from './mysql.mjs';
import { startPostgres } from './postgres.mjs';
import { startRedis } from './redis.mjs';

const STUBS = { http: startHttp, postgres: startPostgres, redis: startRedis, mysql: startMysql, grpc: startGrpc };

/** @returns {Promise<number>} the port that it listens on */
export function startStub(name) {
  const server = STUBS[name]();
  if (typeof server.address !== 'function') throw new Error(`stub ${name} is no server`);
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
}
