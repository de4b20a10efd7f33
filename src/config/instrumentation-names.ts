/**
 * Names by which users select instrumentations: the suffixes of the packages of auto-instrumentations-node 0.81.2, and
 * those of libraries that no official package is for any more, or ever was. Data only.
 */
export const INSTRUMENTATION_NAMES = [
  'amqplib',
  'aws-lambda',
  'aws-sdk',
  'better-sqlite3',
  'bullmq',
  'bunyan',
  'cassandra-driver',
  'connect',
  'cucumber',
  'dataloader',
  'dns',
  'elasticsearch',
  'engine.io',
  'express',
  'fastify',
  'fs',
  'generic-pool',
  'graphql',
  'grpc',
  'hapi',
  'hono',
  'host-metrics',
  'http',
  'ioredis',
  'kafkajs',
  'knex',
  'koa',
  'lru-memoizer',
  'memcached',
  'mongodb',
  'mongoose',
  'mqtt',
  'mysql',
  'mysql2',
  'nats',
  'nestjs-core',
  'net',
  'next',
  'openai',
  'opensearch',
  'oracledb',
  'pg',
  'pino',
  'piscina',
  'postgres',
  'redis',
  'restify',
  'router',
  'runtime-node',
  'socket.io',
  'sqlite',
  'sqs-consumer',
  'tedious',
  'trpc',
  'undici',
  'winston',
] as const;

export type InstrumentationName = (typeof INSTRUMENTATION_NAMES)[number];

/** `socket.io`, `SOCKET_IO`, `socket-io`: one spelling for all. */
function fold(name: string): string {
  return name.toLowerCase().replace(/[-.]/g, '_');
}

let nameOfFolded: ReadonlyMap<string, InstrumentationName> | undefined;

function findFolded(folded: string): InstrumentationName | undefined {
  nameOfFolded ??= new Map(INSTRUMENTATION_NAMES.map((name) => [fold(name), name]));
  return nameOfFolded.get(folded);
}

/** The instrumentation of that name in any case, with `_` for `-` and `.`, with or without its package prefix. */
export function findInstrumentation(name: string): InstrumentationName | undefined {
  return findFolded(fold(name.replace(/^(@opentelemetry\/)?instrumentation-/i, '')));
}

const SWITCH = /^OTEL_INSTRUMENTATION_(.+)_ENABLED$/;

/** The instrumentation that `OTEL_INSTRUMENTATION_<NAME>_ENABLED` switches; undefined for every other variable. */
export function switchedInstrumentation(variable: string): InstrumentationName | undefined {
  const name = variable.startsWith('OTEL_INSTRUMENTATION_') ? SWITCH.exec(variable)?.[1] : undefined;
  return name === undefined ? undefined : findFolded(name.toLowerCase());
}

/** The names of all switches. */
export function switchNames(): readonly string[] {
  return INSTRUMENTATION_NAMES.map((name) => `OTEL_INSTRUMENTATION_${fold(name).toUpperCase()}_ENABLED`);
}
