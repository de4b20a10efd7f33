'use strict';
// @grpc/grpc-js: the four kinds of call, metadata, deadlines, cancellation, interceptors, errors on both sides.
const grpc = require('@grpc/grpc-js');

const text = (value) => Buffer.from(value);
const path = (name) => `/transparency.Service/${name}`;
const method = (name, requestStream, responseStream) => ({
  path: path(name),
  requestStream,
  responseStream,
  requestSerialize: text,
  requestDeserialize: String,
  responseSerialize: text,
  responseDeserialize: String,
});
const definition = {
  unary: method('Unary', false, false),
  upload: method('Upload', true, false),
  download: method('Download', false, true),
  chat: method('Chat', true, true),
};

const plainMetadata = (t, metadata) => t.headers(metadata.getMap());
/** Says how long each step took, and which took any time. */
const withoutTimes = (text) => String(text).replace(/exceeded after .*/, 'exceeded after <time>');

const failure = (t, error) =>
  error && [
    error.constructor.name,
    error.code,
    withoutTimes(error.details),
    withoutTimes(error.message),
    error.metadata && plainMetadata(t, error.metadata),
    withoutTimes(String(error.stack).split('\n')[0]),
  ];

function handlers(t) {
  return {
    unary(call, callback) {
      t.note(`unary ${call.request}: server saw`, [
        plainMetadata(t, call.metadata),
        call.constructor.name,
        call.cancelled,
        call.eventNames(),
        call.getPath(),
      ]);
      call.sendMetadata(Object.assign(new grpc.Metadata()));
      if (call.request === 'fail') return callback({ code: grpc.status.NOT_FOUND, details: 'nothing here' });
      if (call.request === 'error') return callback(new Error('plain error'));
      if (call.request === 'throw') throw new Error('thrown');
      if (call.request === 'never') return call.on('cancelled', () => t.ended(call.cancelled));
      const trailers = new grpc.Metadata();
      trailers.set('x-late', '1');
      callback(null, `answer ${call.request}`, trailers);
    },
    upload(call, callback) {
      const parts = [];
      call.on('data', (part) => parts.push(part));
      call.on('end', () => callback(null, parts.join()));
    },
    download(call) {
      call.write('one');
      call.write('two');
      if (call.request === 'fail') call.emit('error', { code: grpc.status.ABORTED, details: 'broke off' });
      else call.end();
    },
    chat(call) {
      call.on('data', (part) => call.write(`echo ${part}`));
      call.on('end', () => call.end());
    },
  };
}

function collect(t, label, stream) {
  return new Promise((resolve) => {
    const seen = t.events(label, stream, ['metadata', 'data', 'end', 'status', 'error', 'close'], (name, value) => {
      if (name === 'metadata') return plainMetadata(t, value);
      if (name === 'status') return [value.code, value.details];
      return name === 'error' ? failure(t, value) : value;
    });
    stream.on('status', () => setImmediate(() => resolve(t.note(label, [seen.seen, stream.constructor.name]))));
  });
}

exports.modules = ['@grpc/grpc-js'];
exports.depth = 3;
exports.run = async (t) => {
  const server = new grpc.Server();
  server.addService(definition, handlers(t));
  t.note('server', [Object.keys(server).length, server.constructor.name]);
  const port = await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  t.mask(port, '<port>');
  const Client = grpc.makeGenericClientConstructor(definition, 'Service');
  const client = new Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  t.note('client', [
    Client.name,
    client instanceof grpc.Client,
    client.unary.length,
    client.unary.path,
    Object.keys(Object.getPrototypeOf(client)),
  ]);
  const unary = (label, request, ...more) =>
    new Promise((resolve) => {
      const call = client.unary(request, ...more, (error, value) => {
        outcome.push(failure(t, error), value);
      });
      const outcome = [];
      const seen = t.events(label, call, ['metadata', 'status'], (name, value) =>
        name === 'status'
          ? [value.code, withoutTimes(value.details), plainMetadata(t, value.metadata)]
          : plainMetadata(t, value),
      );
      call.on('status', () =>
        setImmediate(() => resolve(t.note(label, [outcome, seen.seen, call.constructor.name, call.eventNames()]))),
      );
      if (label === 'cancelled') call.on('metadata', () => call.cancel());
    });
  const metadata = new grpc.Metadata();
  metadata.set('x-mine', '1');
  metadata.add('x-mine', '2');
  metadata.set('x-bin', Buffer.from([1, 2]));
  for (const request of ['plain', 'fail', 'error', 'throw']) await unary(request, request);
  await unary('metadata', 'metadata', metadata);
  t.note('metadata afterwards', metadata.toJSON());
  await unary('options', 'options', metadata, { deadline: Date.now() + 60_000 });
  // The server hears of it before or after the client does.
  for (const [label, options] of [
    ['deadline', { deadline: Date.now() + 200 }],
    ['cancelled', {}],
  ]) {
    const ended = new Promise((resolve) => {
      t.ended = resolve;
    });
    await unary(label, 'never', options);
    t.note(`${label}: call.cancelled on the server`, await ended);
  }
  const interceptor = (options, nextCall) =>
    new grpc.InterceptingCall(nextCall(options), {
      start(given, listener, next) {
        t.note('interceptor', [options.method_definition.path, plainMetadata(t, given)]);
        given.set('x-intercepted', '1');
        next(given, listener);
      },
    });
  await unary('intercepted', 'intercepted', new grpc.Metadata(), { interceptors: [interceptor] });
  const uploaded = new Promise((resolve) => {
    const call = client.upload((error, value) => resolve([failure(t, error), value]));
    call.write('a');
    call.write('b');
    call.end();
  });
  t.note('upload', await uploaded);
  await collect(t, 'download', client.download('plain'));
  await collect(t, 'download, error', client.download('fail'));
  const chat = client.chat();
  const chatted = collect(t, 'chat', chat);
  chat.write('hello');
  chat.write('again');
  chat.end();
  await chatted;
  const other = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  await new Promise((resolve) =>
    other.makeUnaryRequest(path('Nothing'), text, String, 'x', (error) =>
      resolve(t.note('unknown method', failure(t, error))),
    ),
  );
  await t.attempt('no callback', () => client.unary('x'));
  await t.attempt('bad arguments', () => client.makeUnaryRequest(path('Unary'), text, String));
  client.close();
  other.close();
  await t.attempt('after close', () => client.unary('x', () => undefined));
  const lost = new Client('127.0.0.1:1', grpc.credentials.createInsecure());
  await new Promise((resolve) =>
    lost.unary('x', (error) => resolve(t.note('refused', [error.code, error.constructor.name]))),
  );
  lost.close();
  await t.attempt('a handler that is missing', () => new grpc.Server().addService(definition, {}));
  await new Promise((resolve) => server.tryShutdown(resolve));
};

exports.crashes = {
  'a callback throws': () => {
    const Client = grpc.makeGenericClientConstructor(definition, 'Service');
    new Client('127.0.0.1:1', grpc.credentials.createInsecure()).unary('x', () => {
      throw new Error('from a callback');
    });
  },
};
