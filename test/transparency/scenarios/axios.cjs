'use strict';
// axios on node's http adapter and on fetch: interceptors, transforms, redirects, errors.
const http = require('node:http');
const axios = require('axios');

exports.modules = ['axios'];
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
      if (request.url === '/redirect') response.writeHead(301, { location: '/json' });
      else
        response.writeHead(Number(/\/status\/(\d+)/.exec(request.url)?.[1] ?? 200), {
          'content-type': 'application/json',
        });
      response.end(JSON.stringify({ url: request.url }));
    });
  });
  const baseURL = `http://127.0.0.1:${await t.listen(server)}`;
  const plain = ({ status, statusText, headers, data, config, request }) => ({
    status,
    statusText,
    headers: t.headers({ ...headers }),
    data,
    config: [config.method, config.url, t.headers({ ...config.headers }), Object.keys(config)],
    request: request?.constructor.name,
  });
  const error = (failure) => {
    t.note('axios error', [
      axios.isAxiosError(failure),
      axios.isCancel(failure),
      failure.name,
      failure.code,
      failure.message,
      failure.status,
      failure.response && plain(failure.response),
      Object.keys(failure),
    ]);
  };
  for (const adapter of ['http', 'fetch']) {
    const client = axios.create({ baseURL, adapter, proxy: false });
    const order = [];
    client.interceptors.request.use((config) => {
      order.push('request');
      return config;
    });
    client.interceptors.response.use((response) => {
      order.push('response');
      return response;
    });
    const call = (label, options) => t.attempt(`${adapter}: ${label}`, () => client(options).then(plain, error));
    await call('get', { url: '/json', params: { a: [1, 2] } });
    await call('post', { url: '/json', method: 'post', data: { a: 1 }, headers: { 'X-Mine': '1' } });
    await call('redirect', { url: '/redirect' });
    await call('404', { url: '/status/404' });
    await call('500', { url: '/status/500' });
    await call('transform', { url: '/json', transformResponse: [(text) => `transformed ${text}`] });
    await call('refused', { baseURL: 'http://127.0.0.1:1', url: '/' });
    // Long enough for the server to see the request on any machine: what it notes comes before the error.
    await call('timeout', { url: '/never', timeout: 1000 });
    const abort = new AbortController();
    server.once('never', () => abort.abort());
    await call('aborted', { url: '/never', signal: abort.signal });
    await call('too large', { url: '/json', maxContentLength: 1 });
    t.note(`${adapter}: order`, order);
  }
  await t.attempt('stream', async () => {
    const { data } = await axios.get(`${baseURL}/stream`, { responseType: 'stream', proxy: false });
    const parts = [];
    for await (const part of data) parts.push(String(part));
    return [data.constructor.name, parts.join('')];
  });
  await t.attempt('bad url', () => axios.get('http://[', { proxy: false }));
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {
  // The error of axios itself shows the whole socket, and with it the header that propagation adds.
  'an unhandled rejection': async () => {
    await axios.get('http://127.0.0.1:1/', { proxy: false }).catch(({ cause }) => {
      throw cause;
    });
  },
};
