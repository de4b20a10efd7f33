'use strict';
// A raw HTTP server, every URL.
const http = require('node:http');
const { listen } = require('../listen.cjs');

exports.start = () => listen(http.createServer((_request, response) => response.end('hello')));
