'use strict';
// EDOT has no variable that leaves an URL out; its documentation asks for this hook in code.
const { getInstrumentations, startNodeSDK } = require('@elastic/opentelemetry-node/sdk');

const http = { ignoreIncomingRequestHook: (request) => request.url === '/healthz' };
startNodeSDK({ instrumentations: getInstrumentations({ '@opentelemetry/instrumentation-http': http }) });
