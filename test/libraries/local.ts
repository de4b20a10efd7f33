/** Libraries that talk to nobody, or to a stub, and what Node.js has of its own. */
import { type LibraryCases, locked } from './library-case.js';

export const FIXTURE = 'libraries-data';

/** Their lines are compared with the spans by the test. */
export const LOGS: LibraryCases = [
  {
    library: 'pino, winston, bunyan',
    instrumentation: ['pino', 'winston', 'bunyan'],
    server: 'none',
    tried: locked(['pino', 'winston', 'bunyan'], FIXTURE),
    gets: 'none: `trace_id`, `span_id` and `trace_flags` in the lines of a request',
    needsNode: '>=20',
    scenario: {
      name: 'logs',
      folder: FIXTURE,
      traces: `
        app CLIENT GET                           # pino
          app SERVER GET

        app CLIENT GET                           # winston
          app SERVER GET

        app CLIENT GET                           # bunyan
          app SERVER GET
      `,
    },
  },
];

/** Each is the call of the library, and the request that it makes. */
const asked = (name: string, times: number, error = ''): string =>
  `
        app CLIENT ${name}${error}
          app CLIENT POST${error}
            app SERVER POST
`.repeat(times);

/** In every way that its promises have; the last ones of a kind are refused. */
const ASKED = [
  asked('chat stub-model', 9),
  asked('chat broken', 3, ' ERROR'),
  asked('chat stub-model', 3),
  asked('chat broken', 1, ' ERROR'),
  asked('embeddings stub-model', 2),
].join('');

export const LOCAL: LibraryCases = [
  {
    library: 'dataloader, generic-pool, lru-memoizer',
    instrumentation: ['dataloader', 'generic-pool', 'lru-memoizer'],
    server: 'none',
    tried: locked(['dataloader', 'generic-pool', 'lru-memoizer'], FIXTURE),
    needsNode: '>=20',
    meets: 'official',
    scenario: {
      name: 'local',
      folder: FIXTURE,
      env: { OTEL_NODE_MIDDLEWARE_SPANS: 'true' },
      traces: `
        app CLIENT GET                           # load
          app SERVER GET
            app CLIENT dataloader.load
              app INTERNAL dataloader.batch

        app CLIENT GET                           # loadMany
          app SERVER GET
            app CLIENT dataloader.loadMany
              app CLIENT dataloader.load
                app INTERNAL dataloader.batch
              app CLIENT dataloader.load

        app CLIENT GET                           # pool
          app SERVER GET
            app INTERNAL generic-pool.acquire

        app CLIENT GET                           # memoize
          app SERVER GET

        app CLIENT GET                           # memoized
          app SERVER GET

        app CLIENT GET                           # forgotten
          app SERVER GET
      `,
    },
  },
  {
    library: 'openai',
    instrumentation: 'openai',
    server: 'HTTP',
    double: true,
    tried: locked(['openai']),
    needsNode: '>=20',
    meets: 'official',
    scenario: {
      name: 'openai',
      folder: 'openai',
      traces: ASKED,
    },
  },
  {
    library: 'fs, dns, net',
    instrumentation: ['fs', 'dns', 'net'],
    server: 'none',
    tried: ['of Node.js'],
    meets: 'official',
    scenario: {
      name: 'builtins',
      folder: FIXTURE,
      // As ES module the loader reads files, too: not the same ones on every Node.js.
      forms: ['cjs'],
      env: {
        OTEL_INSTRUMENTATION_FS_ENABLED: 'true',
        OTEL_INSTRUMENTATION_DNS_ENABLED: 'true',
        OTEL_INSTRUMENTATION_NET_ENABLED: 'true',
        OTEL_INSTRUMENTATION_FS_REQUIRE_PARENT_SPAN: 'true',
      },
      traces: `
        app CLIENT dns.lookup

        app CLIENT dns.lookup

        app INTERNAL tcp.connect

        app CLIENT GET                           # access
          app SERVER GET
            app INTERNAL fs access

        app INTERNAL tcp.connect

        app CLIENT GET                           # noFile
          app SERVER GET
            app INTERNAL fs access ERROR

        app INTERNAL tcp.connect

        app CLIENT GET                           # lookup
          app SERVER GET
            app CLIENT dns.lookup

        app INTERNAL tcp.connect

        app CLIENT GET                           # connect
          app SERVER GET
            app INTERNAL tcp.connect
      `,
    },
  },
];

/** Threads: process/pools.test.ts runs their tasks, as CommonJS and as ES modules. */
export const POOLS: LibraryCases = [
  {
    library: 'piscina',
    instrumentation: 'piscina',
    server: 'none',
    tried: locked(['piscina', 'piscina5']),
    gets: 'none: what a task does belongs to the trace of who has run it, in whichever thread',
    scenario: {
      name: 'pool',
      folder: 'threads',
      traces: `
        app CLIENT GET
          app SERVER GET                         # runs a task
            app CLIENT GET                       # in the thread
              app SERVER GET
      `,
    },
  },
];
