/**
 * Real PostgreSQL and MySQL: one CLIENT span a statement, none for connections, pools or drivers' own files.
 */
import t from 'tap';
import { testScenario } from '../helpers/scenario.js';
import { serverOrSkip } from '../helpers/servers.js';

t.test('pg', async (t) => {
  const server = await serverOrSkip(t, 'postgres');
  if (server === undefined) return;
  testScenario(t, {
    name: 'pg',
    env: { TEST_DATABASE_URL: server.url },
    traces: `
      app CLIENT pg.query:DROP postgres      # before any request

      app CLIENT pg.query:CREATE postgres

      app CLIENT GET                          # query
        app SERVER GET
          app CLIENT pg.query:SELECT postgres

      app CLIENT GET                          # literal: recorded without the literals
        app SERVER GET
          app CLIENT pg.query:SELECT postgres

      app CLIENT GET                          # parameters
        app SERVER GET
          app CLIENT pg.query:INSERT postgres

      app CLIENT GET                          # prepared: named by the application
        app SERVER GET
          app CLIENT pg.query:by-id postgres

      app CLIENT GET                          # callback
        app SERVER GET
          app CLIENT pg.query:SELECT postgres

      app CLIENT GET                          # error
        app SERVER GET
          app CLIENT pg.query:SELECT postgres ERROR

      app CLIENT GET                          # duplicate
        app SERVER GET
          app CLIENT pg.query:INSERT postgres ERROR

      app CLIENT GET                          # pool
        app SERVER GET
          app CLIENT pg.query:SELECT postgres

      app CLIENT GET                          # parallel
        app SERVER GET
          app CLIENT pg.query:SELECT postgres
          app CLIENT pg.query:SELECT postgres

      app CLIENT GET                          # transaction
        app SERVER GET
          app CLIENT pg.query:BEGIN postgres
          app CLIENT pg.query:UPDATE postgres
          app CLIENT pg.query:COMMIT postgres
    `,
  });
});

t.test('mysql2', async (t) => {
  const server = await serverOrSkip(t, 'mariadb');
  if (server === undefined) return;
  testScenario(t, {
    name: 'mysql2',
    env: { TEST_DATABASE_URL: server.url },
    traces: `
      app CLIENT DROP                 # before any request

      app CLIENT CREATE

      app CLIENT GET                  # query
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                  # literal: recorded without the literals
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                  # parameters
        app SERVER GET
          app CLIENT INSERT

      app CLIENT GET                  # prepared
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                  # callback
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                  # error
        app SERVER GET
          app CLIENT SELECT ERROR

      app CLIENT GET                  # pool
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                  # poolConnection
        app SERVER GET
          app CLIENT SELECT
    `,
  });
});
