'use strict';
// express, one pg query and one call with the http module for each request.
const { createExpress } = require('../express-app.cjs');
const { createFetcher, listen } = require('../listen.cjs');
const { createPool, findName } = require('../pool.cjs');

exports.start = async (stubs) => {
  const pool = await createPool(stubs.postgres);
  const fetcher = createFetcher(stubs.http);
  const server = createExpress(async (_request, response) => {
    const name = await findName(pool, 42);
    fetcher.get((error, body) => response.send(error || body !== name ? 'wrong' : body));
  });
  return listen(server, () => {
    pool.end();
    fetcher.close();
  });
};
