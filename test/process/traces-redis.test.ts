/**
 * Real Redis through both client libraries: one CLIENT span a command, arguments never recorded.
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
      app CLIENT redis-FLUSHALL          # before any request; connecting is no command

      app CLIENT GET                     # set
        app SERVER GET
          app CLIENT redis-SET

      app CLIENT GET                     # get
        app SERVER GET
          app CLIENT redis-GET

      app CLIENT GET                     # hash
        app SERVER GET
          app CLIENT redis-HSET

      app CLIENT GET                     # parallel
        app SERVER GET
          app CLIENT redis-INCR
          app CLIENT redis-INCR

      app CLIENT GET                     # multi: one round trip
        app SERVER GET
          app CLIENT redis-SET
          app CLIENT redis-GET

      app CLIENT GET                     # error
        app SERVER GET
          app CLIENT redis-LPUSH ERROR

      app CLIENT GET                     # raw
        app SERVER GET
          app CLIENT redis-ECHO
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
      app CLIENT GET                     # set
        app SERVER GET
          app CLIENT set

      app CLIENT GET                     # get
        app SERVER GET
          app CLIENT get

      app CLIENT GET                     # hash
        app SERVER GET
          app CLIENT hset

      app CLIENT GET                     # parallel
        app SERVER GET
          app CLIENT incr
          app CLIENT incr

      app CLIENT GET                     # pipeline
        app SERVER GET
          app CLIENT set
          app CLIENT get

      app CLIENT GET                     # multi
        app SERVER GET
          app CLIENT multi
          app CLIENT set
          app CLIENT get
          app CLIENT exec

      app CLIENT GET                     # callback
        app SERVER GET
          app CLIENT get

      app CLIENT GET                     # error
        app SERVER GET
          app CLIENT lpush ERROR
    `,
  });
});
