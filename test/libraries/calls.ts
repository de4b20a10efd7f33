/** HTTP and gRPC, both ends of a call. */
import { type LibraryCases, locked } from './library-case.js';

export const CALLS: LibraryCases = [
  {
    library: 'http',
    instrumentation: 'http',
    server: 'itself',
    tried: ['of Node.js'],
    scenario: {
      name: 'http',
      forms: ['cjs', 'mjs', 'dynamic.cjs', 'bare-name.mjs'],
      hasAllPreloads: true,
      traces: `
        app CLIENT GET                # hello, on a connection that the next five share
          app SERVER GET

        app CLIENT POST               # items
          app SERVER POST

        app CLIENT GET ERROR          # 404: an error to the client, not to the server
          app SERVER GET

        app CLIENT GET ERROR          # 500
          app SERVER GET ERROR

        app CLIENT GET                # chain: after a timer and a promise
          app SERVER GET
            app CLIENT GET
              app SERVER GET

        app CLIENT GET                # parallel
          app SERVER GET
            app CLIENT GET
              app SERVER GET
            app CLIENT GET
              app SERVER GET

        app CLIENT GET                # by URL
          app SERVER GET

        app CLIENT GET ERROR          # refused
      `,
    },
  },
  {
    library: 'https',
    instrumentation: 'http',
    server: 'itself',
    tried: ['of Node.js'],
    scenario: {
      name: 'https',
      // Node.js 24 adds a hint to the message.
      normalise: { replace: [[/; if the root CA is installed locally.*$/, '']] },
      traces: `
        app CLIENT PUT              # chain
          app SERVER PUT
            app CLIENT GET
              app SERVER GET

        app CLIENT GET ERROR        # a certificate that the client refuses
      `,
    },
  },
  {
    library: 'fetch, undici',
    instrumentation: 'undici',
    server: 'http',
    tried: ['of Node.js'],
    others: { test: 'process/versions', folders: ['undici5', 'undici8'] },
    scenario: {
      name: 'fetch',
      traces: `
        app CLIENT GET                # hello
          app SERVER GET

        app CLIENT POST               # items
          app SERVER POST

        app CLIENT GET ERROR          # 404
          app SERVER GET

        app CLIENT GET ERROR          # 500
          app SERVER GET ERROR

        app CLIENT GET                # chain
          app SERVER GET
            app CLIENT GET
              app SERVER GET

        app CLIENT GET ERROR          # refused
      `,
    },
  },
  {
    library: '@grpc/grpc-js',
    instrumentation: 'grpc',
    server: 'itself',
    tried: locked(['@grpc/grpc-js']),
    others: { test: 'process/versions', folders: ['grpc18'] },
    scenario: {
      name: 'grpc',
      traces: `
        app CLIENT shop.v1.Catalog/Get                    # unary
          app SERVER shop.v1.Catalog/Get

        app CLIENT shop.v1.Catalog/Get ERROR              # NOT_FOUND: no fault of the server
          app SERVER shop.v1.Catalog/Get

        app CLIENT shop.v1.Catalog/Get ERROR              # INTERNAL
          app SERVER shop.v1.Catalog/Get ERROR

        app CLIENT shop.v1.Catalog/List                   # server stream
          app SERVER shop.v1.Catalog/List

        app CLIENT shop.v1.Catalog/List ERROR             # server stream that the server cuts
          app SERVER shop.v1.Catalog/List ERROR

        app CLIENT shop.v1.Catalog/Add                    # client stream
          app SERVER shop.v1.Catalog/Add

        app CLIENT shop.v1.Catalog/Chat                   # bidirectional
          app SERVER shop.v1.Catalog/Chat

        app CLIENT shop.v1.Catalog/Chain                  # one call inside another
          app SERVER shop.v1.Catalog/Chain
            app CLIENT shop.v1.Catalog/Get
              app SERVER shop.v1.Catalog/Get
      `,
    },
  },
];
