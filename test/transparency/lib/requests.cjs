'use strict';
// Sends requests to a framework's server, one after the other, and notes the answers as they were on the wire.
const http = require('node:http');

/** The whole answer of one request; what a peer that breaks off leaves is noted as well. */
function send(t, port, { method = 'GET', path, headers = {}, body }) {
  return new Promise((resolve) => {
    const request = http.request({ host: '127.0.0.1', port, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (part) => {
        text += part;
      });
      response.on('error', () => undefined);
      response.on('close', () => {
        resolve([
          response.statusCode,
          response.statusMessage,
          t.rawHeaders(response.rawHeaders),
          text,
          response.complete,
        ]);
      });
    });
    request.on('error', (error) => resolve({ code: error.code, message: error.message }));
    request.end(body);
  });
}

/** `list`: paths, or options with a path. */
async function sendAll(t, port, list) {
  for (const item of list) {
    const options = typeof item === 'string' ? { path: item } : item;
    t.note(`${options.method ?? 'GET'} ${options.path}`, await send(t, port, options));
  }
}

module.exports = { send, sendAll };
