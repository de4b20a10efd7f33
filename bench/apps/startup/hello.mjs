// An HTTP server that listens and exits, as ES module.
import './report.cjs';
import http from 'node:http';

http.createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1', () => process.exit(0));
