const { status } = require('@grpc/grpc-js');
const { OutOfStockError } = require('./repository.js');

/** Turns anything thrown into what gRPC sends: a code and a text the caller may show. */
function toServiceError(error) {
  if (error instanceof OutOfStockError) return { code: status.FAILED_PRECONDITION, details: error.message };
  console.error(error.message);
  return { code: status.INTERNAL, details: `catalog failed: ${error.message}` };
}

/** The three methods of shop.Catalog. */
function createHandlers(repository) {
  return {
    async getProduct(call, callback) {
      try {
        const product = await repository.findProduct(call.request.sku);
        if (product) callback(null, product);
        else callback({ code: status.NOT_FOUND, details: `no product ${call.request.sku}` });
      } catch (error) {
        callback(toServiceError(error));
      }
    },

    async listProducts(call) {
      try {
        for (const product of await repository.listProducts()) call.write(product);
        call.end();
      } catch (error) {
        call.emit('error', toServiceError(error));
      }
    },

    reserveStock(call, callback) {
      const lines = [];
      call.on('data', (line) => lines.push(line));
      call.on('end', async () => {
        try {
          const units = await repository.reserve(lines);
          callback(null, { lines: lines.length, units });
        } catch (error) {
          callback(toServiceError(error));
        }
      });
    },
  };
}

module.exports = { createHandlers };
