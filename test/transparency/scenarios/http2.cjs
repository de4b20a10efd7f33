'use strict';
// http2: the stream API, the compatibility API, HTTP/1.1 on the same server, client sessions.
const http2 = require('node:http2');
const { once } = require('node:events');
const { readFileSync } = require('node:fs');

const secure = () => ({
  key: readFileSync(process.env.TEST_KEY),
  cert: readFileSync(process.env.TEST_CERTIFICATE),
  allowHTTP1: true,
});

const plain = (t, headers) => t.headers(Object.fromEntries(Object.entries(headers)));

async function request(t, label, session, headers, body) {
  const stream = session.request(headers);
  const seen = t.events(
    label,
    stream,
    ['headers', 'response', 'push', 'trailers', 'aborted', 'error', 'end', 'close'],
    (name, value) => (['response', 'trailers'].includes(name) ? plain(t, value) : name === 'error' ? value : undefined),
  );
  let text = '';
  stream.setEncoding('utf8').on('data', (part) => {
    text += part;
  });
  stream.end(body);
  await once(stream, 'close').catch(() => undefined);
  if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
  t.note(`${label}: client saw`, { events: seen.seen, text, code: stream.rstCode, aborted: stream.aborted });
}

function compat(t, request, response) {
  t.note(`${request.url}: server saw`, [
    request.method,
    request.httpVersion,
    request.scheme,
    t.headers(request.headers),
    request.eventNames(),
  ]);
  if (request.url === '/destroy') return void response.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  if (request.url === '/trailers') {
    response.setTrailer('x-late', '1');
    response.writeHead(202, { 'x-a': 'b' });
  }
  request.resume().on('end', () => response.end(`compat ${request.url}`));
}

exports.modules = ['node:http2'];
exports.run = async (t) => {
  const streams = http2.createServer();
  streams.on('stream', (stream, headers, flags) => {
    t.note(`${headers[':path']}: stream`, [plain(t, headers), flags, stream.eventNames()]);
    stream.respond({ ':status': 200, 'x-stream': '1' }, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-end': '2' }));
    stream.pipe(stream);
  });
  const compatible = http2.createServer((incoming, response) => compat(t, incoming, response));
  for (const [name, server] of Object.entries({ streams, compatible })) {
    const session = http2.connect(`http://127.0.0.1:${await t.listen(server)}`);
    t.note(`${name}: session`, [session instanceof require('node:events'), server.eventNames()]);
    await request(t, `${name}, post`, session, { ':method': 'POST', ':path': '/post', 'x-mine': 'a' }, 'body');
    await request(t, `${name}, get`, session, { ':path': '/get?a=1' });
    if (name === 'compatible') {
      await request(t, 'trailers', session, { ':path': '/trailers' });
      await request(t, 'destroy', session, { ':path': '/destroy' });
    }
    session.close();
    await once(session, 'close');
    await new Promise((resolve) => server.close(resolve));
  }
  const both = http2.createSecureServer(secure(), (incoming, response) => compat(t, incoming, response));
  const port = await t.listen(both);
  const session = http2.connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false });
  await request(t, 'secure', session, { ':path': '/secure' });
  session.close();
  await t.attempt(
    'HTTP/1.1 on the same server',
    () =>
      new Promise((resolve, reject) => {
        const get = require('node:https').get(
          { host: '127.0.0.1', port, rejectUnauthorized: false, agent: false, path: '/one' },
          (response) => {
            response.resume().on('end', () => resolve([response.httpVersion, response.statusCode]));
          },
        );
        get.on('error', reject);
      }),
  );
  await t.attempt('bad options', () => http2.createServer({ settings: 5 }));
  await t.attempt('bad authority', () => http2.connect('nonsense'));
  await t.attempt('no server', () => once(http2.connect('http://127.0.0.1:1'), 'connect'));
  await new Promise((resolve) => both.close(resolve));
};

exports.crashes = {
  'a handler throws': async (t) => {
    const server = http2.createServer(() => {
      throw new Error('from a handler');
    });
    http2.connect(`http://127.0.0.1:${await t.listen(server)}`).request({ ':path': '/' });
  },
};
