/**
 * The one table of instrumentations: module names -> what loads the code. Data only, and part of every start: importing this
 * file loads no instrumentation. How each is made is in loaders.ts, which the first of them loads.
 */
import type { AgentConfig } from '../config/types.js';
import type { Instrumentation, InstrumentationContext } from './types.js';
import * as undici from './undici/channel.js';

export interface TableEntry {
  /** Name in OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_INSTRUMENTATION_<NAME>_ENABLED. */
  readonly name: string;
  /** Packages, or built-ins (with the prefix where that must be written), whose load has the code loaded. */
  readonly modules: readonly string[];
  readonly isBuiltin?: boolean;
  /** Nothing on a Node.js without synchronous hooks, which would have to load the built-in to see it. */
  readonly needsSyncHooks?: boolean;
  /** The package ships an ES module build that does not just re-export its CommonJS one. */
  readonly hasEsmBuild?: boolean;
  /** What that build calls the function that it exports by default, where the patch replaces it. */
  readonly esmDefault?: string;
  /** Off unless named: spans that few people want (fs, net, dns). */
  readonly isOffByDefault?: boolean;
  /** Its target is a global of Node (fetch) that no module load announces: created at boot. */
  readonly isGlobal?: boolean;
  /** Its target is loaded by the base of all official instrumentations, which it needs itself: created at boot. */
  readonly isLoadedAtStart?: boolean;
  /** Patches a file of the application itself, named by its absolute path (the handler of an AWS Lambda). */
  readonly patchesApplicationFiles?: boolean;
  /** All that it makes are spans inside a request, which nobody sees unless OTEL_NODE_MIDDLEWARE_SPANS asks for them. */
  readonly makesMiddlewareSpansOnly?: boolean;
  /** Diagnostics channel on which the library publishes its start; tells of a bundled one, too. */
  readonly announcedBy?: string;
  /** Carries trace context between processes: kept when OTEL_SDK_DISABLED leaves only propagation. */
  readonly propagates?: boolean | ((config: AgentConfig) => boolean);
  load(context: InstrumentationContext): Instrumentation;
}

function load(this: TableEntry, context: InstrumentationContext): Instrumentation {
  const { loadInstrumentation } = require('./loaders.js') as typeof import('./loaders.js');
  return loadInstrumentation({ name: this.name, context, table: TABLE });
}

/** Ours needs nothing else: the other file is for who selects the official one. */
function loadUndici(this: TableEntry, context: InstrumentationContext): Instrumentation {
  const isOfficial = context.config.instrumentations.official.includes(this.name);
  return isOfficial ? load.call(this, context) : undici.create(context);
}

const carriesRedisStreamContext = (config: AgentConfig): boolean => config.carriesRedisStreamContext;

/** All instrumentations, in the order in which patches of one module are applied. */
export const TABLE: readonly TableEntry[] = [
  { name: 'undici', modules: [], isGlobal: true, propagates: true, load: loadUndici },
  { name: 'http', modules: ['http', 'https', 'http2'], isBuiltin: true, propagates: true, load },
  { name: 'amqplib', modules: ['amqplib'], propagates: true, load },
  { name: 'aws-lambda', modules: [], patchesApplicationFiles: true, load },
  {
    name: 'aws-sdk',
    modules: [
      '@aws-sdk/middleware-stack',
      '@smithy/middleware-stack',
      '@smithy/core',
      '@aws-sdk/smithy-client',
      '@smithy/smithy-client',
    ],
    propagates: true,
    load,
  },
  { name: 'better-sqlite3', modules: ['better-sqlite3'], load },
  { name: 'bullmq', modules: ['bullmq'], propagates: true, load },
  { name: 'bunyan', modules: ['bunyan'], load },
  { name: 'cassandra-driver', modules: ['cassandra-driver'], load },
  { name: 'connect', modules: ['connect'], load },
  { name: 'cucumber', modules: ['@cucumber/cucumber'], load },
  { name: 'dataloader', modules: ['dataloader'], makesMiddlewareSpansOnly: true, load },
  { name: 'dns', modules: ['dns', 'dns/promises'], isBuiltin: true, isOffByDefault: true, load },
  { name: 'elasticsearch', modules: ['@elastic/transport'], hasEsmBuild: true, load },
  { name: 'engine.io', modules: ['engine.io'], load },
  { name: 'express', modules: ['express', 'router'], load },
  { name: 'fastify', modules: ['fastify'], announcedBy: 'fastify.initialization', load },
  { name: 'fs', modules: ['fs', 'fs/promises'], isBuiltin: true, isOffByDefault: true, isLoadedAtStart: true, load },
  { name: 'generic-pool', modules: ['generic-pool'], makesMiddlewareSpansOnly: true, load },
  { name: 'graphql', modules: ['graphql'], load },
  { name: 'grpc', modules: ['@grpc/grpc-js'], propagates: true, load },
  { name: 'hapi', modules: ['@hapi/hapi'], load },
  { name: 'hono', modules: ['hono'], hasEsmBuild: true, load },
  { name: 'ioredis', modules: ['ioredis'], propagates: carriesRedisStreamContext, load },
  { name: 'kafkajs', modules: ['kafkajs'], propagates: true, load },
  { name: 'knex', modules: ['knex'], load },
  { name: 'koa', modules: ['koa', 'koa-mount'], load },
  { name: 'lru-memoizer', modules: ['lru-memoizer'], load },
  { name: 'memcached', modules: ['memcached'], load },
  { name: 'mongodb', modules: ['mongodb'], load },
  // What it does is done by mongodb, whose spans say more, and are made for what is really sent.
  { name: 'mongoose', modules: ['mongoose'], isOffByDefault: true, load },
  { name: 'mqtt', modules: ['mqtt'], propagates: true, load },
  { name: 'mysql', modules: ['mysql'], load },
  { name: 'mysql2', modules: ['mysql2'], load },
  { name: 'nats', modules: ['nats', '@nats-io/nats-core', '@nats-io/jetstream'], propagates: true, load },
  { name: 'nestjs-core', modules: ['@nestjs/core'], load },
  { name: 'net', modules: ['net'], isBuiltin: true, isOffByDefault: true, load },
  { name: 'next', modules: ['next'], load },
  { name: 'openai', modules: ['openai'], hasEsmBuild: true, load },
  { name: 'opensearch', modules: ['@opensearch-project/opensearch'], load },
  { name: 'oracledb', modules: ['oracledb'], load },
  { name: 'pg', modules: ['pg', 'pg-cursor', 'pg-pool'], load },
  { name: 'postgres', modules: ['postgres'], hasEsmBuild: true, esmDefault: 'Postgres', load },
  { name: 'pino', modules: ['pino'], load },
  { name: 'piscina', modules: ['piscina'], propagates: true, load },
  {
    name: 'redis',
    modules: ['redis', '@redis/client', '@node-redis/client'],
    propagates: carriesRedisStreamContext,
    load,
  },
  { name: 'restify', modules: ['restify'], load },
  { name: 'router', modules: ['router'], load },
  { name: 'socket.io', modules: ['socket.io'], load },
  { name: 'sqlite', modules: ['node:sqlite'], isBuiltin: true, needsSyncHooks: true, load },
  { name: 'sqs-consumer', modules: ['sqs-consumer'], propagates: true, hasEsmBuild: true, load },
  { name: 'tedious', modules: ['tedious'], load },
  { name: 'trpc', modules: ['@trpc/server'], hasEsmBuild: true, load },
  { name: 'winston', modules: ['winston'], load },
];
