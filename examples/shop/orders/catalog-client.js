import { fileURLToPath } from 'node:url';
import grpc from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const PROTO_FILE = fileURLToPath(new URL('../proto/catalog.proto', import.meta.url));
const TIMEOUT_MILLIS = 5000;

/** What orders needs of the catalog, as promises; `address` is host:port. */
export function createCatalogClient(address) {
  const { shop } = grpc.loadPackageDefinition(protoLoader.loadSync(PROTO_FILE, { defaults: true }));
  const client = new shop.Catalog(address, grpc.credentials.createInsecure());
  const options = () => ({ deadline: Date.now() + TIMEOUT_MILLIS });

  return {
    getProduct: (sku) =>
      new Promise((resolve, reject) => {
        client.getProduct({ sku }, options(), (error, product) => (error ? reject(error) : resolve(product)));
      }),
    reserveStock: (lines) =>
      new Promise((resolve, reject) => {
        const call = client.reserveStock(options(), (error, done) => (error ? reject(error) : resolve(done)));
        for (const line of lines) call.write(line);
        call.end();
      }),
    close: () => client.close(),
  };
}
