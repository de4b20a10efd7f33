// Sends messages to customers: here it writes them to its log. Ends itself with process.exit, as many services do.
import http from 'node:http';
import { json } from 'node:stream/consumers';

async function send(request, response) {
  const { to, text } = await json(request);
  console.log(`to ${to}: ${text}`);
  response.writeHead(202, { 'content-type': 'application/json' }).end('{"sent":true}');
}

const server = http.createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/messages') {
    send(request, response).catch((error) => {
      console.error(error.message);
      response.writeHead(400).end();
    });
  } else {
    response.writeHead(404).end();
  }
});

server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1', () => {
  console.log(`notifications listening on http://127.0.0.1:${server.address().port}`);
});

process.once('SIGTERM', () => server.close(() => process.exit(0)));
