/**
 * Where CI runs the lowest supported release of each library that an own instrumentation is for. Data;
 * test/unit/lowest-releases.test.ts holds it to what the manifests declare.
 */
import { LOWEST_FIXTURE } from './library-case.js';

export interface LowestRun {
  /** Folder in node_modules. */
  readonly folder: string;
  /** Of test/fixtures; default the project itself. */
  readonly fixture?: string;
  /** Below test/: names the folder. In the fixture `lowest` the program that loads the package. */
  readonly source: string;
  /** What that program asks for, where the library is loaded by another one. */
  readonly by?: string;
}

const inProject = (folder: string, source: string): LowestRun => ({ folder, source: `${source}.test.ts` });
const routes = (folder: string): LowestRun => inProject(folder, 'unit/web-routes');
const program = (folder: string, name: string, by = folder): LowestRun => {
  return { folder, fixture: LOWEST_FIXTURE, source: `${name}.cjs`, by };
};

/** By module, as the manifests name it. */
export const LOWEST: Readonly<Record<string, LowestRun>> = {
  '@elastic/transport': program('@elastic/transport', 'elasticsearch815', '@elastic/elasticsearch'),
  '@grpc/grpc-js': inProject('grpc18', 'process/versions'),
  '@hapi/hapi': program('@hapi/hapi', 'hapi'),
  '@nats-io/jetstream': program('@nats-io/jetstream', 'nats3'),
  '@nats-io/nats-core': program('@nats-io/nats-core', 'nats3', '@nats-io/transport-node'),
  '@nestjs/core': program('@nestjs/core', 'nest'),
  '@opensearch-project/opensearch': program('@opensearch-project/opensearch', 'opensearch'),
  '@trpc/server': program('@trpc/server', 'trpc'),
  amqplib: { folder: 'amqplib05', fixture: 'libraries-messaging', source: 'libraries/messaging.ts' },
  'better-sqlite3': program('better-sqlite3', 'better-sqlite3'),
  bullmq: { folder: 'bullmq5', fixture: 'libraries-messaging', source: 'libraries/messaging.ts' },
  'cassandra-driver': program('cassandra-driver', 'cassandra'),
  connect: routes('connect30'),
  'engine.io': program('engine.io', 'engine.io'),
  express: routes('express48'),
  fastify: routes('fastify40'),
  hono: program('hono', 'hono'),
  ioredis: inProject('ioredis40', 'unit/ioredis'),
  koa: routes('koa20'),
  'koa-mount': routes('koa-mount3'),
  mongodb: inProject('mongodb4', 'unit/mongodb'),
  mqtt: program('mqtt', 'mqtt'),
  mysql: program('mysql', 'mysql20'),
  mysql2: inProject('mysql2-14', 'unit/sql-mysql2'),
  nats: program('nats', 'nats28'),
  oracledb: program('oracledb', 'oracledb67'),
  pg: inProject('pg80', 'unit/sql-pg'),
  'pg-cursor': inProject('pg-cursor20', 'unit/sql-pg'),
  'pg-pool': inProject('pg-pool20', 'unit/sql-pg'),
  piscina: inProject('piscina46', 'process/versions'),
  postgres: program('postgres', 'postgres'),
  redis: inProject('redis40', 'unit/redis'),
  restify: program('restify', 'restify'),
  router: routes('router10'),
  'sqs-consumer': { folder: 'sqs-consumer7', fixture: 'libraries-messaging', source: 'libraries/messaging.ts' },
};

/** What CI does not run, or not from the beginning of the range, and why. */
export const NOT_IN_CI: Readonly<Record<string, string>> = {
  next: 'each build takes most of a minute: 14 and 15 by hand, `npm run frameworks:next`; CI runs 16',
  undici: 'the first releases of 5 do not run on any supported Node.js; test/process/versions runs its last one',
};

/** Programs of web frameworks, and what their two calls are. */
export const FRAMEWORKS: Readonly<Record<string, string>> = {
  hapi: tracesOf('/users/{id}', '/broken/{id}'),
  restify: tracesOf('/users/:id', '/broken/:id'),
  nest: tracesOf('/users/:id', '/broken/:id'),
  trpc: tracesOf('/users.list', '/broken'),
  hono: tracesOf('/users/:id', '/broken/:id'),
  'engine.io': `
    app CLIENT GET
      app SERVER GET /live/

    app CLIENT GET
      app SERVER GET
`,
};

function tracesOf(route: string, broken: string): string {
  return `
    app CLIENT GET
      app SERVER GET ${route}

    app CLIENT GET ERROR
      app SERVER GET ${broken} ERROR
`;
}
