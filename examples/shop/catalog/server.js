// What the shop sells, over gRPC, from PostgreSQL.
const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');
const { Pool } = require('pg');
const { createHandlers } = require('./handlers.js');
const { createRepository } = require('./repository.js');

const PROTO_FILE = path.join(__dirname, '../proto/catalog.proto');
const { shop } = grpc.loadPackageDefinition(protoLoader.loadSync(PROTO_FILE, { defaults: true }));

const pool = new Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
pool.on('error', (error) => console.error(`idle database connection lost: ${error.message}`));

const server = new grpc.Server();
server.addService(shop.Catalog.service, createHandlers(createRepository(pool)));
server.bindAsync(
  `${process.env.HOST ?? '127.0.0.1'}:${process.env.PORT ?? 0}`,
  grpc.ServerCredentials.createInsecure(),
  (error, port) => {
    if (error) throw error;
    console.log(`catalog listening on 127.0.0.1:${port}`);
  },
);

process.once('SIGTERM', () => {
  server.tryShutdown(() => pool.end());
});
