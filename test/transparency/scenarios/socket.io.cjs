'use strict';
// socket.io: namespaces, rooms, acknowledgements, middleware, disconnections, over WebSockets and polling.
const http = require('node:http');
const { once } = require('node:events');
const { Server } = require('socket.io');
const { io } = require('socket.io-client');

exports.modules = ['socket.io'];
exports.depth = 3;
exports.run = async (t) => {
  for (const transport of ['websocket', 'polling']) {
    const server = http.createServer();
    const sockets = new Server(server);
    const seen = [];
    sockets.use((socket, next) => {
      seen.push(['middleware', socket.nsp.name]);
      next(socket.handshake.auth.denied ? Object.assign(new Error('denied'), { data: { mine: 1 } }) : undefined);
    });
    sockets.on('connection', (socket) => {
      seen.push(['connection', socket.eventNames().length, [...socket.rooms].length]);
      function onHello(...parameters) {
        const done = parameters.pop();
        seen.push(['hello', parameters]);
        done('answer', parameters.length);
      }
      t.note(`${transport}: on returns`, socket.on('hello', onHello) === socket);
      socket.on('room', (name) => {
        socket.join(name);
        sockets.to(name).emit('in room', name);
      });
      socket.on('bye', () => socket.disconnect());
      socket.on('disconnect', (reason) => seen.push(['disconnect', reason]));
      socket.onAny((name) => seen.push(['any', name]));
      t.note(`${transport}: listeners`, [
        socket.listenerCount('hello'),
        socket.listeners('hello')[0] === onHello,
        socket.listeners('hello')[0].name,
      ]);
      const once = () => undefined;
      socket.on('off', once);
      socket.off('off', once);
      t.note(`${transport}: removed`, socket.listenerCount('off'));
    });
    const admin = sockets.of('/admin');
    admin.on('connection', (socket) => socket.emit('welcome', { binary: Buffer.from('b') }));
    const url = `http://127.0.0.1:${await t.listen(server)}`;
    const client = io(url, { transports: [transport], reconnection: false, forceNew: true });
    await once(client, 'connect');
    t.note(
      `${transport}: acknowledged`,
      await client
        .timeout(5000)
        .emitWithAck('hello', 1, { a: [1, 2] })
        .catch((error) => error),
    );
    const inRoom = once(client, 'in room');
    client.emit('room', 'r');
    t.note(`${transport}: room`, await inRoom);
    const second = io(`${url}/admin`, { transports: [transport], reconnection: false, forceNew: true });
    t.note(`${transport}: namespace`, await once(second, 'welcome'));
    const denied = io(url, { transports: [transport], reconnection: false, forceNew: true, auth: { denied: true } });
    const [error] = await new Promise((resolve) => denied.on('connect_error', (...given) => resolve(given)));
    t.note(`${transport}: denied`, [error.message, error.data]);
    t.note(`${transport}: emit returns`, [sockets.emit('all'), admin.emit('x'), sockets.to('r').emit('y')]);
    await t.attempt(`${transport}: a reserved event`, () => sockets.emit('connection'));
    const gone = once(client, 'disconnect');
    client.emit('bye');
    t.note(`${transport}: gone`, (await gone)[0]);
    second.close();
    denied.close();
    await sockets.close();
    t.note(`${transport}: server saw`, seen);
  }
};

exports.crashes = {
  'a listener throws': async (t) => {
    const server = http.createServer();
    new Server(server).on('connection', (socket) =>
      socket.on('x', () => {
        throw new Error('from a listener');
      }),
    );
    const client = io(`http://127.0.0.1:${await t.listen(server)}`, { transports: ['websocket'] });
    client.on('connect', () => client.emit('x'));
  },
};
