/**
 * The one table of instrumentations: module names -> a thunk that loads the code. Data only: importing this file loads
 * no instrumentation. Every `require()` in a thunk becomes a file of its own in the published package.
 */
import type { AgentConfig } from '../config/types.js';
import { type AdapterOptions, adaptOfficial, type OfficialConstructor } from './adapter.js';
import { selectInstrumentations } from './selection.js';
import { DB_SYSTEM_NAME } from './semconv.js';
import type { SpanFilter } from './span-filter.js';
import type { Dialect } from './sql/scanner.js';
import type { CreateInstrumentation, Instrumentation, InstrumentationContext, PatchTarget } from './types.js';
import * as undici from './undici/patch.js';

export interface TableEntry {
  /** Name in OTEL_NODE_ENABLED_INSTRUMENTATIONS and OTEL_INSTRUMENTATION_<NAME>_ENABLED. */
  readonly name: string;
  /** Packages, or built-ins (with the prefix where that must be written), whose load triggers the thunk. */
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

type SqlModule = typeof import('./sql/describe.js');

type WebModule = typeof import('./web/patch.js');

interface OwnModule {
  readonly create: CreateInstrumentation;
}

type Extra = Partial<Omit<TableEntry, 'name' | 'modules' | 'load'>>;
type OfficialOptions = (config: AgentConfig) => AdapterOptions;

/** What OTEL_INSTRUMENTATION_<NAME>_<OPTION> says wins. A copy: a package may change what it is given. */
function withGiven(options: AdapterOptions, name: string, { instrumentations }: AgentConfig): AdapterOptions {
  const given = instrumentations.options[name];
  return given === undefined ? options : { ...options, config: { ...options.config, ...structuredClone(given) } };
}

/** `load` returns the package's exports, `exportName` is its instrumentation class. */
function official(
  name: string,
  modules: readonly string[],
  exportName: string,
  load: () => unknown,
  options: OfficialOptions = () => ({}),
  extra: Extra = {},
): TableEntry {
  return {
    name,
    modules,
    ...extra,
    load(context) {
      const Official = (load() as Record<string, OfficialConstructor>)[exportName];
      if (Official === undefined) throw new Error(`the package does not export ${exportName}`);
      return adaptOfficial(name, Official, context, withGiven(options(context.config), name, context.config));
    },
  };
}

/**
 * Our own instrumentation; `alternative` is the official one of the same library, which
 * OTEL_NODE_OFFICIAL_INSTRUMENTATIONS selects instead. `older` are the targets of releases that only it knows.
 */
function own(
  name: string,
  modules: readonly string[],
  load: () => OwnModule,
  extra: Extra = {},
  alternative?: TableEntry,
  older: readonly OlderTarget[] = [],
): TableEntry {
  return {
    name,
    modules,
    ...extra,
    load(context) {
      const { official } = context.config.instrumentations;
      if (alternative === undefined) return { ...load().create(context), checksShape: true };
      const loadOfficial = once(() => alternative.load(context));
      if (official.includes(name)) return loadOfficial();
      const created = load().create(context);
      const targets = [...created.targets, ...older.map((target) => patchedBy(loadOfficial, target))];
      return { ...created, targets, checksShape: true };
    },
  };
}

/** With targets that the official one does not have. */
function patchedToo(
  entry: TableEntry,
  targetsOf: (context: InstrumentationContext) => readonly PatchTarget[],
): TableEntry {
  return {
    ...entry,
    load(context) {
      const instrumentation = entry.load(context);
      return { ...instrumentation, targets: [...instrumentation.targets, ...targetsOf(context)] };
    },
  };
}

type OlderTarget = Omit<PatchTarget, 'patch' | 'isForTestedOnly'>;

function once<T extends object>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Loads that instrumentation only with a release that needs it. */
function patchedBy(load: () => Instrumentation, target: OlderTarget): PatchTarget {
  const isSame = (other: PatchTarget): boolean => other.module === target.module && other.file === target.file;
  return {
    ...target,
    isForTestedOnly: true,
    patch(exports, version) {
      const patches = load().targets.filter(isSame);
      return patches.reduce((current, { patch }) => patch(current, version) ?? current, exports);
    },
  };
}

/**
 * Our own instrumentation of a web framework, which makes no spans. With middleware spans wanted, the official one runs
 * beside it: ours still says which route has answered.
 */
function framework(
  key: keyof WebModule['frameworks'],
  modules: readonly string[],
  alternative: TableEntry,
): TableEntry {
  const { name } = alternative;
  const loadWeb = (): WebModule => require('./web/patch.js') as WebModule;
  const alone = own(name, modules, () => loadWeb().frameworks[key], {}, alternative);
  return {
    ...alone,
    load(context) {
      const { hasMiddlewareSpans, official } = context.config.instrumentations;
      const instrumentation = alone.load(context);
      if (!hasMiddlewareSpans || official.includes(name)) return instrumentation;
      const { targets } = alternative.load(context);
      return { targets: [...instrumentation.targets, ...targets.map(loadWeb().besideOurs)] };
    },
  };
}

const withoutMiddleware: OfficialOptions = (config) => ({
  filter: { dropsInternal: !config.instrumentations.hasMiddlewareSpans },
});

const ignoreLayers =
  (...types: string[]): OfficialOptions =>
  (config) => ({ config: config.instrumentations.hasMiddlewareSpans ? {} : { ignoreLayersType: types } });

const always =
  (config: Record<string, unknown>): OfficialOptions =>
  () => ({ config });

/** For the official instrumentations that have no option to mask literals, and quote them in errors. */
function maskQueries(config: AgentConfig, dialect: Dialect): SpanFilter {
  if (!config.isDbQuerySanitized) return {};
  const describe = (require('./sql/describe.js') as SqlModule).createDescribeQuery(dialect);
  return { maskQuery: (text) => describe(text).sanitized, hidesMessages: true };
}

const withoutMessages = ({ isDbQuerySanitized }: AgentConfig): SpanFilter => ({ hidesMessages: isDbQuerySanitized });

const masked =
  (dialect: Dialect): OfficialOptions =>
  (config) => ({ filter: maskQueries(config, dialect) });

/** By what knex calls them: drivers that are traced themselves, and by what. */
const DRIVERS_OF_KNEX: Readonly<Record<string, string>> = {
  postgresql: 'pg',
  mysql: 'mysql',
  mysql2: 'mysql2',
  'better-sqlite3': 'better-sqlite3',
  oracledb: 'oracledb',
  mssql: 'tedious',
};

/** Its spans say what those of the driver say; they are kept where the driver makes none. */
const overDrivers: OfficialOptions = (config) => {
  const selected = new Set(selectInstrumentations(TABLE, config).map(({ name }) => name));
  const isTraced = (system: unknown): boolean => selected.has(DRIVERS_OF_KNEX[String(system)] ?? '');
  const dropsCalls: SpanFilter['dropsCalls'] = ({ attributes }) => isTraced(attributes?.[DB_SYSTEM_NAME]);
  const isWanted = config.instrumentations.official.includes('knex');
  return { filter: { ...maskQueries(config, 'sqlite'), ...(isWanted ? {} : { dropsCalls }) } };
};

function hasResolveSpans({ instrumentations: { options, hasMiddlewareSpans } }: AgentConfig): boolean {
  const { ignoreResolveSpans = !hasMiddlewareSpans } = options.graphql ?? {};
  return ignoreResolveSpans !== true;
}

type MysqlModule = typeof import('./mysql2/patch.js');

type MessagingModule = typeof import('./messages.js');
const messages = (): MessagingModule => require('./messages.js');

type WebLibraries = typeof import('./web/libraries.js');
const webLibraries = (): WebLibraries['libraries'] => (require('./web/libraries.js') as WebLibraries).libraries;

type DataLibraries = typeof import('./data/libraries.js');
const dataLibraries = (): DataLibraries['libraries'] => (require('./data/libraries.js') as DataLibraries).libraries;
const drivers = (): DataLibraries['drivers'] => (require('./data/libraries.js') as DataLibraries).drivers;
type QueueLibraries = typeof import('./messaging/libraries.js');
const queueLibraries = (): QueueLibraries['libraries'] =>
  (require('./messaging/libraries.js') as QueueLibraries).libraries;

const MIDDLEWARE_ONLY: Extra = { makesMiddlewareSpansOnly: true };
const BUILTIN: Extra = { isBuiltin: true };
const BUILTIN_OFF: Extra = { isBuiltin: true, isOffByDefault: true };
const GLOBAL: Extra = { isGlobal: true, propagates: true };
const APPLICATION_FILES: Extra = { patchesApplicationFiles: true };
const CARRIES_CONTEXT: Extra = { propagates: true };
const CARRIES_STREAM_CONTEXT: Extra = { propagates: (config) => config.carriesRedisStreamContext };

/** All instrumentations, in the order in which patches of one module are applied. */
export const TABLE: readonly TableEntry[] = [
  own('undici', [], () => undici, GLOBAL),
  own(
    'http',
    ['http', 'https', 'http2'],
    () => require('./http/patch.js'),
    { ...BUILTIN, ...CARRIES_CONTEXT },
    official('http', [], 'HttpInstrumentation', () => require('@opentelemetry/instrumentation-http')),
  ),
  patchedToo(
    official(
      'amqplib',
      ['amqplib'],
      'AmqplibInstrumentation',
      () => require('@opentelemetry/instrumentation-amqplib'),
      () => ({ prepare: messages().AMQPLIB_PARAMETERS, filter: { rephrase: messages().rephraseAmqplib } }),
      CARRIES_CONTEXT,
    ),
    (context) => queueLibraries().amqplib.create(context).targets,
  ),
  official(
    'aws-lambda',
    [],
    'AwsLambdaInstrumentation',
    () => require('@opentelemetry/instrumentation-aws-lambda'),
    () => ({ adjust: messages().keepCallback }),
    APPLICATION_FILES,
  ),
  official(
    'aws-sdk',
    [
      '@aws-sdk/middleware-stack',
      '@smithy/middleware-stack',
      '@smithy/core',
      '@aws-sdk/smithy-client',
      '@smithy/smithy-client',
    ],
    'AwsInstrumentation',
    () => require('@opentelemetry/instrumentation-aws-sdk'),
    () => ({
      config: { suppressInternalInstrumentation: true },
      adjust: messages().keepAwsInput,
      filter: { rephrase: messages().rephraseAws, namesErrors: true },
    }),
    CARRIES_CONTEXT,
  ),
  own('better-sqlite3', ['better-sqlite3'], () => dataLibraries().betterSqlite3),
  own('bullmq', ['bullmq'], () => queueLibraries().bullmq, CARRIES_CONTEXT),
  official(
    'bunyan',
    ['bunyan'],
    'BunyanInstrumentation',
    () => require('@opentelemetry/instrumentation-bunyan'),
    // The method that it wraps is the same in 2.
    () => ({ config: { disableLogSending: true }, versions: ['>=1.0.0 <3'], adjust: messages().keepBunyan }),
  ),
  patchedToo(
    official(
      'cassandra-driver',
      ['cassandra-driver'],
      'CassandraDriverInstrumentation',
      () => require('@opentelemetry/instrumentation-cassandra-driver'),
      (config) => drivers().cassandra(config),
    ),
    () => [drivers().rowsOfCassandra],
  ),
  framework(
    'connect',
    ['connect'],
    official(
      'connect',
      [],
      'ConnectInstrumentation',
      () => require('@opentelemetry/instrumentation-connect'),
      withoutMiddleware,
    ),
  ),
  official(
    'cucumber',
    ['@cucumber/cucumber'],
    'CucumberInstrumentation',
    () => require('@opentelemetry/instrumentation-cucumber'),
    () => ({ adjust: messages().keepCucumber }),
  ),
  official(
    'dataloader',
    ['dataloader'],
    'DataloaderInstrumentation',
    () => require('@opentelemetry/instrumentation-dataloader'),
    undefined,
    MIDDLEWARE_ONLY,
  ),
  official(
    'dns',
    ['dns', 'dns/promises'],
    'DnsInstrumentation',
    () => require('@opentelemetry/instrumentation-dns'),
    undefined,
    BUILTIN_OFF,
  ),
  own('elasticsearch', ['@elastic/transport'], () => dataLibraries().elasticsearch, { hasEsmBuild: true }),
  own('engine.io', ['engine.io'], () => webLibraries().engineIo),
  framework(
    'express',
    ['express', 'router'],
    official(
      'express',
      [],
      'ExpressInstrumentation',
      () => require('@opentelemetry/instrumentation-express'),
      ignoreLayers('middleware', 'router', 'request_handler'),
    ),
  ),
  own('fastify', ['fastify'], () => require('./fastify/patch.js'), { announcedBy: 'fastify.initialization' }),
  official(
    'fs',
    ['fs', 'fs/promises'],
    'FsInstrumentation',
    () => require('@opentelemetry/instrumentation-fs'),
    undefined,
    { ...BUILTIN_OFF, isLoadedAtStart: true },
  ),
  official(
    'generic-pool',
    ['generic-pool'],
    'GenericPoolInstrumentation',
    () => require('@opentelemetry/instrumentation-generic-pool'),
    undefined,
    MIDDLEWARE_ONLY,
  ),
  official(
    'graphql',
    ['graphql'],
    'GraphQLInstrumentation',
    () => require('@opentelemetry/instrumentation-graphql'),
    (config) => ({
      ...messages().graphqlParameters(hasResolveSpans(config)),
      config: { ignoreResolveSpans: !hasResolveSpans(config), ignoreTrivialResolveSpans: true },
      // Of schemas, when the application starts.
      filter: { dropsRoots: ['graphql.parse', 'graphql.validate', 'graphql.validateSchema'] },
    }),
  ),
  own(
    'grpc',
    ['@grpc/grpc-js'],
    () => require('./grpc/patch.js'),
    CARRIES_CONTEXT,
    official('grpc', [], 'GrpcInstrumentation', () => require('@opentelemetry/instrumentation-grpc')),
  ),
  framework(
    'hapi',
    ['@hapi/hapi'],
    official(
      'hapi',
      [],
      'HapiInstrumentation',
      () => require('@opentelemetry/instrumentation-hapi'),
      withoutMiddleware,
    ),
  ),
  own('hono', ['hono'], () => webLibraries().hono, { hasEsmBuild: true }),
  own(
    'ioredis',
    ['ioredis'],
    () => require('./ioredis/patch.js'),
    CARRIES_STREAM_CONTEXT,
    official('ioredis', [], 'IORedisInstrumentation', () => require('@opentelemetry/instrumentation-ioredis')),
    [{ module: 'ioredis', versions: ['>=2.0.0 <4'] }],
  ),
  patchedToo(
    official(
      'kafkajs',
      ['kafkajs'],
      'KafkaJsInstrumentation',
      () => require('@opentelemetry/instrumentation-kafkajs'),
      () => ({ prepare: messages().KAFKAJS_PARAMETERS, adjust: messages().keepKafkaRecords }),
      CARRIES_CONTEXT,
    ),
    () => messages().kafkajsTargets(['>=0.3.0 <3']),
  ),
  official('knex', ['knex'], 'KnexInstrumentation', () => require('@opentelemetry/instrumentation-knex'), overDrivers),
  framework(
    'koa',
    ['koa', 'koa-mount'],
    official('koa', [], 'KoaInstrumentation', () => require('@opentelemetry/instrumentation-koa'), withoutMiddleware),
  ),
  official(
    'lru-memoizer',
    ['lru-memoizer'],
    'LruMemoizerInstrumentation',
    () => require('@opentelemetry/instrumentation-lru-memoizer'),
    () => ({ adjust: messages().keepMemoizer }),
  ),
  official(
    'memcached',
    ['memcached'],
    'MemcachedInstrumentation',
    () => require('@opentelemetry/instrumentation-memcached'),
    // Keys are as good as values: `session:...`.
    (config) => ({ filter: { ...withoutMessages(config), omits: ['db.memcached.key'] } }),
  ),
  own(
    'mongodb',
    ['mongodb'],
    () => require('./mongodb/patch.js'),
    undefined,
    official('mongodb', [], 'MongoDBInstrumentation', () => require('@opentelemetry/instrumentation-mongodb')),
    [{ module: 'mongodb', file: 'lib/core/wireprotocol/index.js', versions: ['>=3.3.0 <4'] }],
  ),
  official(
    'mongoose',
    ['mongoose'],
    'MongooseInstrumentation',
    () => require('@opentelemetry/instrumentation-mongoose'),
    (config) => ({ config: { suppressInternalInstrumentation: true }, filter: withoutMessages(config) }),
    // What it does is done by mongodb, whose spans say more, and are made for what is really sent.
    { isOffByDefault: true },
  ),
  own('mqtt', ['mqtt'], () => queueLibraries().mqtt, CARRIES_CONTEXT),
  own(
    'mysql',
    ['mysql'],
    () => ({ create: (require('./mysql2/patch.js') as MysqlModule).createMysql }),
    {},
    official(
      'mysql',
      [],
      'MySQLInstrumentation',
      () => require('@opentelemetry/instrumentation-mysql'),
      masked('mysql'),
    ),
  ),
  own(
    'mysql2',
    ['mysql2'],
    () => require('./mysql2/patch.js'),
    {},
    official(
      'mysql2',
      [],
      'MySQL2Instrumentation',
      () => require('@opentelemetry/instrumentation-mysql2'),
      masked('mysql'),
    ),
  ),
  own('nats', ['nats', '@nats-io/nats-core', '@nats-io/jetstream'], () => queueLibraries().nats, CARRIES_CONTEXT),
  framework(
    'nest',
    ['@nestjs/core'],
    official(
      'nestjs-core',
      [],
      'NestInstrumentation',
      () => require('@opentelemetry/instrumentation-nestjs-core'),
      withoutMiddleware,
    ),
  ),
  official(
    'net',
    ['net'],
    'NetInstrumentation',
    () => require('@opentelemetry/instrumentation-net'),
    undefined,
    BUILTIN_OFF,
  ),
  own('next', ['next'], () => webLibraries().next),
  official(
    'openai',
    ['openai'],
    'OpenAIInstrumentation',
    () => require('@opentelemetry/instrumentation-openai'),
    () => ({ adjust: messages().keepApiPromises }),
    { hasEsmBuild: true },
  ),
  own('opensearch', ['@opensearch-project/opensearch'], () => dataLibraries().opensearch),
  patchedToo(
    official(
      'oracledb',
      ['oracledb'],
      'OracleInstrumentation',
      () => require('@opentelemetry/instrumentation-oracledb'),
      (config) => drivers().oracledb(config),
    ),
    () => [drivers().connectionsOfOracle],
  ),
  own(
    'pg',
    ['pg', 'pg-cursor', 'pg-pool'],
    () => require('./pg/patch.js'),
    {},
    official(
      'pg',
      [],
      'PgInstrumentation',
      () => require('@opentelemetry/instrumentation-pg'),
      (config) => ({ config: { ignoreConnectSpans: true }, filter: maskQueries(config, 'postgresql') }),
    ),
  ),
  own('postgres', ['postgres'], () => dataLibraries().postgres, { hasEsmBuild: true, esmDefault: 'Postgres' }),
  official(
    'pino',
    ['pino'],
    'PinoInstrumentation',
    () => require('@opentelemetry/instrumentation-pino'),
    () => ({ config: { disableLogSending: true }, guarded: { _getMixinFunction: () => ({}) } }),
  ),
  own('piscina', ['piscina'], () => require('./piscina/patch.js'), CARRIES_CONTEXT),
  own(
    'redis',
    ['redis', '@redis/client', '@node-redis/client'],
    () => require('./redis/patch.js'),
    CARRIES_STREAM_CONTEXT,
    official(
      'redis',
      [],
      'RedisInstrumentation',
      () => require('@opentelemetry/instrumentation-redis'),
      () => ({ filter: { dropsNames: ['redis-connect'] } }),
    ),
    [{ module: 'redis', versions: ['>=2.6.0 <4'] }],
  ),
  framework(
    'restify',
    ['restify'],
    official(
      'restify',
      [],
      'RestifyInstrumentation',
      () => require('@opentelemetry/instrumentation-restify'),
      withoutMiddleware,
    ),
  ),
  framework(
    'router',
    ['router'],
    official(
      'router',
      [],
      'RouterInstrumentation',
      () => require('@opentelemetry/instrumentation-router'),
      withoutMiddleware,
    ),
  ),
  official(
    'socket.io',
    ['socket.io'],
    'SocketIoInstrumentation',
    () => require('@opentelemetry/instrumentation-socket.io'),
    () => ({ link: messages().SOCKET_IO_LINKS }),
  ),
  own('sqlite', ['node:sqlite'], () => dataLibraries().nodeSqlite, { isBuiltin: true, needsSyncHooks: true }),
  own('sqs-consumer', ['sqs-consumer'], () => queueLibraries().sqsConsumer, { ...CARRIES_CONTEXT, hasEsmBuild: true }),
  official(
    'tedious',
    ['tedious'],
    'TediousInstrumentation',
    () => require('@opentelemetry/instrumentation-tedious'),
    (config) => drivers().tedious(config),
  ),
  own('trpc', ['@trpc/server'], () => webLibraries().trpc, { hasEsmBuild: true }),
  official(
    'winston',
    ['winston'],
    'WinstonInstrumentation',
    () => require('@opentelemetry/instrumentation-winston'),
    always({ disableLogSending: true }),
  ),
];
