// The shop's public API. Browsing goes to catalog by gRPC, ordering to orders by HTTP.
const { createApp } = require('./app.js');
const { createCatalogClient } = require('./catalog-client.js');
const { createOrdersClient } = require('./orders-client.js');

const catalog = createCatalogClient(process.env.CATALOG_ADDRESS);
const orders = createOrdersClient(process.env.ORDERS_URL);

const server = createApp({ catalog, orders }).listen(
  Number(process.env.PORT ?? 0),
  process.env.HOST ?? '127.0.0.1',
  () => {
    console.log(`gateway listening on http://127.0.0.1:${server.address().port}`);
  },
);

process.once('SIGTERM', () => {
  server.close();
  server.closeIdleConnections();
  orders.close();
  catalog.close();
});
