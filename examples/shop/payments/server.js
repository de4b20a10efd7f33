// Charges cards, on node:http alone. No signal handler: SIGTERM just ends it.
const http = require('node:http');
const { json } = require('node:stream/consumers');
const { setTimeout: pause } = require('node:timers/promises');

const LIMIT_CENTS = 100_000;
const CARD_NETWORK_MILLIS = 25;
let charges = 0;

async function charge(request, response) {
  const { amountCents } = await json(request);
  await pause(CARD_NETWORK_MILLIS);
  const isAccepted = amountCents <= LIMIT_CENTS;
  charges += 1;
  response.writeHead(isAccepted ? 201 : 402, { 'content-type': 'application/json' });
  response.end(JSON.stringify(isAccepted ? { id: `ch_${charges}` } : { error: 'card declined: over the limit' }));
}

const server = http.createServer((request, response) => {
  if (request.method === 'POST' && request.url === '/charges') {
    charge(request, response).catch((error) => {
      console.error(error.message);
      response.writeHead(400, { 'content-type': 'application/json' }).end('{"error":"bad request"}');
    });
  } else {
    response.writeHead(404).end();
  }
});

server.listen(Number(process.env.PORT ?? 0), process.env.HOST ?? '127.0.0.1', () => {
  console.log(`payments listening on http://127.0.0.1:${server.address().port}`);
});
