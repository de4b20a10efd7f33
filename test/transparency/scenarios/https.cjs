'use strict';
// Servers and clients of https with a certificate that nobody trusts.
const https = require('node:https');
const { readFileSync } = require('node:fs');

exports.modules = ['node:https'];
exports.run = async (t) => {
  const { TEST_KEY, TEST_CERTIFICATE } = process.env;
  const server = https.createServer(
    { key: readFileSync(TEST_KEY), cert: readFileSync(TEST_CERTIFICATE) },
    (request, response) => {
      t.note(`${request.url}: server saw`, [
        request.method,
        t.headers(request.headers),
        request.socket.encrypted,
        request.socket.alpnProtocol,
      ]);
      response.end(`secure ${request.url}`);
    },
  );
  const port = await t.listen(server);
  const at = { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false };
  const call = (label, make) =>
    t.attempt(
      label,
      () =>
        new Promise((resolve, reject) => {
          const request = make((response) => {
            let body = '';
            response.on('data', (part) => {
              body += part;
            });
            response.on('end', () => resolve([response.statusCode, body, t.rawHeaders(response.rawHeaders)]));
          });
          request.on('error', reject).end();
        }),
    );
  await call('options', (done) => https.request({ ...at, path: '/a' }, done));
  await call('get', (done) => https.get({ ...at, path: '/b' }, done));
  await call('url and options', (done) => https.request(`https://127.0.0.1:${port}/c`, at, done));
  await call('untrusted', (done) => https.get({ ...at, rejectUnauthorized: true }, done));
  await call('plain http to it', (done) => require('node:http').get({ host: '127.0.0.1', port, agent: false }, done));
  await call('bad protocol', (done) => https.get('http://127.0.0.1/', done));
  const agent = new https.Agent({ keepAlive: true, rejectUnauthorized: false });
  for (const path of ['/kept', '/kept-again']) await call(path, (done) => https.get({ ...at, agent, path }, done));
  agent.destroy();
  t.note('server', [server instanceof https.Server, server instanceof require('node:tls').Server, server.eventNames()]);
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {
  'an unhandled error of a request': () => void https.get({ host: '127.0.0.1', port: 1, agent: false }),
  'a callback throws': async (t) => {
    const { TEST_KEY, TEST_CERTIFICATE } = process.env;
    const server = https.createServer(
      { key: readFileSync(TEST_KEY), cert: readFileSync(TEST_CERTIFICATE) },
      (_request, response) => response.end(),
    );
    https.get({ host: '127.0.0.1', port: await t.listen(server), rejectUnauthorized: false }, () => {
      throw new Error('from a callback');
    });
  },
};
