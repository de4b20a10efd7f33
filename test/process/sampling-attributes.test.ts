/**
 * What docs/sampling.md says of each instrumentation of our own: its spans start with these attributes. A rule for spans
 * that have all of them drops every such span, so none may arrive; what they do not have yet drops none.
 */
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { mongodbOrSkip } from '../helpers/mongodb.js';
import { runApp } from '../helpers/run-app.js';
import { serverOrSkip } from '../helpers/servers.js';

const HTTP_CLIENT = 'kind=client,http.request.method=*,url.full=*,server.address=*,server.port=*';
const HTTP_SERVER =
  'kind=server,http.request.method=*,url.scheme=*,url.path=*,server.address=*,server.port=*,client.address=*';
const SQL = 'db.system.name=*,db.namespace=*,db.query.text=*,server.address=*,server.port=*';
const REDIS = 'db.system.name=*,db.namespace=*,db.operation.name=*,server.address=*,server.port=*';
const MONGODB = `${REDIS},db.collection.name=*`;

interface Claim {
  readonly app: string;
  readonly database?: (t: Test) => Promise<{ readonly url: string } | undefined>;
  /** Known at the start of each span of `scope`. */
  readonly known: readonly string[];
  /** Comes later. */
  readonly later: string;
  readonly scope: string;
}

const CLAIMS: readonly Claim[] = [
  { app: 'http', known: [HTTP_CLIENT, HTTP_SERVER], later: 'http.response.status_code=*', scope: 'http' },
  { app: 'fetch', known: [HTTP_CLIENT], later: 'network.peer.address=*', scope: 'undici' },
  {
    app: 'grpc',
    known: ['rpc.system.name=grpc,rpc.method=*,server.address=*,server.port=*'],
    later: 'rpc.response.status_code=*',
    scope: 'grpc',
  },
  { app: 'pg', database: (t) => serverOrSkip(t, 'postgres'), known: [SQL], later: 'error.type=*', scope: 'pg' },
  { app: 'mysql2', database: (t) => serverOrSkip(t, 'mariadb'), known: [SQL], later: 'error.type=*', scope: 'mysql2' },
  { app: 'redis', database: (t) => serverOrSkip(t, 'redis'), known: [REDIS], later: 'db.query.text=*', scope: 'redis' },
  {
    app: 'ioredis',
    database: (t) => serverOrSkip(t, 'redis'),
    known: [REDIS],
    later: 'db.query.text=*',
    scope: 'ioredis',
  },
  { app: 'mongodb', database: mongodbOrSkip, known: [MONGODB], later: 'error.type=*', scope: 'mongodb' },
];

async function run(t: Test, app: string, rules: string, databaseUrl: string | undefined): Promise<SpanRecord[]> {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const { exited, stderr } = runApp({
    file: `apps/${app}.cjs`,
    env: {
      OTEL_SERVICE_NAME: 'app',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_LOG_LEVEL: 'warn',
      OTEL_NODE_SAMPLING_RULES: rules,
      TEST_DATABASE_URL: databaseUrl,
    },
  });
  t.equal((await exited).code, 0, stderr());
  t.equal(stderr(), '');
  return [...collector.spans()];
}

for (const { app, database, known, later, scope } of CLAIMS) {
  t.test(app, async (t) => {
    const server = await database?.(t);
    if (database !== undefined && server === undefined) return;
    const ofScope = (spans: readonly SpanRecord[]) => spans.filter((span) => span.scope.name.endsWith(`/${scope}`));
    const dropAll = known.map((conditions) => `parent=any,${conditions} -> drop`).join('; ');
    const left = await run(t, app, `${dropAll}; parent=any -> keep`, server?.url);
    t.strictSame(
      ofScope(left).map(({ kind, name, attributes }) => ({ kind, name, attributes })),
      [],
    );
    const all = await run(t, app, `parent=any,${later} -> drop; parent=any -> keep`, server?.url);
    const [key = ''] = later.split('=');
    t.ok(
      ofScope(all).some(({ attributes }) => attributes[key] !== undefined),
      `${key} comes later`,
    );
  });
}
