'use strict';
// dd-trace leaves URLs out by an option of its http integration, which is given in code.
const tracer = require('dd-trace').init();

tracer.use('http', { server: { blocklist: ['/healthz'] } });
