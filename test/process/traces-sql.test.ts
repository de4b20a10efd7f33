/**
 * Real PostgreSQL and MySQL: one CLIENT span a query, none for connections, pools or drivers' own files.
 */
import { inspect } from 'node:util';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { runApp } from '../helpers/run-app.js';
import { testScenario } from '../helpers/scenario.js';
import { type ServerName, serverOrSkip } from '../helpers/servers.js';

t.test('pg', async (t) => {
  const server = await serverOrSkip(t, 'postgres');
  if (server === undefined) return;
  testScenario(t, {
    name: 'pg',
    env: { TEST_DATABASE_URL: server.url },
    traces: `
      app CLIENT DROP TABLE items             # before any request

      app CLIENT CREATE TABLE items

      app CLIENT GET                          # query
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # literal: recorded without the literals
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # parameters
        app SERVER GET
          app CLIENT INSERT items

      app CLIENT GET                          # prepared
        app SERVER GET
          app CLIENT SELECT items

      app CLIENT GET                          # callback
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # error
        app SERVER GET
          app CLIENT SELECT no_such_table ERROR

      app CLIENT GET                          # duplicate
        app SERVER GET
          app CLIENT INSERT items ERROR

      app CLIENT GET                          # pool
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # parallel
        app SERVER GET
          app CLIENT SELECT
          app CLIENT SELECT pg_sleep

      app CLIENT GET                          # transaction
        app SERVER GET
          app CLIENT BEGIN
          app CLIENT UPDATE items
          app CLIENT COMMIT

      app CLIENT GET                          # cursor: one span for all that is read
        app SERVER GET
          app CLIENT SELECT generate_series
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
      app CLIENT DROP TABLE items             # before any request

      app CLIENT CREATE TABLE items

      app CLIENT GET                          # query
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # literal: recorded without the literals
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # parameters
        app SERVER GET
          app CLIENT INSERT items

      app CLIENT GET                          # prepared
        app SERVER GET
          app CLIENT SELECT items

      app CLIENT GET                          # callback
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # error
        app SERVER GET
          app CLIENT SELECT no_such_table ERROR

      app CLIENT GET                          # duplicate
        app SERVER GET
          app CLIENT INSERT items ERROR

      app CLIENT GET                          # pool
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # poolConnection
        app SERVER GET
          app CLIENT SELECT

      app CLIENT GET                          # transaction
        app SERVER GET
          app CLIENT START TRANSACTION
          app CLIENT UPDATE items
          app CLIENT COMMIT
    `,
  });
});

const SERVERS: readonly [library: string, server: ServerName][] = [
  ['pg', 'postgres'],
  ['mysql2', 'mariadb'],
];

for (const [library, name] of SERVERS) {
  t.test(
    `${library}: the official instrumentation, when it is selected, makes the spans, without literals`,
    async (t) => {
      const server = await serverOrSkip(t, name);
      if (server === undefined) return;
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const app = runApp({
        file: `apps/${library}.cjs`,
        env: {
          TEST_DATABASE_URL: server.url,
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
          OTEL_NODE_OFFICIAL_INSTRUMENTATIONS: library,
        },
      });
      t.equal((await app.exited).code, 0, app.stderr());
      const spans = collector.spans().filter(({ attributes }) => attributes['db.system.name'] !== undefined);
      t.strictSame([...new Set(spans.map(({ scope }) => scope.name))], [`@opentelemetry/instrumentation-${library}`]);
      const texts = spans.map(({ attributes }) => attributes['db.query.text']);
      t.ok(texts.includes('SELECT ? AS name, ? AS price'));
      t.notMatch(inspect(texts), /secret|\d\.\d/);
    },
  );
}
