/**
 * Real PostgreSQL and MySQL: one CLIENT span a query, none for connections, pools or drivers' own files.
 */
import { inspect } from 'node:util';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { caseOf, testEverywhere } from '../helpers/libraries.js';
import { runApp } from '../helpers/run-app.js';
import { type ServerName, serverOrSkip } from '../helpers/servers.js';
import { DATABASES } from '../libraries/databases.js';

const SERVERS: readonly [library: string, server: ServerName][] = [
  ['pg', 'postgres'],
  ['mysql2', 'mariadb'],
];

for (const [library, name] of SERVERS) {
  t.test(library, async (t) => {
    const server = await serverOrSkip(t, name);
    if (server !== undefined) testEverywhere(t, caseOf(DATABASES, library), { TEST_DATABASE_URL: server.url });
  });
}

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
