/**
 * gRPC: one CLIENT and one SERVER span a call, whatever streams in it; metadata of the application stays as it is.
 */
import t from 'tap';
import { type Scenario, testScenario } from '../helpers/scenario.js';

const GRPC: Scenario = {
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
};

testScenario(t, GRPC);
// The exporter speaks gRPC as well, with code of its own.
testScenario(t, { ...GRPC, protocol: 'grpc' });
