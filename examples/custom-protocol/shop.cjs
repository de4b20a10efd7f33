/** An HTTP service that sends its orders to the warehouse over one TCP connection, as JSON lines. */
const http = require('node:http');
const net = require('node:net');
const { createInterface } = require('node:readline');
const { inject } = require('@org/trace-agent');

const warehouse = net.connect(Number(process.env.WAREHOUSE_PORT), '127.0.0.1');
const waiting = new Map();
let lastId = 0;

createInterface({ input: warehouse }).on('line', (line) => {
  const { id, inStock } = JSON.parse(line);
  waiting.get(id)(inStock);
  waiting.delete(id);
});

function send(order) {
  const id = ++lastId;
  warehouse.write(`${JSON.stringify({ id, headers: inject({}), order })}\n`);
  return new Promise((resolve) => waiting.set(id, resolve));
}

const server = http.createServer(async (request, response) => {
  if (request.url === '/buy') {
    const stockUrl = `http://127.0.0.1:${server.address().port}/stock`;
    response.end((await send({ product: 'tea', stockUrl })) ? 'bought' : 'out of stock');
  } else response.end('12');
});

server.listen(0, '127.0.0.1', () => console.log(`shop on ${server.address().port}`));
