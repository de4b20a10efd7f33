'use strict';
// A raw HTTP server that makes one call with the http module for each request.
const http = require('node:http');
const { createFetcher, listen } = require('../listen.cjs');

exports.start = (stubs) => {
  const fetcher = createFetcher(stubs.http);
  const server = http.createServer((_request, response) => {
    fetcher.get((error, body) => response.end(error ? String(error) : body));
  });
  return listen(server, fetcher.close);
};
