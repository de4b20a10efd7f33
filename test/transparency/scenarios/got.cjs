'use strict';
// got, an ES module: hooks, retries, streams, pagination, errors.
const http = require('node:http');

exports.modules = [];
exports.esmModules = ['got'];
exports.run = async (t) => {
  const { default: got, ...names } = await import('got');
  t.surface('got', got, 2);
  let failures = 0;
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
      if (request.url === '/redirect') response.writeHead(302, { location: '/json' });
      else if (request.url === '/flaky' && failures++ < 1) response.writeHead(503);
      else
        response.writeHead(Number(/\/status\/(\d+)/.exec(request.url)?.[1] ?? 200), {
          'content-type': 'application/json',
        });
      response.end(JSON.stringify({ url: request.url }));
    });
  });
  const prefixUrl = `http://127.0.0.1:${await t.listen(server)}`;
  const client = got.extend({ prefixUrl, retry: { limit: 0 } });
  const plain = ({
    statusCode,
    statusMessage,
    headers,
    body,
    url,
    redirectUrls,
    retryCount,
    isFromCache,
    timings,
  }) => ({
    statusCode,
    statusMessage,
    headers: t.headers(headers),
    body,
    url,
    redirectUrls,
    retryCount,
    isFromCache,
    timings: Object.keys(timings),
  });
  const failure = (error) => {
    t.note('got error', [
      error.name,
      error.code,
      error.message,
      error instanceof names.RequestError,
      error instanceof names.HTTPError,
      error.response?.statusCode,
      String(error.stack).split('\n')[0],
    ]);
  };
  const call = (label, ...parameters) => t.attempt(label, () => client(...parameters).then(plain, failure));
  await call('get', 'json', { searchParams: { a: 1 } });
  await call('post', 'json', { method: 'POST', json: { a: 1 }, headers: { 'x-mine': '1' } });
  await call('redirect', 'redirect');
  await call('404', 'status/404');
  await call('no throw', 'status/500', { throwHttpErrors: false });
  await call('retry', 'flaky', {
    retry: { limit: 1, calculateDelay: ({ attemptCount }) => (attemptCount > 1 ? 0 : 1) },
  });
  await call('refused', '', { prefixUrl: 'http://127.0.0.1:1' });
  await call('destroyed', 'destroy');
  await call('timeout', 'never', { timeout: { response: 100 } });
  const abort = new AbortController();
  server.once('never', () => abort.abort());
  await call('aborted', 'never', { signal: abort.signal });
  const order = [];
  await call('hooks', 'json', {
    hooks: {
      init: [() => order.push('init')],
      beforeRequest: [(options) => order.push(['beforeRequest', options.method, t.headers(options.headers)])],
      afterResponse: [
        (response) => {
          order.push('afterResponse');
          return response;
        },
      ],
    },
  });
  t.note('order of hooks', order);
  await t.attempt('json', () => client('json').json());
  await t.attempt('stream', async () => {
    const stream = client.stream('json');
    const events = t.events('stream', stream, ['request', 'response', 'redirect', 'uploadProgress', 'end', 'close']);
    const parts = [];
    for await (const part of stream) parts.push(String(part));
    return [parts.join(''), events.seen.map(([name]) => name).filter((name) => name !== 'uploadProgress')];
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {
  // The error of got itself shows its timings.
  'an unhandled rejection': async () => {
    const { default: got } = await import('got');
    await got('http://127.0.0.1:1/', { retry: { limit: 0 } }).catch(({ code, message }) => {
      throw Object.assign(new Error(message), { code });
    });
  },
};
