const http = require('node:http');

/** A small JSON client on `http.request` with kept-alive connections: `send` resolves to `{ status, body }`. */
function createOrdersClient(baseUrl) {
  const agent = new http.Agent({ keepAlive: true });

  const send = (method, path, body) =>
    new Promise((resolve, reject) => {
      const headers = { 'content-type': 'application/json' };
      const request = http.request(new URL(path, baseUrl), { method, agent, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
      });
      request.on('error', reject);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });

  return { send, close: () => agent.destroy() };
}

module.exports = { createOrdersClient };
