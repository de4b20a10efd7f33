// Takes orders: prices and stock from catalog (gRPC), the money from payments (fetch), then a job for the worker.
import Fastify from 'fastify';
import pg from 'pg';
import { createCatalogClient } from './catalog-client.js';
import { createRepository } from './repository.js';
import { registerRoutes } from './routes.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 4 });
pool.on('error', (error) => console.error(`idle database connection lost: ${error.message}`));
const catalog = createCatalogClient(process.env.CATALOG_ADDRESS);

const app = Fastify();
registerRoutes(app, {
  catalog,
  repository: createRepository(pool),
  paymentsUrl: process.env.PAYMENTS_URL,
  workerUrl: process.env.WORKER_URL,
});

const address = await app.listen({ host: process.env.HOST ?? '127.0.0.1', port: Number(process.env.PORT ?? 0) });
console.log(`orders listening on ${address}`);

process.once('SIGTERM', async () => {
  await app.close();
  catalog.close();
  await pool.end();
});
