import { status } from '@grpc/grpc-js';

const NEW_ORDER = {
  type: 'object',
  required: ['customer', 'lines'],
  properties: {
    customer: { type: 'string', minLength: 1 },
    lines: {
      type: 'array',
      minItems: 1,
      items: {
        type: 'object',
        required: ['sku', 'quantity'],
        properties: { sku: { type: 'string' }, quantity: { type: 'integer', minimum: 1 } },
      },
    },
  },
};

const HTTP_STATUS_BY_GRPC_CODE = { [status.NOT_FOUND]: 404, [status.FAILED_PRECONDITION]: 409 };

async function postJson(url, body) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.error), { statusCode: response.status });
  return answer;
}

/** The routes of the orders service on a Fastify application. */
export function registerRoutes(app, { catalog, repository, paymentsUrl, workerUrl }) {
  app.setErrorHandler((error, _request, reply) => {
    console.error(error.message);
    const code = error.statusCode ?? HTTP_STATUS_BY_GRPC_CODE[error.code] ?? 500;
    reply.code(code).send({ error: error.details ?? error.message });
  });

  app.post('/orders', { schema: { body: NEW_ORDER } }, async (request, reply) => {
    const { customer, lines } = request.body;
    const products = await Promise.all(lines.map((line) => catalog.getProduct(line.sku)));
    const totalCents = products.reduce((sum, product, index) => sum + product.priceCents * lines[index].quantity, 0);
    await catalog.reserveStock(lines);
    const charge = await postJson(`${paymentsUrl}/charges`, { customer, amountCents: totalCents });
    const order = await repository.createOrder({ customer, lines, totalCents, chargeId: charge.id });
    await postJson(`${workerUrl}/jobs`, { jobId: order.jobId });
    return reply.code(201).send({ id: order.id, status: 'placed', totalCents });
  });

  app.get('/orders/:id', async (request, reply) => {
    const order = await repository.findOrder(request.params.id);
    return order ?? reply.code(404).send({ error: `no order ${request.params.id}` });
  });
}
