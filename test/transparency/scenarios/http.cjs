'use strict';
// Servers and clients of http: every way to make a request, every way it can end, and what both sides see of it.
const http = require('node:http');
const { EventEmitter, once } = require('node:events');

const CLIENT_EVENTS = [
  'socket',
  'finish',
  'response',
  'information',
  'continue',
  'upgrade',
  'connect',
  'abort',
  'error',
  'timeout',
  'close',
];

function pick(name, value) {
  if (name === 'error') return value;
  return name === 'response' ? value.statusCode : undefined;
}

function handle(t, request, response) {
  const seen = t.events('server', request, ['end', 'close', 'aborted', 'error'], (name, error) =>
    name === 'error' ? error.code : undefined,
  );
  const sent = t.events('server', response, ['finish', 'close', 'pipe', 'error']);
  const path = request.url.split('?')[0];
  response.once('close', () => {
    t.note(`${path}: server saw`, {
      request: [
        request.method,
        request.url,
        request.httpVersion,
        t.rawHeaders(request.rawHeaders),
        t.headers(request.headers),
      ],
      events: [seen.seen, sent.seen],
      listeners: [
        request.eventNames(),
        response.eventNames(),
        request.listenerCount('end'),
        response.listenerCount('close'),
      ],
      state: [request.complete, request.aborted, response.writableFinished, response.headersSent, response.statusCode],
      keys: [Object.keys(request), Object.keys(response)],
    });
    response.done?.();
  });
  switch (path) {
    case '/echo':
      response.writeHead(201, 'Made', { 'X-Answer': ['a', 'b'], Trailer: 'X-Late' });
      request.on('data', (part) => response.write(part));
      request.on('end', () => {
        response.addTrailers({ 'X-Late': '1' });
        response.end();
      });
      return;
    case '/hints':
      response.writeEarlyHints({ link: '</a.css>; rel=preload' });
      response.writeProcessing();
      response.end('hinted');
      return;
    case '/half':
      response.writeHead(200, { 'Content-Length': 100 });
      response.write('half');
      setImmediate(() => request.socket.destroy());
      return;
    case '/destroy':
      request.destroy();
      return;
    case '/never':
      request.resume();
      return;
    case '/twice':
      request.resume();
      response.end('once');
      t.note(
        '/twice: write after end',
        response.write('more', (error) => t.note('/twice: error', error)),
      );
      response.on('error', () => undefined);
      return;
    case '/misuse':
      for (const run of [
        () => response.setHeader('bad name', '1'),
        () => response.setHeader('x', undefined),
        () => response.setHeader('x', 'a\nb'),
        () => response.writeHead(99),
        () => response.end(5),
      ]) {
        try {
          run();
        } catch (error) {
          t.note('/misuse: thrown', error);
        }
      }
      request.resume();
      response.end('still here');
      return;
    default:
      request.resume();
      response.end('ok');
  }
}

async function call(t, label, make, after = (request) => request.end()) {
  let request;
  try {
    request = make();
  } catch (error) {
    t.note(`${label}: thrown`, error);
    return;
  }
  const seen = t.events(label, request, CLIENT_EVENTS, pick);
  t.note(`${label}: request`, [
    request.method,
    request.path,
    request.host,
    t.headers(request.getHeaders()),
    request.eventNames(),
    Object.keys(request),
  ]);
  let body = '';
  let response;
  request.on('response', (incoming) => {
    response = incoming;
    incoming.setEncoding('utf8').on('data', (part) => {
      body += part;
    });
    incoming.on('error', (error) => seen.seen.push(['response error', error]));
    incoming.on('end', () => seen.seen.push(['response end']));
  });
  request.on('upgrade', (_response, socket) => socket.destroy());
  await Promise.resolve(after(request));
  if (!request.closed) await new Promise((resolve) => request.once('close', resolve));
  await new Promise(setImmediate);
  t.note(`${label}: client saw`, {
    events: seen.seen,
    body,
    response: response && [
      response.statusCode,
      response.statusMessage,
      t.rawHeaders(response.rawHeaders),
      response.trailers,
      response.complete,
    ],
    state: [request.destroyed, request.aborted, request.writableFinished, request.reusedSocket],
  });
}

exports.modules = ['node:http'];
exports.run = async (t) => {
  const server = http.createServer();
  // Each request is noted when its response has closed, before the client goes on.
  let served = Promise.resolve();
  server.on('request', (request, response) => {
    served = new Promise((resolve) => {
      response.done = resolve;
    });
    handle(t, request, response);
  });
  server.on('upgrade', (_request, socket) =>
    socket.end('HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'),
  );
  server.on('checkContinue', (request, response) => {
    response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('clientError', (error, socket) => {
    t.note('client error', [error.code, error.message]);
    socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
  });
  const port = await t.listen(server);
  const at = { host: '127.0.0.1', port, agent: false };
  const base = `http://127.0.0.1:${port}`;
  t.note('server', [server.eventNames(), server.listenerCount('request'), Object.keys(server)]);

  const calls = {
    'url text': () => http.request(`${base}/plain?a=b`, { agent: false }),
    'url object': () => http.request(new URL(`${base}/plain`), { agent: false }),
    options: () => http.request({ ...at, path: '/plain', headers: { 'X-Asked': 'me' } }),
    get: () => http.get({ ...at, path: '/plain' }),
    head: () => http.request({ ...at, method: 'HEAD', path: '/plain' }),
    'array of headers': () => http.request({ ...at, path: '/plain', headers: ['Host', 'x', 'X-A', '1', 'X-A', '2'] }),
    frozen: () => http.request(Object.freeze({ ...at, path: '/plain', headers: Object.freeze({ a: '1' }) })),
    hints: () => http.request({ ...at, path: '/hints' }),
    twice: () => http.request({ ...at, path: '/twice' }),
    misuse: () => http.request({ ...at, path: '/misuse' }),
    half: () => http.request({ ...at, path: '/half' }),
    destroy: () => http.request({ ...at, path: '/destroy' }),
    upgrade: () => http.request({ ...at, path: '/up', headers: { Connection: 'Upgrade', Upgrade: 'x' } }),
    refused: () => http.request({ ...at, port: 1 }),
    'bad url': () => http.request('http://['),
    'bad protocol': () => http.request('ftp://127.0.0.1/'),
    'bad path': () => http.request({ ...at, path: '/a b' }),
    'bad header': () => http.request({ ...at, headers: { 'x y': '1' } }),
    'bad array of headers': () => http.request({ ...at, headers: ['x y', '1'] }),
    'bad header that expects': () => http.request({ ...at, headers: { Expect: '100-continue', 'x y': '1' } }),
    'bad method': () => http.request({ ...at, method: 'A B' }),
    'bad options': () => http.request(null),
    'bad host': () => http.request({ host: 5 }),
  };
  for (const [label, make] of Object.entries(calls)) {
    served = Promise.resolve();
    await call(t, label, make);
    await served;
  }
  for (const method of ['POST', 'PUT', 'DELETE']) {
    await call(
      t,
      method,
      () => http.request({ ...at, method, path: '/echo', headers: { 'Content-Type': 'text/plain' } }),
      (request) => {
        request.write('first ');
        request.end(Buffer.from('second'));
      },
    );
    await served;
  }
  await call(
    t,
    'expect',
    () => http.request({ ...at, method: 'PUT', path: '/echo', headers: { Expect: '100-continue' } }),
    (request) => {
      request.on('continue', () => request.end('continued'));
      request.flushHeaders();
    },
  );
  await served;
  for (const [label, end] of Object.entries({
    'destroyed by the client': (request) =>
      request.on('socket', (socket) => socket.on('connect', () => request.destroy(new Error('mine')))),
    timeout: (request) => request.setTimeout(50, () => request.destroy()),
  })) {
    await call(
      t,
      label,
      () => http.request({ ...at, path: '/never' }),
      (request) => end(request).end(),
    );
    await served;
  }
  const abort = new AbortController();
  await call(
    t,
    'aborted by a signal',
    () => http.request({ ...at, path: '/never', signal: abort.signal }),
    (request) => {
      request.end();
      server.once('request', () => abort.abort(new Error('reason')));
    },
  );
  await served;
  await t.attempt('a signal that is aborted already', () =>
    once(http.get({ ...at, signal: AbortSignal.abort() }), 'response'),
  );

  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (const label of ['kept alive, first', 'kept alive, second']) {
    await call(t, label, () => http.get({ ...at, agent, path: '/plain' }));
    await served;
  }
  t.note('agent', [Object.keys(agent.sockets).length, agent.totalSocketCount, agent.eventNames()]);
  agent.destroy();

  const raw = require('node:net').connect(port, '127.0.0.1');
  raw.write('NONSENSE\r\n\r\n');
  let answer = '';
  raw.on('data', (part) => {
    answer += part;
  });
  await once(raw, 'close');
  t.note('nonsense', answer);

  class Custom extends http.Server {}
  class CustomRequest extends http.IncomingMessage {
    get mine() {
      return 'mine';
    }
  }
  const custom = new Custom({ IncomingMessage: CustomRequest }, (request, response) => response.end(request.mine));
  const customPort = await t.listen(custom);
  await call(t, 'subclasses', () => http.get({ ...at, port: customPort }));
  t.note('instances', [
    custom instanceof http.Server,
    custom instanceof EventEmitter,
    new http.ServerResponse({ method: 'GET' }) instanceof http.OutgoingMessage,
  ]);
  const closed = [once(server, 'close'), once(custom, 'close')];
  server.close();
  custom.close();
  await Promise.all(closed);
  t.note('called as functions', [
    typeof http.Server,
    http.Server.call(Object.create(http.Server.prototype)) === undefined,
  ]);
};

const serve = async (t, handler) => {
  const server = http.createServer(handler);
  http.get({ port: await t.listen(server), host: '127.0.0.1', agent: false }).on('error', () => undefined);
};

exports.crashes = {
  'a handler throws': (t) =>
    serve(t, () => {
      throw new TypeError('from a handler');
    }),
  'a handler rejects': (t) =>
    serve(t, async () => Promise.reject(Object.assign(new Error('rejected'), { code: 'E_MINE' }))),
  'a handler throws no error': (t) =>
    serve(t, () => {
      throw 'text';
    }),
  'a response listener throws': async (t) => {
    const server = http.createServer((_request, response) => response.end('ok'));
    http.get({ port: await t.listen(server), host: '127.0.0.1', agent: false }, () => {
      throw new RangeError('from a response listener');
    });
  },
  'an unhandled error of a request': () => void http.get({ host: '127.0.0.1', port: 1, agent: false }),
  'process.exit in a handler': (t) => serve(t, () => process.exit(3)),
  'a listener that is no function': () => void http.createServer().on('request', 5),
  'a bad option': () => void http.createServer({ requestTimeout: 'x' }),
};
