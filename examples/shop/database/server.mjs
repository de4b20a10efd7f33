// A real PostgreSQL for a machine that has only Node: PGlite behind its socket server, in memory, in this process.
import { PGlite } from '@electric-sql/pglite';
import { PGLiteSocketServer } from '@electric-sql/pglite-socket';
import { keepRequestsWhole } from './keep-requests-whole.mjs';

const db = await PGlite.create();
const server = new PGLiteSocketServer({
  db: keepRequestsWhole(db),
  host: '127.0.0.1',
  port: Number(process.env.PORT ?? 0),
  maxConnections: 50,
});

server.addEventListener('listening', (event) => {
  console.log(`database listening on postgres://postgres@127.0.0.1:${event.detail.port}/postgres`);
});
await server.start();

process.once('SIGTERM', async () => {
  await server.stop();
  await db.close();
});
