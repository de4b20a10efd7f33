/**
 * Real Redis through both client libraries: one CLIENT span a command, a pipeline or a transaction, values never
 * recorded.
 */
import t from 'tap';
import { testScenario } from '../helpers/scenario.js';
import { serverOrSkip } from '../helpers/servers.js';

t.test('redis', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  testScenario(t, {
    name: 'redis',
    env: { TEST_DATABASE_URL: server.url },
    traces: `
      app CLIENT FLUSHALL 127.0.0.1:<port>   # before any request; connecting is no command

      app CLIENT GET                     # set
        app SERVER GET
          app CLIENT SET 127.0.0.1:<port>

      app CLIENT GET                     # get
        app SERVER GET
          app CLIENT GET 127.0.0.1:<port>

      app CLIENT GET                     # hash
        app SERVER GET
          app CLIENT HSET 127.0.0.1:<port>

      app CLIENT GET                     # parallel
        app SERVER GET
          app CLIENT INCR 127.0.0.1:<port>
          app CLIENT INCR 127.0.0.1:<port>

      app CLIENT GET                     # multi: one round trip
        app SERVER GET
          app CLIENT MULTI 127.0.0.1:<port>

      app CLIENT GET                     # error
        app SERVER GET
          app CLIENT LPUSH 127.0.0.1:<port> ERROR

      app CLIENT GET                     # raw
        app SERVER GET
          app CLIENT ECHO 127.0.0.1:<port>
    `,
  });
});

t.test('ioredis', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  testScenario(t, {
    name: 'ioredis',
    env: { TEST_DATABASE_URL: server.url },
    traces: `
      app CLIENT flushall 127.0.0.1:<port>   # before any request; connecting is no command

      app CLIENT GET                     # set
        app SERVER GET
          app CLIENT set 127.0.0.1:<port>

      app CLIENT GET                     # get
        app SERVER GET
          app CLIENT get 127.0.0.1:<port>

      app CLIENT GET                     # hash
        app SERVER GET
          app CLIENT hset 127.0.0.1:<port>

      app CLIENT GET                     # parallel
        app SERVER GET
          app CLIENT incr 127.0.0.1:<port>
          app CLIENT incr 127.0.0.1:<port>

      app CLIENT GET                     # pipeline
        app SERVER GET
          app CLIENT PIPELINE 127.0.0.1:<port>

      app CLIENT GET                     # multi
        app SERVER GET
          app CLIENT MULTI 127.0.0.1:<port>

      app CLIENT GET                     # callback
        app SERVER GET
          app CLIENT get 127.0.0.1:<port>

      app CLIENT GET                     # error
        app SERVER GET
          app CLIENT lpush 127.0.0.1:<port> ERROR
    `,
  });
});
