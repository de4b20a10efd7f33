/**
 * A real MongoDB-compatible server: one CLIENT span a command, values never recorded, none for the driver's own
 * monitoring.
 */
import t from 'tap';
import { caseOf, testEverywhere } from '../helpers/libraries.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { DATABASES } from '../libraries/databases.js';

t.test('mongodb', async (t) => {
  const server = await mongodbOrSkip(t);
  if (server !== undefined) testEverywhere(t, caseOf(DATABASES, 'mongodb'), { TEST_DATABASE_URL: server.url });
});
