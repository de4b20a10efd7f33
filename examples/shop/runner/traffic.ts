/**
 * What a few customers do: ordinary requests and two that fail. Each answer is checked, so that the demo proves that the
 * shop works under the agent. Runner process only.
 */

export interface Step {
  readonly title: string;
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly expectedStatus: number;
  /** What each service must have done for it: calls served and queries made. */
  readonly expectedWork: Readonly<Record<string, Work>>;
}

export interface Work {
  readonly served: number;
  readonly queries: number;
}

export interface Answered {
  readonly step: Step;
  readonly body: unknown;
  readonly durationMillis: number;
}

const work = (served: number, queries = 0): Work => ({ served, queries });

const order = (customer: string, ...lines: Array<[sku: string, quantity: number]>): unknown => ({
  customer,
  lines: lines.map(([sku, quantity]) => ({ sku, quantity })),
});

export const BROWSE: Step = {
  title: 'browse the products',
  method: 'GET',
  path: '/products',
  expectedStatus: 200,
  expectedWork: { 'shop-gateway': work(1), 'shop-catalog': work(1, 1) },
};

export const LOOK: Step = {
  title: 'look at one product',
  method: 'GET',
  path: '/products/lamp',
  expectedStatus: 200,
  expectedWork: { 'shop-gateway': work(1), 'shop-catalog': work(1, 1) },
};

export const ORDER: Step = {
  title: 'order two mugs and a kettle',
  method: 'POST',
  path: '/orders',
  body: order('ada@example.com', ['mug', 2], ['kettle', 1]),
  expectedStatus: 201,
  expectedWork: {
    'shop-gateway': work(1),
    // BEGIN, the order, the job, COMMIT.
    'shop-orders': work(1, 4),
    // Two prices, and one reservation of two lines in a transaction.
    'shop-catalog': work(3, 6),
    'shop-payments': work(1),
    'shop-worker': work(1, 3),
    'shop-notifications': work(1),
  },
};

export const ORDER_TOO_MANY: Step = {
  title: 'order more lamps than there are',
  method: 'POST',
  path: '/orders',
  body: order('bob@example.com', ['lamp', 500]),
  expectedStatus: 409,
  // A price, and a reservation that is rolled back after a look at the stock.
  expectedWork: { 'shop-gateway': work(1), 'shop-orders': work(1), 'shop-catalog': work(2, 5) },
};

export const ORDER_UNPRICED: Step = {
  title: 'order something whose price is no number',
  method: 'POST',
  path: '/orders',
  body: order('eve@example.com', ['mug', 1], ['mystery-box', 1]),
  expectedStatus: 500,
  expectedWork: { 'shop-gateway': work(1), 'shop-orders': work(1), 'shop-catalog': work(2, 2) },
};

/** Reads the order back; by then the worker has confirmed it. */
export const readOrder = (id: unknown): Step => ({
  title: 'read the order back',
  method: 'GET',
  path: `/orders/${id}`,
  expectedStatus: 200,
  expectedWork: { 'shop-gateway': work(1), 'shop-orders': work(1, 1) },
});

/** Sends one request. Rejects when the answer is not JSON or has another status than expected. */
export async function send(gatewayUrl: string, step: Step): Promise<Answered> {
  const startMillis = performance.now();
  const response = await fetch(new URL(step.path, gatewayUrl), {
    method: step.method,
    ...(step.body === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(step.body) }),
  });
  const text = await response.text();
  const durationMillis = performance.now() - startMillis;
  if (response.status !== step.expectedStatus) {
    throw new Error(
      `${step.method} ${step.path} answered ${response.status} instead of ${step.expectedStatus}: ${text}`,
    );
  }
  return { step, body: JSON.parse(text), durationMillis };
}
