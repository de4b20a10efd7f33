const express = require('express');
const { status } = require('@grpc/grpc-js');

const HTTP_STATUS_BY_GRPC_CODE = {
  [status.NOT_FOUND]: 404,
  [status.INVALID_ARGUMENT]: 400,
  [status.FAILED_PRECONDITION]: 409,
  [status.UNAVAILABLE]: 503,
};

/** The Express application; `catalog` and `orders` are the clients of the services behind it. */
function createApp({ catalog, orders }) {
  const app = express();
  app.use(express.json());

  app.get('/health', (_request, response) => {
    response.json({ status: 'ok' });
  });

  app.get('/products', async (_request, response) => {
    response.json(await catalog.listProducts());
  });

  app.get('/products/:sku', async (request, response) => {
    response.json(await catalog.getProduct(request.params.sku));
  });

  app.post('/orders', async (request, response) => {
    const answer = await orders.send('POST', '/orders', request.body);
    response.status(answer.status).json(answer.body);
  });

  app.get('/orders/:id', async (request, response) => {
    const answer = await orders.send('GET', `/orders/${encodeURIComponent(request.params.id)}`);
    response.status(answer.status).json(answer.body);
  });

  app.use((error, _request, response, _next) => {
    console.error(error.message);
    const code = error.status ?? HTTP_STATUS_BY_GRPC_CODE[error.code] ?? 500;
    response.status(code).json({ error: error.details ?? error.message });
  });

  return app;
}

module.exports = { createApp };
