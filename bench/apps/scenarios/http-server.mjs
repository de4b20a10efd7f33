// A raw HTTP server, every URL, as ES module.
import http from 'node:http';
import listening from '../listen.cjs';

export const start = () => listening.listen(http.createServer((_request, response) => response.end('hello')));
