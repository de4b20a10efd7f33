'use strict';
// express and one pg query for each request.
const { createExpress } = require('../express-app.cjs');
const { listen } = require('../listen.cjs');
const { createPool, findName } = require('../pool.cjs');

exports.start = async (stubs) => {
  const pool = await createPool(stubs.postgres);
  const server = createExpress(async (_request, response) => void response.send(await findName(pool, 42)));
  return listen(server, () => pool.end());
};
