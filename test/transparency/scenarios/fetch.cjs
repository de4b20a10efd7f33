'use strict';
// The global fetch: values, errors, aborts, streams, and the classes around it.
const http = require('node:http');

const withoutBoundary = (text) => text.replace(/formdata-undici-\d+/g, '<boundary>');

exports.modules = [];
exports.run = async (t) => {
  for (const name of ['fetch', 'Request', 'Response', 'Headers', 'FormData']) t.surface(name, globalThis[name]);
  t.note('global', Object.getOwnPropertyDescriptor(globalThis, 'fetch'));
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (part) => {
      body += part;
    });
    request.on('error', () => undefined);
    request.on('end', () => {
      t.note(`${request.url}: server saw`, [
        request.method,
        t.rawHeaders(request.rawHeaders).map(withoutBoundary),
        withoutBoundary(body),
      ]);
      if (request.url === '/redirect') response.writeHead(302, { location: '/ok' });
      if (request.url === '/loop') response.writeHead(302, { location: '/loop' });
      if (request.url === '/500') response.statusCode = 500;
      if (request.url === '/half') {
        response.writeHead(200, { 'content-length': 10 });
        response.write('half');
        return setImmediate(() => request.socket.destroy());
      }
      if (request.url === '/never') return server.emit('never');
      if (!response.headersSent) response.setHeader('content-type', 'application/json');
      response.end(request.method === 'HEAD' ? undefined : JSON.stringify({ url: request.url }));
    });
  });
  const base = `http://127.0.0.1:${await t.listen(server)}`;
  const read = async (response) => ({
    status: [response.status, response.statusText, response.ok, response.redirected, response.type, response.url],
    headers: t.headers(Object.fromEntries(response.headers)),
    text: await response.text(),
    used: response.bodyUsed,
    isResponse: response instanceof Response,
  });
  const get = (label, ...parameters) => t.attempt(label, () => fetch(...parameters).then(read));
  await get('text', `${base}/ok`);
  await get('URL', new URL(`${base}/ok?a=1`));
  await get('Request', new Request(`${base}/ok`, { headers: { 'x-mine': '1' } }));
  await get('headers object', `${base}/ok`, {
    headers: new Headers([
      ['x-a', '1'],
      ['x-a', '2'],
    ]),
  });
  await get('frozen options', `${base}/ok`, Object.freeze({ headers: Object.freeze({ 'x-a': '1' }) }));
  for (const method of ['POST', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'PATCH']) {
    await get(method, `${base}/ok`, { method, ...(['POST', 'PUT', 'PATCH'].includes(method) ? { body: 'text' } : {}) });
  }
  const form = new FormData();
  form.set('a', 'b');
  await get('form', `${base}/ok`, { method: 'POST', body: form });
  await get('search parameters', `${base}/ok`, { method: 'POST', body: new URLSearchParams({ a: 'b c' }) });
  await get('stream', `${base}/ok`, { method: 'POST', duplex: 'half', body: new Blob(['blob']).stream() });
  for (const path of ['/redirect', '/loop', '/500', '/half']) await get(path, `${base}${path}`);
  await get('manual redirect', `${base}/redirect`, { redirect: 'error' });
  await get('refused', `http://127.0.0.1:${t.closedPort()}/`);
  await get('a port that is not allowed', 'http://127.0.0.1:1/');
  await get('bad url', 'nonsense');
  await get('bad scheme', 'ftp://127.0.0.1/');
  await get('bad method', base, { method: 'CONNECT' });
  await get('body with get', base, { body: 'x' });
  await get('data url', 'data:text/plain,hello');
  await get('aborted before', base, { signal: AbortSignal.abort() });
  const abort = new AbortController();
  server.once('never', () => abort.abort(new Error('reason')));
  await get('aborted', `${base}/never`, { signal: abort.signal });
  await get('timeout', `${base}/never`, { signal: AbortSignal.timeout(100) });
  await t.attempt('no arguments', () => fetch());
  await t.attempt('many at once', async () => {
    const responses = await Promise.all(Array.from({ length: 5 }, () => fetch(`${base}/ok`)));
    return Promise.all(responses.map((response) => response.json()));
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {
  'an unhandled rejection': async (t) => void fetch(`http://127.0.0.1:${t.closedPort()}/`),
};
