/** Takes orders as JSON lines over TCP: `{"id", "headers", "order"}`, answered by `{"id", "inStock"}`. */
const http = require('node:http');
const net = require('node:net');
const { createInterface } = require('node:readline');
const { extract } = require('@org/trace-agent');

/** Asks the shop's own HTTP API, which is traced without further ado. */
function askForStock({ product, stockUrl }) {
  return new Promise((resolve, reject) => {
    http
      .get(`${stockUrl}/${product}`, (response) => {
        response.resume().on('end', () => resolve(response.statusCode === 200));
      })
      .on('error', reject);
  });
}

const server = net.createServer((socket) => {
  createInterface({ input: socket }).on('line', (line) => {
    const { id, headers, order } = JSON.parse(line);
    extract(headers, async () => {
      const inStock = await askForStock(order);
      socket.write(`${JSON.stringify({ id, inStock })}\n`);
    });
  });
});

server.listen(0, '127.0.0.1', () => console.log(`warehouse on ${server.address().port}`));
