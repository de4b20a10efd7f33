'use strict';
// An HTTP server that listens and exits.
require('./report.cjs');
const http = require('node:http');

http.createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1', () => process.exit(0));
