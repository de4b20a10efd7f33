'use strict';
// A gRPC service in the middle of a chain: each unary call that it serves makes one unary call to the peer.
const grpc = require('@grpc/grpc-js');

const identity = (bytes) => bytes;
const service = {
  say: {
    path: '/bench.Hello/Say',
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  },
};

exports.start = (stubs) => {
  const Client = grpc.makeGenericClientConstructor(service, 'bench.Hello');
  const client = new Client(`127.0.0.1:${stubs.grpc}`, grpc.credentials.createInsecure());
  const server = new grpc.Server();
  server.addService(service, { say: (call, callback) => client.say(call.request, callback) });
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, port) => {
      if (error) return reject(error);
      resolve({
        port,
        close() {
          server.forceShutdown();
          client.close();
        },
      });
    });
  });
};
