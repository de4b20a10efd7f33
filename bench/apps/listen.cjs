'use strict';
// Starts an HTTP server on a free port of the loopback interface, in the shape that main.cjs expects of a scenario.

/** Longer than a connection waits for its turn: the usual five seconds would close it. */
const KEEP_ALIVE_MILLIS = 600_000;

/** @param closeMore ends what else the scenario holds: pools, clients. */
exports.listen = (server, closeMore = () => {}) =>
  new Promise((resolve) => {
    server.keepAliveTimeout = KEEP_ALIVE_MILLIS;
    server.listen(0, '127.0.0.1', () => {
      resolve({
        port: server.address().port,
        close() {
          server.close();
          server.closeAllConnections();
          closeMore();
        },
      });
    });
  });

/** GET from the peer's plain HTTP server over a kept connection; calls back with the body. */
exports.createFetcher = (port) => {
  const http = require('node:http');
  const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
  const get = (callback) => {
    http
      .get({ host: '127.0.0.1', port, path: '/items?a=1', agent }, (answer) => {
        let body = '';
        answer.setEncoding('latin1');
        answer.on('data', (part) => {
          body += part;
        });
        answer.on('end', () => callback(undefined, body));
      })
      .on('error', callback);
  };
  return { get, close: () => agent.destroy() };
};
