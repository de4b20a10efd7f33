/** Databases through the drivers that most applications use. */
import { type LibraryCases, locked } from './library-case.js';

export const DATABASES: LibraryCases = [
  {
    library: 'pg',
    instrumentation: 'pg',
    server: 'PostgreSQL',
    tried: locked(['pg']),
    others: { test: 'unit/sql-pg', folders: ['pg80'] },
    scenario: {
      name: 'pg',
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
    },
  },
  {
    library: 'mysql2',
    instrumentation: 'mysql2',
    server: 'MariaDB',
    tried: locked(['mysql2']),
    others: { test: 'unit/sql-mysql2', folders: ['mysql2-14', 'mysql2-311'] },
    scenario: {
      name: 'mysql2',
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
    },
  },
  {
    library: 'redis',
    instrumentation: 'redis',
    server: 'Redis',
    tried: locked(['redis']),
    others: { test: 'unit/redis', folders: ['redis40', 'redis41', 'redis4', 'redis50', 'redis6'] },
    scenario: {
      name: 'redis',
      traces: `
        app CLIENT FLUSHALL 127.0.0.1:<port>   # before any request; connecting is no command

        app CLIENT GET                     # set
          app SERVER GET
            app CLIENT SET 127.0.0.1:<port>

        app CLIENT GET                     # get
          app SERVER GET
            app CLIENT GET 127.0.0.1:<port>

        app CLIENT GET                     # hash
          app SERVER GET
            app CLIENT HSET 127.0.0.1:<port>

        app CLIENT GET                     # parallel
          app SERVER GET
            app CLIENT INCR 127.0.0.1:<port>
            app CLIENT INCR 127.0.0.1:<port>

        app CLIENT GET                     # multi: one round trip
          app SERVER GET
            app CLIENT MULTI 127.0.0.1:<port>

        app CLIENT GET                     # error
          app SERVER GET
            app CLIENT LPUSH 127.0.0.1:<port> ERROR

        app CLIENT GET                     # raw
          app SERVER GET
            app CLIENT ECHO 127.0.0.1:<port>
      `,
    },
  },
  {
    library: 'ioredis',
    instrumentation: 'ioredis',
    server: 'Redis',
    tried: locked(['ioredis']),
    others: { test: 'unit/ioredis', folders: ['ioredis40', 'ioredis4', 'ioredis50', 'ioredis6'] },
    scenario: {
      name: 'ioredis',
      traces: `
        app CLIENT flushall 127.0.0.1:<port>   # before any request; connecting is no command

        app CLIENT GET                     # set
          app SERVER GET
            app CLIENT set 127.0.0.1:<port>

        app CLIENT GET                     # get
          app SERVER GET
            app CLIENT get 127.0.0.1:<port>

        app CLIENT GET                     # hash
          app SERVER GET
            app CLIENT hset 127.0.0.1:<port>

        app CLIENT GET                     # parallel
          app SERVER GET
            app CLIENT incr 127.0.0.1:<port>
            app CLIENT incr 127.0.0.1:<port>

        app CLIENT GET                     # pipeline
          app SERVER GET
            app CLIENT PIPELINE 127.0.0.1:<port>

        app CLIENT GET                     # multi
          app SERVER GET
            app CLIENT MULTI 127.0.0.1:<port>

        app CLIENT GET                     # callback
          app SERVER GET
            app CLIENT get 127.0.0.1:<port>

        app CLIENT GET                     # error
          app SERVER GET
            app CLIENT lpush 127.0.0.1:<port> ERROR
      `,
    },
  },
  {
    library: 'mongodb',
    instrumentation: 'mongodb',
    server: 'SecantusDB 0.7.0b3, a MongoDB-compatible server',
    tried: locked(['mongodb']),
    others: { test: 'unit/mongodb', folders: ['mongodb4', 'mongodb5', 'mongodb60', 'mongodb7'] },
    scenario: {
      name: 'mongodb',
      traces: `
        app CLIENT delete items            # before any request

        app CLIENT GET                     # insert
          app SERVER GET
            app CLIENT insert items

        app CLIENT GET                     # insertMany
          app SERVER GET
            app CLIENT insert items

        app CLIENT GET                     # find
          app SERVER GET
            app CLIENT find items

        app CLIENT GET                     # cursor: two batches
          app SERVER GET
            app CLIENT find items
            app CLIENT getMore items

        app CLIENT GET                     # update
          app SERVER GET
            app CLIENT update items

        app CLIENT GET                     # aggregate
          app SERVER GET
            app CLIENT aggregate items

        app CLIENT GET                     # error, in an answer that says ok
          app SERVER GET
            app CLIENT insert items ERROR

        app CLIENT GET                     # delete
          app SERVER GET
            app CLIENT delete items
      `,
    },
  },
];
