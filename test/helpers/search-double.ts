/**
 * Answers like a node of Elasticsearch or OpenSearch to the few requests that the programs of the tests make. A double:
 * neither of the two can be installed from a package registry.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Test } from 'tap';

type Answer = readonly [status: number, body: unknown];

const DOCUMENT = { _index: 'items', _id: '1', _version: 1, result: 'created' };
const NOT_FOUND: Answer = [404, { found: false, _index: 'items', _id: '7' }];
const NO_INDEX: Answer = [
  404,
  { status: 404, error: { type: 'index_not_found_exception', reason: 'no such index [missing], asked for secret' } },
];

const ANSWERS: Readonly<Record<string, Answer>> = {
  'PUT /items': [200, { acknowledged: true, shards_acknowledged: true, index: 'items' }],
  'PUT /items/_doc/1': [201, DOCUMENT],
  'GET /items/_doc/7': NOT_FOUND,
  'POST /items/_search': [
    200,
    { hits: { total: { value: 1 }, hits: [{ _id: '1', _source: { name: 'secret tea' } }] } },
  ],
  'POST /missing/_search': NO_INDEX,
  'POST /_bulk': [200, { took: 1, errors: false, items: [] }],
  'GET /_cluster/health': [200, { status: 'green' }],
};

function answerTo({ method, url = '' }: IncomingMessage): Answer {
  return (
    ANSWERS[`${method} ${url.split('?')[0]}`] ?? [400, { error: { type: 'unexpected', reason: `${method} ${url}` } }]
  );
}

/** Listens until the test `t` ends; resolves with its URL. */
export async function startSearchDouble(t: Test): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    request.once('end', () => {
      const [status, body] = answerTo(request);
      // Elastic's client refuses servers that are not of Elastic.
      response.writeHead(status, { 'content-type': 'application/json', 'x-elastic-product': 'Elasticsearch' });
      response.end(JSON.stringify(body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
