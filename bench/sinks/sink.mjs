/**
 * One HTTP server that accepts everything the agents send: OTLP, Datadog's trace agent protocol, Elastic's intake. It
 * keeps the bodies and decodes them when asked, after the measurement: decoding would take the processor away from what
 * is measured.
 */
import { createServer } from 'node:http';
import { constants, gunzipSync, inflateSync } from 'node:zlib';

/** What counts the spans of a body that came to a path, loaded when one came, and the answer that the agent expects. */
const ROUTES = [
  { path: '/v1/traces', decoder: './otlp.mjs', status: 200, type: 'application/x-protobuf', answer: '' },
  {
    path: '/v0.4/traces',
    decoder: './datadog.mjs',
    status: 200,
    type: 'application/json',
    answer: '{"rate_by_service":{}}',
  },
  { path: '/intake/v2/events', decoder: './elastic.mjs', status: 202, type: 'application/json', answer: '' },
];
const OTHER_ANSWERS = new Map([
  ['/info', JSON.stringify({ version: '7.60.0', endpoints: ['/v0.4/traces'], client_drop_p0s: false })],
  ['/', JSON.stringify({ version: '8.15.0', publish_ready: true })],
]);
/** A stream that its sender's end cut off is decoded as far as it goes. */
const WHAT_IS_THERE = { finishFlush: constants.Z_SYNC_FLUSH };
const DECODERS = {
  gzip: (body) => gunzipSync(body, WHAT_IS_THERE),
  deflate: (body) => inflateSync(body, WHAT_IS_THERE),
};

/** @returns {Promise<{url, counts(): Promise<{server, client, other}>, close(): Promise<void>}>} */
export async function startSink() {
  const bodies = [];
  const server = createServer((request, response) => {
    const path = request.url.split('?')[0];
    const route = ROUTES.find((candidate) => candidate.path === path);
    const chunks = [];
    request.on('error', () => {});
    // Kept as it comes: a body that its sender's end cuts off counts as far as it got.
    if (route) bodies.push({ route, chunks, encoding: request.headers['content-encoding'] });
    request.on('data', (chunk) => route && chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(route?.status ?? 200, { 'Content-Type': route?.type ?? 'application/json' });
      response.end(route?.answer ?? OTHER_ANSWERS.get(path) ?? '{}');
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    async counts() {
      const totals = { server: 0, client: 0, other: 0 };
      for (const { route, chunks, encoding } of bodies) {
        if (chunks.length === 0) continue;
        const body = Buffer.concat(chunks);
        const { count } = await import(route.decoder);
        const counts = count(DECODERS[encoding]?.(body) ?? body);
        for (const key of Object.keys(totals)) totals[key] += counts[key];
      }
      return totals;
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
