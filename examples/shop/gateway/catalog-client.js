const path = require('node:path');
const grpc = require('@grpc/grpc-js');
const protoLoader = require('@grpc/proto-loader');

const PROTO_FILE = path.join(__dirname, '../proto/catalog.proto');
const TIMEOUT_MILLIS = 5000;

/** Reads of the catalog as promises; `address` is host:port. A failed call rejects with a gRPC `ServiceError`. */
function createCatalogClient(address) {
  const { shop } = grpc.loadPackageDefinition(protoLoader.loadSync(PROTO_FILE, { defaults: true }));
  const client = new shop.Catalog(address, grpc.credentials.createInsecure());
  const options = () => ({ deadline: Date.now() + TIMEOUT_MILLIS });

  return {
    getProduct: (sku) =>
      new Promise((resolve, reject) => {
        client.getProduct({ sku }, options(), (error, product) => (error ? reject(error) : resolve(product)));
      }),
    async listProducts() {
      const products = [];
      for await (const product of client.listProducts({}, options())) products.push(product);
      return products;
    },
    close: () => client.close(),
  };
}

module.exports = { createCatalogClient };
