/** A gRPC service as bare HTTP/2: every unary call is answered with "hello". */
import { createServer } from 'node:http2';
import { FRAME } from '../grpc-frame.mjs';

const HEADERS = { ':status': 200, 'content-type': 'application/grpc' };
const TRAILERS = { 'grpc-status': '0' };

export function startGrpc() {
  const server = createServer();
  server.on('stream', (stream) => {
    stream.on('error', () => {});
    stream.on('wantTrailers', () => stream.sendTrailers(TRAILERS));
    stream.respond(HEADERS, { waitForTrailers: true });
    stream.resume().on('end', () => stream.end(FRAME));
  });
  return server;
}
