/**
 * A real MongoDB-compatible server: one CLIENT span a command, values never recorded, none for the driver's own
 * monitoring.
 */
import t from 'tap';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { testScenario } from '../helpers/scenario.js';

t.test('mongodb', async (t) => {
  const server = await mongodbOrSkip(t);
  if (server === undefined) return;
  testScenario(t, {
    name: 'mongodb',
    env: { TEST_DATABASE_URL: server.url },
    traces: `
      app CLIENT delete items            # before any request

      app CLIENT GET                     # insert
        app SERVER GET
          app CLIENT insert items

      app CLIENT GET                     # insertMany
        app SERVER GET
          app CLIENT insert items

      app CLIENT GET                     # find
        app SERVER GET
          app CLIENT find items

      app CLIENT GET                     # cursor: two batches
        app SERVER GET
          app CLIENT find items
          app CLIENT getMore items

      app CLIENT GET                     # update
        app SERVER GET
          app CLIENT update items

      app CLIENT GET                     # aggregate
        app SERVER GET
          app CLIENT aggregate items

      app CLIENT GET                     # error, in an answer that says ok
        app SERVER GET
          app CLIENT insert items ERROR

      app CLIENT GET                     # delete
        app SERVER GET
          app CLIENT delete items
    `,
  });
});
