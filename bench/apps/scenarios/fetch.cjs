'use strict';
// A raw HTTP server that makes one call with the global fetch for each request.
const http = require('node:http');
const { listen } = require('../listen.cjs');

exports.start = (stubs) => {
  const url = `http://127.0.0.1:${stubs.http}/items?a=1`;
  const server = http.createServer(async (_request, response) => {
    try {
      const answer = await fetch(url);
      response.end(await answer.text());
    } catch (error) {
      response.end(String(error));
    }
  });
  return listen(server);
};
