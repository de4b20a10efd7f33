'use strict';
// WebSockets: upgrades, refusals, messages, pings, close codes, broken peers.
const http = require('node:http');
const { once } = require('node:events');
const WebSocket = require('ws');

exports.modules = ['ws'];
exports.run = async (t) => {
  const server = http.createServer((_request, response) => response.end('plain'));
  const sockets = new WebSocket.Server({ noServer: true });
  server.on('upgrade', (request, socket, head) => {
    t.note(`${request.url}: upgrade`, [
      t.headers({ ...request.headers, 'sec-websocket-key': '<key>' }),
      head.length,
      request.eventNames(),
    ]);
    if (request.url === '/refused') return void socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    if (request.url === '/broken') return void socket.destroy();
    sockets.handleUpgrade(request, socket, head, (accepted) => sockets.emit('connection', accepted, request));
  });
  sockets.on('connection', (socket, request) => {
    const seen = t.events('server', socket, ['message', 'ping', 'pong', 'close', 'error'], (name, value) =>
      name === 'message' ? String(value) : undefined,
    );
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    socket.on('close', (code, reason) => t.note(`${request.url}: server closed`, [code, String(reason), seen.seen]));
  });
  const port = await t.listen(server);
  const open = async (label, path, options) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, options);
    const seen = t.events(
      label,
      socket,
      ['upgrade', 'open', 'message', 'ping', 'pong', 'unexpected-response', 'error', 'close'],
      (name, value, second) => {
        if (name === 'error') return value;
        if (name === 'message') return String(value);
        if (name === 'unexpected-response') return second.statusCode;
        return name === 'close' ? value : undefined;
      },
    );
    if (label === 'refused')
      socket.on('unexpected-response', (_request, response) => response.socket.destroy() && socket.terminate());
    await Promise.race([once(socket, 'open'), once(socket, 'close')]).catch(() => undefined);
    t.note(`${label}: state`, [socket.readyState, socket.protocol, socket.extensions, socket.eventNames().length]);
    return { socket, seen };
  };
  const { socket, seen } = await open('echo', '/echo');
  for (const data of ['text', Buffer.from('binary'), 'x'.repeat(70_000)]) {
    const answer = once(socket, 'message');
    socket.send(data);
    const [message, isBinary] = await answer;
    t.note('echo: message', [message.length, isBinary]);
  }
  const pong = once(socket, 'pong');
  socket.ping('p');
  await pong;
  socket.close(4001, 'done');
  await once(socket, 'close');
  t.note(
    'echo: client saw',
    seen.seen.map(([name, value]) => [name, name === 'message' ? value.length : value]),
  );
  await t.attempt('send when closed', () => new Promise((resolve) => socket.send('late', resolve)));
  for (const label of ['refused', 'broken']) {
    const { socket: other, seen: events } = await open(label, `/${label}`);
    if (other.readyState !== WebSocket.CLOSED) await once(other, 'close');
    await new Promise(setImmediate);
    t.note(`${label}: client saw`, events.seen);
  }
  await t.attempt('bad url', () => new WebSocket('http:['));
  const own = new WebSocket.Server({ port: 0, host: '127.0.0.1', handleProtocols: () => 'mine' });
  await once(own, 'listening');
  t.mask(own.address().port, '<port>');
  own.on('connection', (accepted) => {
    const stream = WebSocket.createWebSocketStream(accepted);
    stream.pipe(stream);
  });
  const client = new WebSocket(`ws://127.0.0.1:${own.address().port}`, ['mine']);
  await once(client, 'open');
  const duplex = WebSocket.createWebSocketStream(client, { encoding: 'utf8' });
  duplex.write('streamed');
  t.note('stream', await once(duplex, 'data'));
  duplex.end();
  await once(client, 'close');
  own.close();
  await new Promise((resolve) => server.close(resolve));
};

exports.crashes = {
  'an unhandled error': () => void new WebSocket('ws://127.0.0.1:1'),
  'a listener throws': async (t) => {
    const server = new WebSocket.Server({ port: 0, host: '127.0.0.1' });
    await once(server, 'listening');
    server.on('connection', () => {
      throw new Error('from a listener');
    });
    new WebSocket(`ws://127.0.0.1:${t.mask(server.address().port, '<port>')}`).on('error', () => undefined);
  },
};
