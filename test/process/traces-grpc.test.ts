/**
 * gRPC: one CLIENT and one SERVER span a call, whatever streams in it; metadata of the application stays as it is.
 */
import t from 'tap';
import { type Scenario, testScenario } from '../helpers/scenario.js';

const GRPC: Scenario = {
  name: 'grpc',
  traces: `
    app CLIENT grpc.shop.v1.Catalog/Get               # unary
      app SERVER grpc.shop.v1.Catalog/Get

    app CLIENT grpc.shop.v1.Catalog/Get ERROR         # NOT_FOUND
      app SERVER grpc.shop.v1.Catalog/Get ERROR

    app CLIENT grpc.shop.v1.Catalog/Get ERROR         # INTERNAL
      app SERVER grpc.shop.v1.Catalog/Get ERROR

    app CLIENT grpc.shop.v1.Catalog/List              # server stream
      app SERVER grpc.shop.v1.Catalog/List

    app CLIENT grpc.shop.v1.Catalog/List ERROR        # server stream that the server cuts
      app SERVER grpc.shop.v1.Catalog/List ERROR

    app CLIENT grpc.shop.v1.Catalog/Add               # client stream
      app SERVER grpc.shop.v1.Catalog/Add

    app CLIENT grpc.shop.v1.Catalog/Chat              # bidirectional
      app SERVER grpc.shop.v1.Catalog/Chat

    app CLIENT grpc.shop.v1.Catalog/Chain             # one call inside another
      app SERVER grpc.shop.v1.Catalog/Chain
        app CLIENT grpc.shop.v1.Catalog/Get
          app SERVER grpc.shop.v1.Catalog/Get
  `,
};

testScenario(t, GRPC);
// The exporter speaks gRPC as well, with code of its own.
testScenario(t, { ...GRPC, protocol: 'grpc' });
