/** Databases through further drivers, mappers on top of them, caches and search. Programs: test/fixtures/libraries-data. */
import { type LibraryCases, LOWEST_FIXTURE, locked } from './library-case.js';

export const FIXTURE = 'libraries-data';

export const ON_POSTGRESQL: LibraryCases = [
  {
    library: 'postgres',
    instrumentation: 'postgres',
    server: 'PostgreSQL',
    tried: [...locked(['postgres'], LOWEST_FIXTURE), ...locked(['postgres'], FIXTURE)],
    lowest: { forms: ['cjs', 'mjs'] },
    meets: ['start', 'attributes', 'state', 'response', 'error', 'end'],
    scenario: {
      name: 'postgres',
      folder: FIXTURE,
      traces: `
        app CLIENT DROP TABLE items_of_postgres

        app CLIENT CREATE TABLE items_of_postgres

        app CLIENT GET                           # query
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # literal
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # parameters
          app SERVER GET
            app CLIENT INSERT items_of_postgres

        app CLIENT GET                           # values
          app SERVER GET
            app CLIENT INSERT items_of_postgres

        app CLIENT GET                           # parts
          app SERVER GET
            app CLIENT SELECT "items_of_postgres"

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT no_such_table ERROR

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT INSERT items_of_postgres ERROR

        app CLIENT GET                           # refused
          app SERVER GET
            app CLIENT SELECT ERROR

        app CLIENT GET                           # forgotten
          app SERVER GET

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT SELECT pg_sleep
            app CLIENT SELECT pg_sleep

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT begin
            app CLIENT UPDATE items_of_postgres
            app CLIENT savepoint
            app CLIENT DELETE items_of_postgres
            app CLIENT commit

        app CLIENT GET                           # rollback
          app SERVER GET
            app CLIENT begin
            app CLIENT UPDATE items_of_postgres
            app CLIENT rollback

        app CLIENT GET                           # reserved
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # rows
          app SERVER GET
            app CLIENT SELECT generate_series
            app CLIENT SELECT pg_sleep

        app CLIENT GET                           # cursor
          app SERVER GET
            app CLIENT SELECT generate_series

        app CLIENT GET                           # broken
          app SERVER GET
            app CLIENT SELECT generate_series
      `,
    },
  },
  {
    library: 'knex',
    instrumentation: 'pg',
    server: 'PostgreSQL',
    tried: locked(['knex'], FIXTURE),
    scenario: {
      name: 'knex',
      folder: FIXTURE,
      traces: `
        app CLIENT select

        app CLIENT drop table "items_of_knex"

        app CLIENT create table "items_of_knex"

        app CLIENT GET                           # insert
          app SERVER GET
            app CLIENT insert "items_of_knex"

        app CLIENT GET                           # select
          app SERVER GET
            app CLIENT select "items_of_knex"

        app CLIENT GET                           # raw
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # binding
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # first
          app SERVER GET
            app CLIENT select "items_of_knex"

        app CLIENT GET                           # callback
          app SERVER GET
            app CLIENT select "items_of_knex"

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT insert "items_of_knex" ERROR

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT select "no_such_table" ERROR

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT select "items_of_knex"
            app CLIENT select "items_of_knex"

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT BEGIN
            app CLIENT update "items_of_knex"
            app CLIENT delete "items_of_knex"
            app CLIENT COMMIT
      `,
    },
  },
  {
    library: 'typeorm',
    instrumentation: 'pg',
    server: 'PostgreSQL',
    tried: locked(['typeorm'], FIXTURE),
    needsNode: '^20.19.0 || ^22.13.0 || >=24.11.0',
    scenario: {
      name: 'typeorm',
      folder: FIXTURE,
      traces: `
        app CLIENT SELECT

        app CLIENT SELECT current_schema

        app CLIENT DROP TABLE items_of_typeorm

        app CLIENT CREATE TABLE items_of_typeorm

        app CLIENT GET                           # insert
          app SERVER GET
            app CLIENT INSERT "items_of_typeorm"

        app CLIENT GET                           # findOne
          app SERVER GET
            app CLIENT SELECT "items_of_typeorm"

        app CLIENT GET                           # builder
          app SERVER GET
            app CLIENT SELECT "items_of_typeorm"

        app CLIENT GET                           # raw
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT INSERT "items_of_typeorm" ERROR

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT no_such_table ERROR

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT SELECT "items_of_typeorm"
            app CLIENT SELECT pg_sleep

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT START TRANSACTION
            app CLIENT UPDATE "items_of_typeorm"
            app CLIENT COMMIT
      `,
    },
  },
  {
    library: '@prisma/client, @prisma/adapter-pg',
    instrumentation: 'pg',
    server: 'PostgreSQL',
    tried: locked(['@prisma/client', '@prisma/adapter-pg'], FIXTURE),
    needsNode: '^20.19.0 || ^22.12.0 || >=24.0.0',
    scenario: {
      name: 'prisma',
      folder: FIXTURE,
      traces: `
        app CLIENT DROP TABLE items_of_prisma tags_of_prisma

        app CLIENT CREATE TABLE items_of_prisma

        app CLIENT CREATE TABLE tags_of_prisma

        app CLIENT GET                           # create
          app SERVER GET
            app CLIENT INSERT "public"."items_of_prisma"

        app CLIENT GET                           # createMany
          app SERVER GET
            app CLIENT INSERT "public"."tags_of_prisma"

        app CLIENT GET                           # findMany
          app SERVER GET
            app CLIENT SELECT "public"."items_of_prisma"

        app CLIENT GET                           # relation
          app SERVER GET
            app CLIENT SELECT "public"."items_of_prisma"
            app CLIENT SELECT "public"."tags_of_prisma"

        app CLIENT GET                           # update
          app SERVER GET
            app CLIENT UPDATE "public"."items_of_prisma"

        app CLIENT GET                           # raw
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # literal
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT INSERT "public"."items_of_prisma" ERROR

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT no_such_table ERROR

        app CLIENT GET                           # invalid
          app SERVER GET

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT SELECT "public"."items_of_prisma"
            app CLIENT SELECT "public"."items_of_prisma"

        app CLIENT GET                           # loaded
          app SERVER GET
            app CLIENT SELECT "public"."items_of_prisma"

        app CLIENT GET                           # batch
          app SERVER GET
            app CLIENT BEGIN
            app CLIENT SELECT "public"."items_of_prisma"
            app CLIENT DELETE "public"."tags_of_prisma"
            app CLIENT COMMIT

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT BEGIN
            app CLIENT UPDATE "public"."items_of_prisma"
            app CLIENT DELETE "public"."tags_of_prisma"
            app CLIENT COMMIT

        app CLIENT GET                           # rollback
          app SERVER GET
            app CLIENT BEGIN
            app CLIENT DELETE "public"."items_of_prisma"
            app CLIENT ROLLBACK
      `,
    },
  },
];

const MYSQL = `
        app CLIENT DROP TABLE items_of_mysql

        app CLIENT CREATE TABLE items_of_mysql

        app CLIENT GET                           # query
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # literal
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # values
          app SERVER GET
            app CLIENT INSERT items_of_mysql

        app CLIENT GET                           # options
          app SERVER GET
            app CLIENT SELECT items_of_mysql

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT INSERT items_of_mysql ERROR

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT no_such_table ERROR

        app CLIENT GET                           # events
          app SERVER GET
            app CLIENT SELECT items_of_mysql

        app CLIENT GET                           # pool
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT SELECT
            app CLIENT SELECT DUAL

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT START TRANSACTION
            app CLIENT UPDATE items_of_mysql
            app CLIENT COMMIT
      `;

export const ON_MARIADB: LibraryCases = [
  {
    library: 'mysql',
    instrumentation: 'mysql',
    server: 'MariaDB',
    tried: [...locked(['mysql'], LOWEST_FIXTURE), ...locked(['mysql'], FIXTURE)],
    // Before 2.4 it sends what begins and ends a transaction by itself.
    lowest: { name: 'mysql20', traces: MYSQL.replace(/.*(START TRANSACTION|COMMIT)\n/g, '') },
    meets: ['start', 'attributes', 'state', 'response', 'end'],
    scenario: {
      name: 'mysql',
      folder: FIXTURE,
      traces: MYSQL,
    },
  },
  {
    library: 'sequelize',
    instrumentation: 'mysql2',
    server: 'MariaDB',
    tried: locked(['sequelize'], FIXTURE),
    scenario: {
      name: 'sequelize',
      folder: FIXTURE,
      traces: `
        app CLIENT SET

        app CLIENT SELECT

        app CLIENT SET

        app CLIENT DROP TABLE items_of_sequelize

        app CLIENT CREATE TABLE items_of_sequelize

        app CLIENT GET                           # create
          app SERVER GET
            app CLIENT INSERT \`items_of_sequelize\`

        app CLIENT GET                           # findOne
          app SERVER GET
            app CLIENT SELECT \`items_of_sequelize\`

        app CLIENT GET                           # raw
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # replacement
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT INSERT \`items_of_sequelize\` ERROR

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT no_such_table ERROR

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT SELECT items_of_sequelize
            app CLIENT SELECT \`items_of_sequelize\`

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT START TRANSACTION
            app CLIENT UPDATE \`items_of_sequelize\`
            app CLIENT COMMIT
      `,
    },
  },
];

/** Over three drivers. */
export const ON_BOTH: LibraryCases = [
  {
    library: 'drizzle-orm',
    instrumentation: ['pg', 'postgres', 'mysql2'],
    server: 'PostgreSQL, MariaDB',
    tried: locked(['drizzle-orm'], FIXTURE),
    scenario: {
      name: 'drizzle',
      folder: FIXTURE,
      traces: `
        app CLIENT DROP TABLE items_of_drizzle

        app CLIENT CREATE TABLE items_of_drizzle

        app CLIENT GET                           # pg-insert
          app SERVER GET
            app CLIENT insert "items_of_drizzle"

        app CLIENT GET                           # pg-select
          app SERVER GET
            app CLIENT select "items_of_drizzle"

        app CLIENT GET                           # pg-raw
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # pg-duplicate
          app SERVER GET
            app CLIENT insert "items_of_drizzle" ERROR

        app CLIENT GET                           # pg-parallel
          app SERVER GET
            app CLIENT select "items_of_drizzle"
            app CLIENT select "items_of_drizzle"

        app CLIENT GET                           # pg-transaction
          app SERVER GET
            app CLIENT begin
            app CLIENT update "items_of_drizzle"
            app CLIENT delete "items_of_drizzle"
            app CLIENT commit

        app CLIENT DROP TABLE items_of_drizzle

        app CLIENT CREATE TABLE items_of_drizzle

        app CLIENT GET                           # postgres-insert
          app SERVER GET
            app CLIENT insert "items_of_drizzle"

        app CLIENT GET                           # postgres-select
          app SERVER GET
            app CLIENT select "items_of_drizzle"

        app CLIENT GET                           # postgres-raw
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # postgres-duplicate
          app SERVER GET
            app CLIENT insert "items_of_drizzle" ERROR

        app CLIENT GET                           # postgres-parallel
          app SERVER GET
            app CLIENT select "items_of_drizzle"
            app CLIENT select "items_of_drizzle"

        app CLIENT GET                           # postgres-transaction
          app SERVER GET
            app CLIENT begin
            app CLIENT update "items_of_drizzle"
            app CLIENT delete "items_of_drizzle"
            app CLIENT commit

        app CLIENT DROP TABLE items_of_drizzle

        app CLIENT CREATE TABLE items_of_drizzle

        app CLIENT GET                           # mysql-insert
          app SERVER GET
            app CLIENT insert \`items_of_drizzle\`

        app CLIENT GET                           # mysql-select
          app SERVER GET
            app CLIENT select \`items_of_drizzle\`

        app CLIENT GET                           # mysql-raw
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # mysql-duplicate
          app SERVER GET
            app CLIENT insert \`items_of_drizzle\` ERROR

        app CLIENT GET                           # mysql-parallel
          app SERVER GET
            app CLIENT select \`items_of_drizzle\`
            app CLIENT select \`items_of_drizzle\`

        app CLIENT GET                           # mysql-transaction
          app SERVER GET
            app CLIENT begin
            app CLIENT update \`items_of_drizzle\`
            app CLIENT delete \`items_of_drizzle\`
            app CLIENT commit
      `,
    },
  },
];

export const ON_MONGODB: LibraryCases = [
  {
    library: 'mongoose',
    instrumentation: 'mongodb',
    server: 'SecantusDB 0.7.0b3, a MongoDB-compatible server',
    tried: locked(['mongoose'], FIXTURE),
    needsNode: '>=20.19',
    scenario: {
      name: 'mongoose',
      folder: FIXTURE,
      traces: `
        app CLIENT delete items

        app CLIENT GET                           # create
          app SERVER GET
            app CLIENT insert items

        app CLIENT GET                           # save
          app SERVER GET
            app CLIENT insert items
            app CLIENT update items

        app CLIENT GET                           # insertMany
          app SERVER GET
            app CLIENT insert items

        app CLIENT GET                           # findOne
          app SERVER GET
            app CLIENT find items

        app CLIENT GET                           # find
          app SERVER GET
            app CLIENT find items

        app CLIENT GET                           # update
          app SERVER GET
            app CLIENT update items

        app CLIENT GET                           # aggregate
          app SERVER GET
            app CLIENT aggregate items

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT insert items ERROR

        app CLIENT GET                           # invalid
          app SERVER GET

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT find items
            app CLIENT find items

        app CLIENT GET                           # cursor
          app SERVER GET
            app CLIENT find items

        app CLIENT GET                           # delete
          app SERVER GET
            app CLIENT delete items
      `,
    },
  },
];

export const ON_MEMCACHED: LibraryCases = [
  {
    library: 'memcached',
    instrumentation: 'memcached',
    server: 'Memcached',
    tried: locked(['memcached'], FIXTURE),
    meets: 'official',
    scenario: {
      name: 'memcached',
      folder: FIXTURE,
      traces: `
        app CLIENT memcached flush_all

        app CLIENT GET                           # set
          app SERVER GET
            app CLIENT memcached set

        app CLIENT GET                           # get
          app SERVER GET
            app CLIENT memcached get

        app CLIENT GET                           # getMulti
          app SERVER GET
            app CLIENT memcached get

        app CLIENT GET                           # missing
          app SERVER GET
            app CLIENT memcached get

        app CLIENT GET                           # add
          app SERVER GET
            app CLIENT memcached add ERROR

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT memcached incr ERROR

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT memcached set
            app CLIENT memcached set

        app CLIENT GET                           # del
          app SERVER GET
            app CLIENT memcached delete
      `,
    },
  },
];

/** Both have the same methods. */
const SQLITE = `
        app CLIENT CREATE TABLE items

        app CLIENT GET                           # insert
          app SERVER GET
            app CLIENT INSERT items

        app CLIENT GET                           # get
          app SERVER GET
            app CLIENT SELECT "items"

        app CLIENT GET                           # all
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # exec
          app SERVER GET
            app CLIENT UPDATE items

        app CLIENT GET                           # rows
          app SERVER GET
            app CLIENT SELECT "items"

        app CLIENT GET                           # broken
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # forgotten
          app SERVER GET

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT INSERT items ERROR

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT no_such_table ERROR

        app CLIENT GET                           # syntax
          app SERVER GET
            app CLIENT :memory: ERROR

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT BEGIN
            app CLIENT INSERT items
            app CLIENT COMMIT

        app CLIENT GET                           # caught
          app SERVER GET
            app CLIENT INSERT items ERROR
      `;

export const IN_PROCESS: LibraryCases = [
  {
    library: 'node:sqlite',
    instrumentation: 'sqlite',
    server: 'none',
    tried: ['of Node.js'],
    // 22.15 is traced, too; its databases do not say their names.
    needsNode: '>=22.16',
    meets: ['start', 'attributes', 'state', 'response', 'end'],
    scenario: {
      name: 'sqlite',
      folder: FIXTURE,
      // Node.js warns of what is an experiment.
      execArgv: () => ['--no-warnings'],
      traces: SQLITE,
    },
  },
];

/** Its program asks Elasticsearch and OpenSearch the same; spans of the former do not say of which index. */
const SEARCH = `
        app CLIENT GET                           # create
          app SERVER GET
            app CLIENT indices.delete items
            app CLIENT indices.create items

        app CLIENT GET                           # index
          app SERVER GET
            app CLIENT index items

        app CLIENT GET                           # search
          app SERVER GET
            app CLIENT search items

        app CLIENT GET                           # bulk
          app SERVER GET
            app CLIENT bulk

        app CLIENT GET                           # health
          app SERVER GET
            app CLIENT cluster.health

        app CLIENT GET                           # missing
          app SERVER GET
            app CLIENT get items ERROR

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT search missing ERROR

        app CLIENT GET                           # malformed
          app SERVER GET
            app CLIENT count items ERROR

        app CLIENT GET                           # unreadable
          app SERVER GET
            app CLIENT cluster.health ERROR

        app CLIENT GET                           # refused
          app SERVER GET
            app CLIENT cluster.health ERROR

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT search items
            app CLIENT search items
      `;

export const ON_ELASTICSEARCH: LibraryCases = [
  {
    library: '@elastic/elasticsearch',
    instrumentation: 'elasticsearch',
    server: 'Elasticsearch 9.5',
    tried: [...locked(['@elastic/elasticsearch'], LOWEST_FIXTURE), ...locked(['@elastic/elasticsearch'], FIXTURE)],
    meets: ['start', 'attributes', 'response', 'error', 'end'],
    lowest: { name: 'elasticsearch815' },
    needsNode: '>=20',
    scenario: {
      name: 'elasticsearch',
      folder: FIXTURE,
      traces: SEARCH.replace(/^( +app CLIENT [a-z.]+) (?:items|missing)/gm, '$1'),
    },
  },
];

export const ON_OPENSEARCH: LibraryCases = [
  {
    library: '@opensearch-project/opensearch',
    instrumentation: 'opensearch',
    server: 'OpenSearch 2.19',
    tried: [
      ...locked(['@opensearch-project/opensearch'], LOWEST_FIXTURE),
      ...locked(['@opensearch-project/opensearch'], FIXTURE),
    ],
    meets: ['start', 'attributes', 'state', 'response', 'end'],
    lowest: {},
    scenario: {
      name: 'opensearch',
      folder: FIXTURE,
      traces: SEARCH,
    },
  },
];

export const ON_AWS: LibraryCases = [
  {
    library: '@aws-sdk/client-s3, @aws-sdk/client-dynamodb',
    instrumentation: 'aws-sdk',
    server: 'moto 5.2',
    tried: locked(['@aws-sdk/client-s3', '@aws-sdk/client-dynamodb'], FIXTURE),
    needsNode: '>=20',
    meets: 'official',
    scenario: {
      name: 'aws',
      folder: FIXTURE,
      env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
      normalise: { omit: ['aws.request.id'], replace: [[/\b(bucket|items)-\d+/, '$1-<pid>']] },
      traces: `
        app CLIENT S3.CreateBucket

        app CLIENT DynamoDB.CreateTable

        app CLIENT GET                           # putObject
          app SERVER GET
            app CLIENT S3.PutObject

        app CLIENT GET                           # getObject
          app SERVER GET
            app CLIENT S3.GetObject

        app CLIENT GET                           # noObject
          app SERVER GET
            app CLIENT S3.GetObject ERROR

        app CLIENT GET                           # putItem
          app SERVER GET
            app CLIENT DynamoDB.PutItem

        app CLIENT GET                           # getItem
          app SERVER GET
            app CLIENT DynamoDB.GetItem

        app CLIENT GET                           # noTable
          app SERVER GET
            app CLIENT DynamoDB.GetItem ERROR

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT DynamoDB.GetItem
            app CLIENT DynamoDB.GetItem
      `,
    },
  },
];

/** Compiled for the Node.js that runs the tests, and run on that one. */
export const COMPILED: LibraryCases = [
  {
    library: 'better-sqlite3',
    instrumentation: 'better-sqlite3',
    server: 'none',
    tried: [...locked(['better-sqlite3'], LOWEST_FIXTURE), ...locked(['better-sqlite3'], FIXTURE)],
    meets: ['start', 'attributes', 'state', 'response', 'end'],
    lowest: {},
    scenario: { name: 'better-sqlite3', folder: FIXTURE, traces: SQLITE },
  },
  {
    library: 'drizzle-orm, better-sqlite3',
    instrumentation: 'better-sqlite3',
    server: 'none',
    tried: locked(['drizzle-orm', 'better-sqlite3'], FIXTURE),
    scenario: {
      name: 'drizzle-sqlite',
      folder: FIXTURE,
      traces: `
        app CLIENT CREATE TABLE items

        app CLIENT GET                           # insert
          app SERVER GET
            app CLIENT insert "items"

        app CLIENT GET                           # select
          app SERVER GET
            app CLIENT select "items"

        app CLIENT GET                           # prepared
          app SERVER GET
            app CLIENT select "items"

        app CLIENT GET                           # raw
          app SERVER GET
            app CLIENT SELECT

        app CLIENT GET                           # duplicate
          app SERVER GET
            app CLIENT insert "items" ERROR

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT select "items"
            app CLIENT select "items"

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT BEGIN
            app CLIENT update "items"
            app CLIENT delete "items"
            app CLIENT COMMIT
      `,
    },
  },
];

/** One node of Apache Cassandra, from its jars. */
export const ON_CASSANDRA: LibraryCases = [
  {
    library: 'cassandra-driver',
    instrumentation: 'cassandra-driver',
    server: 'Apache Cassandra 5.0.6',
    tried: [...locked(['cassandra-driver'], LOWEST_FIXTURE), ...locked(['cassandra-driver'], FIXTURE)],
    needsNode: '>=20',
    meets: 'official',
    lowest: {},
    scenario: {
      name: 'cassandra',
      folder: FIXTURE,
      traces: `
        app CLIENT GET                           # keyspace: the first one connects
          app SERVER GET
            app CLIENT CREATE
            app CLIENT DROP TABLE shop.items
            app CLIENT CREATE TABLE shop.items

        app CLIENT GET                           # literal
          app SERVER GET
            app CLIENT INSERT shop.items

        app CLIENT GET                           # prepared
          app SERVER GET
            app CLIENT SELECT shop.items

        app CLIENT GET                           # again
          app SERVER GET
            app CLIENT SELECT shop.items

        app CLIENT GET                           # callback
          app SERVER GET
            app CLIENT SELECT shop.items
            app CLIENT SELECT shop.items

        app CLIENT GET                           # batch
          app SERVER GET
            app CLIENT BATCH

        app CLIENT GET                           # rows: a query for each
          app SERVER GET
            app CLIENT SELECT shop.items
            app CLIENT SELECT system.local

        app CLIENT GET                           # stream
          app SERVER GET
            app CLIENT SELECT shop.items

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT shop.no_such_table ERROR

        app CLIENT GET                           # syntax
          app SERVER GET
            app CLIENT cassandra-driver.execute ERROR

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT SELECT shop.items
            app CLIENT SELECT shop.items
      `,
    },
  },
];

const ORACLE = `
        app CLIENT GET                           # query
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # literal
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # quoted
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # named
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # insert
          app SERVER GET
            app CLIENT INSERT items

        app CLIENT GET                           # many
          app SERVER GET
            app CLIENT BATCH INSERT items

        app CLIENT GET                           # procedure
          app SERVER GET
            app CLIENT BEGIN

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT no_such_table ERROR

        app CLIENT GET                           # callback
          app SERVER GET
            app CLIENT SELECT items
            app CLIENT SELECT items

        app CLIENT GET                           # rows
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # stream
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT SELECT items
            app CLIENT SELECT items

        app CLIENT GET                           # waiting
          app SERVER GET
            app CLIENT SELECT items
            app CLIENT SELECT items
            app CLIENT SELECT items

        app CLIENT GET                           # queued
          app SERVER GET
            app CLIENT SELECT items
            app CLIENT SELECT items

        app CLIENT GET                           # commit
          app SERVER GET
            app CLIENT UPDATE items
            app CLIENT COMMIT

        app CLIENT GET                           # rollback
          app SERVER GET
            app CLIENT DELETE items
            app CLIENT ROLLBACK

        app CLIENT GET                           # ping
          app SERVER GET
            app CLIENT ping SHOPDB_A

        app CLIENT GET                           # alone: without its module
          app SERVER GET
            app CLIENT SELECT dual

        app CLIENT GET                           # password
          app SERVER GET
            app CLIENT getConnection ERROR

        app CLIENT GET                           # service
          app SERVER GET
            app CLIENT getConnection ERROR

        app CLIENT GET                           # refused
          app SERVER GET
            app CLIENT getConnection ERROR

        app CLIENT GET                           # lost
          app SERVER GET
            app CLIENT SELECT lost ERROR
            app CLIENT SELECT items ERROR

        app CLIENT GET                           # killed
          app SERVER GET
            app CLIENT SELECT killed ERROR
            app CLIENT SELECT items ERROR
      `;

/** Connecting has a span only when it fails. */
export const ON_ORACLE: LibraryCases = [
  {
    library: 'oracledb',
    instrumentation: 'oracledb',
    server: 'TNS 315',
    double: true,
    tried: [...locked(['oracledb'], LOWEST_FIXTURE), ...locked(['oracledb'], FIXTURE)],
    // The first ones do not know what the database calls itself.
    lowest: { name: 'oracledb67', traces: ORACLE.replace('ping SHOPDB_A', 'ping') },
    meets: ['start', 'attributes', 'state', 'response', 'end'],
    scenario: { name: 'oracledb', folder: FIXTURE, traces: ORACLE },
  },
];

const SQL_SERVER_BASICS = `
        app CLIENT GET                           # query
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # literal
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # batch
          app SERVER GET
            app CLIENT SELECT items

        app CLIENT GET                           # parameters
          app SERVER GET
            app CLIENT INSERT items

        app CLIENT GET                           # procedure
          app SERVER GET
            app CLIENT EXECUTE rename_item

        app CLIENT GET                           # error
          app SERVER GET
            app CLIENT SELECT no_such_table ERROR
`;

/** Not through mssql. */
const TEDIOUS_ALONE = `
        app CLIENT GET                           # chain
          app SERVER GET
            app CLIENT SELECT items
            app CLIENT UPDATE items
            app CLIENT DELETE items

        app CLIENT GET                           # prepare
          app SERVER GET
            app CLIENT prepare SELECT items
            app CLIENT SELECT items
`;

export const ON_SQL_SERVER: LibraryCases = [
  {
    library: 'tedious, mssql',
    instrumentation: 'tedious',
    server: 'TDS 7.4',
    double: true,
    tried: [...locked(['tedious'], LOWEST_FIXTURE), ...locked(['tedious', 'mssql'], FIXTURE)],
    needsNode: '>=20',
    meets: 'official',
    // There was no mssql for it.
    lowest: { name: 'tedious111', traces: SQL_SERVER_BASICS + TEDIOUS_ALONE },
    scenario: {
      name: 'tedious',
      folder: FIXTURE,
      traces: `
${SQL_SERVER_BASICS}
        app CLIENT GET                           # parallel
          app SERVER GET
            app CLIENT SELECT items
            app CLIENT SELECT items

        app CLIENT GET                           # queued
          app SERVER GET
            app CLIENT SELECT items
            app CLIENT SELECT items
            app CLIENT SELECT items

        app CLIENT GET                           # transaction
          app SERVER GET
            app CLIENT UPDATE items

        app CLIENT GET                           # prepared
          app SERVER GET
            app CLIENT prepare SELECT items
            app CLIENT EXECUTE sp_execute
            app CLIENT EXECUTE sp_unprepare
${TEDIOUS_ALONE}
      `,
    },
  },
];
