/**
 * How each instrumentation of the table is made. Loaded with the first library that has one. Every `require()` here becomes
 * a file of its own in the published package.
 */
import type { AgentConfig } from '../config/types.js';
import type { AdapterOptions, OfficialConstructor } from './adapter.js';
import { selectInstrumentations } from './selection.js';
import { DB_SYSTEM_NAME } from './semconv.js';
import type { SpanFilter } from './span-filter.js';
import type { Dialect } from './sql/scanner.js';
import type { TableEntry } from './table.js';
import type { CreateInstrumentation, Instrumentation, InstrumentationContext, PatchTarget } from './types.js';

/** What a loader is told. */
interface Loading {
  /** Of the entry. */
  readonly name: string;
  readonly context: InstrumentationContext;
  readonly table: readonly TableEntry[];
}

type Load = (loading: Loading) => Instrumentation;

type SqlModule = typeof import('./sql/describe.js');

type WebModule = typeof import('./web/patch.js');

interface OwnModule {
  readonly create: CreateInstrumentation;
}

type OfficialOptions = (config: AgentConfig, table: readonly TableEntry[]) => AdapterOptions;

type OfficialModule = typeof import('./official.js');
/** What all official ones have in common. */
const adopted = (): OfficialModule => require('./official.js') as OfficialModule;

/** What OTEL_INSTRUMENTATION_<NAME>_<OPTION> says wins. A copy: a package may change what it is given. */
function withGiven(options: AdapterOptions, name: string, { instrumentations }: AgentConfig): AdapterOptions {
  const given = instrumentations.options[name];
  return given === undefined ? options : { ...options, config: { ...options.config, ...structuredClone(given) } };
}

/** `load` returns the package's exports, `exportName` is its instrumentation class. */
function official(exportName: string, load: () => unknown, options: OfficialOptions = () => ({})): Load {
  return ({ name, context, table }) => {
    const Official = (load() as Record<string, OfficialConstructor>)[exportName];
    if (Official === undefined) throw new Error(`the package does not export ${exportName}`);
    const { config } = context;
    return adopted().adaptOfficial(name, Official, context, withGiven(options(config, table), name, config));
  };
}

/**
 * Our own instrumentation; `alternative` is the official one of the same library, which
 * OTEL_NODE_OFFICIAL_INSTRUMENTATIONS selects instead. `older` are the targets of releases that only it knows.
 */
function own(load: () => OwnModule, alternative?: Load, older: readonly OlderTarget[] = []): Load {
  return (loading) => {
    const { name, context } = loading;
    if (alternative === undefined) return { ...load().create(context), checksShape: true };
    const loadOfficial = once(() => alternative(loading));
    if (context.config.instrumentations.official.includes(name)) return loadOfficial();
    const created = load().create(context);
    const targets = [...created.targets, ...older.map((target) => patchedBy(loadOfficial, target))];
    return { ...created, targets, checksShape: true };
  };
}

/** With targets that the official one does not have. */
function patchedToo(load: Load, targetsOf: (context: InstrumentationContext) => readonly PatchTarget[]): Load {
  return (loading) => {
    const instrumentation = load(loading);
    return { ...instrumentation, targets: [...instrumentation.targets, ...targetsOf(loading.context)] };
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
function framework(key: keyof WebModule['frameworks'], alternative: Load): Load {
  const loadWeb = (): WebModule => require('./web/patch.js') as WebModule;
  const alone = own(() => loadWeb().frameworks[key], alternative);
  return (loading) => {
    const { hasMiddlewareSpans, official } = loading.context.config.instrumentations;
    const instrumentation = alone(loading);
    if (!hasMiddlewareSpans || official.includes(loading.name)) return instrumentation;
    const { targets } = alternative(loading);
    return { targets: [...instrumentation.targets, ...targets.map(loadWeb().besideOurs)] };
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
const overDrivers: OfficialOptions = (config, table) => {
  const selected = new Set(selectInstrumentations(table, config).map(({ name }) => name));
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

type WebLibraries = typeof import('./web/libraries.js');
const webLibraries = (): WebLibraries['libraries'] => (require('./web/libraries.js') as WebLibraries).libraries;

type DataLibraries = typeof import('./data/libraries.js');
const dataLibraries = (): DataLibraries['libraries'] => (require('./data/libraries.js') as DataLibraries).libraries;
const drivers = (): DataLibraries['drivers'] => (require('./data/libraries.js') as DataLibraries).drivers;
type QueueLibraries = typeof import('./messaging/libraries.js');
const queueLibraries = (): QueueLibraries['libraries'] =>
  (require('./messaging/libraries.js') as QueueLibraries).libraries;

const LOADERS: Readonly<Record<string, Load>> = {
  http: own(
    () => require('./http/patch.js'),
    official('HttpInstrumentation', () => require('@opentelemetry/instrumentation-http')),
  ),
  amqplib: patchedToo(
    official(
      'AmqplibInstrumentation',
      () => require('@opentelemetry/instrumentation-amqplib'),
      () => ({ prepare: adopted().AMQPLIB_PARAMETERS, filter: { rephrase: adopted().rephraseAmqplib } }),
    ),
    (context) => queueLibraries().amqplib.create(context).targets,
  ),
  'aws-lambda': official(
    'AwsLambdaInstrumentation',
    () => require('@opentelemetry/instrumentation-aws-lambda'),
    () => ({ adjust: adopted().keepCallback }),
  ),
  'aws-sdk': official(
    'AwsInstrumentation',
    () => require('@opentelemetry/instrumentation-aws-sdk'),
    () => ({
      config: { suppressInternalInstrumentation: true },
      adjust: adopted().keepAwsInput,
      filter: { rephrase: adopted().rephraseAws, namesErrors: true },
    }),
  ),
  'better-sqlite3': own(() => dataLibraries().betterSqlite3),
  bullmq: own(() => queueLibraries().bullmq),
  bunyan: official(
    'BunyanInstrumentation',
    () => require('@opentelemetry/instrumentation-bunyan'),
    // The method that it wraps is the same in 2.
    () => ({ config: { disableLogSending: true }, versions: ['>=1.0.0 <3'], adjust: adopted().keepBunyan }),
  ),
  'cassandra-driver': patchedToo(
    official(
      'CassandraDriverInstrumentation',
      () => require('@opentelemetry/instrumentation-cassandra-driver'),
      (config) => drivers().cassandra(config),
    ),
    () => [drivers().rowsOfCassandra],
  ),
  connect: framework(
    'connect',
    official('ConnectInstrumentation', () => require('@opentelemetry/instrumentation-connect'), withoutMiddleware),
  ),
  cucumber: official(
    'CucumberInstrumentation',
    () => require('@opentelemetry/instrumentation-cucumber'),
    () => ({ adjust: adopted().keepCucumber }),
  ),
  dataloader: official('DataloaderInstrumentation', () => require('@opentelemetry/instrumentation-dataloader')),
  dns: official('DnsInstrumentation', () => require('@opentelemetry/instrumentation-dns')),
  elasticsearch: own(() => dataLibraries().elasticsearch),
  'engine.io': own(() => webLibraries().engineIo),
  express: framework(
    'express',
    official(
      'ExpressInstrumentation',
      () => require('@opentelemetry/instrumentation-express'),
      ignoreLayers('middleware', 'router', 'request_handler'),
    ),
  ),
  fastify: own(() => require('./fastify/patch.js')),
  fs: official('FsInstrumentation', () => require('@opentelemetry/instrumentation-fs')),
  'generic-pool': official('GenericPoolInstrumentation', () => require('@opentelemetry/instrumentation-generic-pool')),
  graphql: official(
    'GraphQLInstrumentation',
    () => require('@opentelemetry/instrumentation-graphql'),
    (config) => ({
      ...adopted().graphqlParameters(hasResolveSpans(config)),
      config: { ignoreResolveSpans: !hasResolveSpans(config), ignoreTrivialResolveSpans: true },
      // Of schemas, when the application starts.
      filter: { dropsRoots: ['graphql.parse', 'graphql.validate', 'graphql.validateSchema'] },
    }),
  ),
  grpc: own(
    () => require('./grpc/patch.js'),
    official('GrpcInstrumentation', () => require('@opentelemetry/instrumentation-grpc')),
  ),
  hapi: framework(
    'hapi',
    official('HapiInstrumentation', () => require('@opentelemetry/instrumentation-hapi'), withoutMiddleware),
  ),
  hono: own(() => webLibraries().hono),
  ioredis: own(
    () => require('./ioredis/patch.js'),
    official('IORedisInstrumentation', () => require('@opentelemetry/instrumentation-ioredis')),
    [{ module: 'ioredis', versions: ['>=2.0.0 <4'] }],
  ),
  kafkajs: patchedToo(
    official(
      'KafkaJsInstrumentation',
      () => require('@opentelemetry/instrumentation-kafkajs'),
      () => ({ prepare: adopted().KAFKAJS_PARAMETERS, adjust: adopted().keepKafkaRecords }),
    ),
    () => adopted().kafkajsTargets(['>=0.3.0 <3']),
  ),
  knex: official('KnexInstrumentation', () => require('@opentelemetry/instrumentation-knex'), overDrivers),
  koa: framework(
    'koa',
    official('KoaInstrumentation', () => require('@opentelemetry/instrumentation-koa'), withoutMiddleware),
  ),
  'lru-memoizer': official(
    'LruMemoizerInstrumentation',
    () => require('@opentelemetry/instrumentation-lru-memoizer'),
    () => ({ adjust: adopted().keepMemoizer }),
  ),
  memcached: official(
    'MemcachedInstrumentation',
    () => require('@opentelemetry/instrumentation-memcached'),
    // Keys are as good as values: `session:...`.
    (config) => ({ filter: { ...withoutMessages(config), omits: ['db.memcached.key'] } }),
  ),
  mongodb: own(
    () => require('./mongodb/patch.js'),
    official('MongoDBInstrumentation', () => require('@opentelemetry/instrumentation-mongodb')),
    [{ module: 'mongodb', file: 'lib/core/wireprotocol/index.js', versions: ['>=3.3.0 <4'] }],
  ),
  mongoose: official(
    'MongooseInstrumentation',
    () => require('@opentelemetry/instrumentation-mongoose'),
    (config) => ({ config: { suppressInternalInstrumentation: true }, filter: withoutMessages(config) }),
  ),
  mqtt: own(() => queueLibraries().mqtt),
  mysql: own(
    () => ({ create: (require('./mysql2/patch.js') as MysqlModule).createMysql }),
    official('MySQLInstrumentation', () => require('@opentelemetry/instrumentation-mysql'), masked('mysql')),
  ),
  mysql2: own(
    () => require('./mysql2/patch.js'),
    official('MySQL2Instrumentation', () => require('@opentelemetry/instrumentation-mysql2'), masked('mysql')),
  ),
  nats: own(() => queueLibraries().nats),
  'nestjs-core': framework(
    'nest',
    official('NestInstrumentation', () => require('@opentelemetry/instrumentation-nestjs-core'), withoutMiddleware),
  ),
  net: official('NetInstrumentation', () => require('@opentelemetry/instrumentation-net')),
  next: own(() => webLibraries().next),
  openai: official(
    'OpenAIInstrumentation',
    () => require('@opentelemetry/instrumentation-openai'),
    () => ({ adjust: adopted().keepApiPromises }),
  ),
  opensearch: own(() => dataLibraries().opensearch),
  oracledb: patchedToo(
    official(
      'OracleInstrumentation',
      () => require('@opentelemetry/instrumentation-oracledb'),
      (config) => drivers().oracledb(config),
    ),
    () => [drivers().connectionsOfOracle],
  ),
  pg: own(
    () => require('./pg/patch.js'),
    official(
      'PgInstrumentation',
      () => require('@opentelemetry/instrumentation-pg'),
      (config) => ({ config: { ignoreConnectSpans: true }, filter: maskQueries(config, 'postgresql') }),
    ),
  ),
  postgres: own(() => dataLibraries().postgres),
  pino: official(
    'PinoInstrumentation',
    () => require('@opentelemetry/instrumentation-pino'),
    () => ({ config: { disableLogSending: true }, guarded: { _getMixinFunction: () => ({}) } }),
  ),
  piscina: own(() => require('./piscina/patch.js')),
  redis: own(
    () => require('./redis/patch.js'),
    official(
      'RedisInstrumentation',
      () => require('@opentelemetry/instrumentation-redis'),
      () => ({ filter: { dropsNames: ['redis-connect'] } }),
    ),
    [{ module: 'redis', versions: ['>=2.6.0 <4'] }],
  ),
  restify: framework(
    'restify',
    official('RestifyInstrumentation', () => require('@opentelemetry/instrumentation-restify'), withoutMiddleware),
  ),
  router: framework(
    'router',
    official('RouterInstrumentation', () => require('@opentelemetry/instrumentation-router'), withoutMiddleware),
  ),
  'socket.io': official(
    'SocketIoInstrumentation',
    () => require('@opentelemetry/instrumentation-socket.io'),
    () => ({ link: adopted().SOCKET_IO_LINKS }),
  ),
  sqlite: own(() => dataLibraries().nodeSqlite),
  'sqs-consumer': own(() => queueLibraries().sqsConsumer),
  tedious: official(
    'TediousInstrumentation',
    () => require('@opentelemetry/instrumentation-tedious'),
    (config) => drivers().tedious(config),
  ),
  trpc: own(() => webLibraries().trpc),
  // Ours is part of the start: table.ts.
  undici: official(
    'UndiciInstrumentation',
    () => require('@opentelemetry/instrumentation-undici'),
    (config) => adopted().undiciOptions(config),
  ),
  winston: official(
    'WinstonInstrumentation',
    () => require('@opentelemetry/instrumentation-winston'),
    always({ disableLogSending: true }),
  ),
};

/** Makes the instrumentation of a table entry. Throws when its code cannot be loaded. */
export function loadInstrumentation(loading: Loading): Instrumentation {
  const load = LOADERS[loading.name];
  if (load === undefined) throw new Error(`there is no instrumentation ${loading.name}`);
  return load(loading);
}
