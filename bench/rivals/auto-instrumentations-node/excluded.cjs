'use strict';
// auto-instrumentations-node has no variable that leaves an URL out; its documentation asks for this hook in code.
const { getNodeAutoInstrumentations } = require('@opentelemetry/auto-instrumentations-node');
const { NodeSDK } = require('@opentelemetry/sdk-node');

const http = { ignoreIncomingRequestHook: (request) => request.url === '/healthz' };
const instrumentations = getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-http': http });
new NodeSDK({ instrumentations }).start();
