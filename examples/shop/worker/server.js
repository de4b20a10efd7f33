// Finishes orders. A job is acknowledged at once (202) and worked on afterwards. No signal handler: SIGTERM just ends it.
import http from 'node:http';
import { json } from 'node:stream/consumers';
import pg from 'pg';
import { createJobs } from './jobs.js';

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 2 });
pool.on('error', (error) => console.error(`idle database connection lost: ${error.message}`));
const jobs = createJobs(pool, process.env.NOTIFICATIONS_URL);

async function accept(request, response) {
  const { jobId } = await json(request);
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"accepted":true}');
  await jobs.run(jobId);
}

const server = http.createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/jobs') {
    accept(request, response).catch((error) => console.error(`job failed: ${error.message}`));
  } else {
    response.writeHead(404).end();
  }
});

server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1', () => {
  console.log(`worker listening on http://127.0.0.1:${server.address().port}`);
});
