'use strict';
// The undici package: request, stream, pipeline, pools, mock agents, interceptors, errors.
const http = require('node:http');
const { Readable, Writable } = require('node:stream');
const { pipeline } = require('node:stream/promises');
const undici = require('undici');

exports.modules = ['undici'];
exports.depth = 3;
exports.run = async (t) => {
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      t.note(`${request.url}: server saw`, [request.method, t.rawHeaders(request.rawHeaders), body]);
      if (request.url === '/never') return server.emit('never');
      if (request.url === '/destroy') return request.socket.destroy();
      response.writeHead(request.url === '/500' ? 500 : 200, { 'x-a': ['1', '2'] });
      response.end(`answer ${request.url}`);
    });
  });
  const origin = `http://127.0.0.1:${await t.listen(server)}`;
  const read = async ({ statusCode, headers, trailers, body, opaque }) => ({
    statusCode,
    headers: t.headers(headers),
    trailers,
    opaque,
    text: await body.text(),
  });
  const client = new undici.Client(origin);
  const pool = new undici.Pool(origin, { connections: 1 });
  for (const [name, dispatcher] of Object.entries({ client, pool })) {
    t.note(name, [dispatcher instanceof undici.Dispatcher, dispatcher.eventNames(), Object.keys(dispatcher)]);
    await t.attempt(`${name}: get`, () =>
      dispatcher.request({ path: '/a', method: 'GET', opaque: { mine: 1 } }).then(read),
    );
    await t.attempt(`${name}: headers as a list`, () =>
      dispatcher.request({ path: '/b', method: 'GET', headers: ['x-mine', '1', 'x-mine', '2'] }).then(read),
    );
    await t.attempt(`${name}: post`, () =>
      dispatcher.request({ path: '/c', method: 'POST', body: Readable.from(['x', 'y']) }).then(read),
    );
    await t.callback(`${name}: callback`, (done) =>
      dispatcher.request({ path: '/d', method: 'GET' }, (error, data) =>
        error ? done(error) : read(data).then((seen) => done(null, seen)),
      ),
    );
  }
  await t.attempt('request', () => undici.request(`${origin}/500`, { throwOnError: false }).then(read));
  await t.attempt('fetch', async () => {
    const response = await undici.fetch(`${origin}/fetched`);
    return [response.status, await response.text(), response instanceof undici.Response];
  });
  await t.attempt('stream', async () => {
    let text = '';
    const sink = new Writable({
      write(part, _encoding, done) {
        text += part;
        done();
      },
    });
    const { opaque } = await client.stream({ path: '/stream', method: 'GET', opaque: 'mine' }, () => sink);
    return [text, opaque];
  });
  await t.attempt('pipeline', async () => {
    const parts = [];
    await pipeline(
      Readable.from(['piped']),
      client.pipeline({ path: '/pipeline', method: 'PUT' }, ({ statusCode, body }) => {
        parts.push(statusCode);
        return body;
      }),
      async (source) => {
        for await (const part of source) parts.push(String(part));
      },
    );
    return parts;
  });
  const dispatched = [];
  await new Promise((resolve) => {
    const handler = {};
    for (const name of [
      'onConnect',
      'onHeaders',
      'onData',
      'onComplete',
      'onError',
      'onBodySent',
      'onResponseStarted',
    ]) {
      handler[name] = (...parameters) => {
        dispatched.push([name, parameters.length]);
        if (name === 'onComplete' || name === 'onError') resolve();
        return true;
      };
    }
    t.note('dispatch: return value', client.dispatch({ path: '/dispatched', method: 'GET' }, handler));
  });
  t.note('dispatch', dispatched);
  const composed = client.compose(
    (dispatch) => (options, handler) => dispatch({ ...options, headers: { 'x-composed': '1' } }, handler),
  );
  await t.attempt('interceptor', () => composed.request({ path: '/composed', method: 'GET' }).then(read));
  await t.attempt('bad path', () => client.request({ path: 'a b', method: 'GET' }));
  await t.attempt('bad header', () => client.request({ path: '/', method: 'GET', headers: { 'x\n': '1' } }));
  await t.attempt('bad method', () => client.request({ path: '/', method: 'A B' }));
  await t.attempt('refused', () => undici.request('http://127.0.0.1:1/'));
  await t.attempt('destroyed', () => undici.request(`${origin}/destroy`, { method: 'POST' }));
  const abort = new AbortController();
  server.once('never', () => abort.abort(new Error('reason')));
  await t.attempt('aborted', () => undici.request(`${origin}/never`, { signal: abort.signal }));
  await t.attempt('timeout', () => undici.request(`${origin}/never`, { headersTimeout: 100 }));
  const mock = new undici.MockAgent();
  mock.disableNetConnect();
  mock
    .get('http://mocked')
    .intercept({ path: '/m' })
    .reply(200, { mocked: true }, { headers: { 'x-m': '1' } });
  await t.attempt('mocked', () => undici.request('http://mocked/m', { dispatcher: mock }).then(read));
  await t.attempt('mocked, unmatched', () => undici.request('http://mocked/other', { dispatcher: mock }));
  await Promise.all([client.close(), pool.close(), undici.getGlobalDispatcher().close(), mock.close()]);
  await t.attempt('closed', () => client.request({ path: '/', method: 'GET' }));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {
  'a callback throws': () =>
    void new undici.Client('http://127.0.0.1:1').request({ path: '/', method: 'GET' }, (error) => {
      throw error;
    }),
};
