/**
 * Starts servers of Next.js and asks them for the rows of its test: one SERVER span a request, named by the folder that
 * declares its route, whatever answers it; and none of the spans that Next.js would make besides.
 *
 *   GET /blog/[slug] (SERVER)
 *     GET (CLIENT)              what the page fetches
 */
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { Test } from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { drawn, ROWS, type Row } from './next-rows.js';
import { type RunOptions, runApp } from './run-app.js';
import { sketch } from './spans.js';

export interface Server {
  readonly url: string;
  stop(): Promise<string>;
}

/** Answers with the `traceparent` that it got. */
async function startUpstream(t: Test): Promise<string> {
  const server = createServer((request, response) => response.end(request.headers.traceparent));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  t.teardown(() => server.closeAllConnections());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}/`;
}

export async function start(t: Test, collector: Collector, options: RunOptions): Promise<Server> {
  const app = runApp({
    preload: 'NODE_OPTIONS',
    ...options,
    env: {
      NEXT_TELEMETRY_DISABLED: '1',
      HOSTNAME: 'localhost',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_SERVICE_NAME: 'app',
      UPSTREAM: await startUpstream(t),
      ...options.env,
    },
  });
  t.teardown(() => app.kill('SIGKILL'));
  const [, port] = await app.waitForLine(/Local:\s+http:\/\/\S+:(\d+)/);
  await app.waitForLine(/Ready in/);
  return {
    url: `http://localhost:${port}`,
    async stop() {
      app.kill('SIGTERM');
      await app.exited;
      return app.stderr();
    },
  };
}

/** Makes the request of a row in a trace of its own; returns the trace's id. */
export async function request(t: Test, url: string, { method = 'GET', path, status, headers }: Row): Promise<string> {
  const traceId = randomBytes(16).toString('hex');
  const traceparent = `00-${traceId}-00f067aa0ba902b7-01`;
  const response = await fetch(url + path, { method, redirect: 'manual', headers: { ...headers, traceparent } });
  await response.text();
  t.equal(response.status, status, `${method} ${path}`);
  return traceId;
}

function check(t: Test, row: Row, spans: SpanRecord[]): void {
  const { method = 'GET', path, route, throws } = row;
  t.equal(sketch(spans).replace(' (orphan)', ''), drawn(row), `${method} ${path}`);
  t.match(sketch(spans), /^.* \(orphan\)/, `${method} ${path}: the parent is the caller's`);
  const server = spans.find(({ kind }) => kind === 'SERVER');
  t.equal(server?.attributes['http.route'], route);
  t.strictSame(
    server?.events.map(({ attributes }) => attributes['exception.message']),
    throws ? ['broken on purpose'] : [],
    `${method} ${path}: exceptions`,
  );
  const foreign = Object.keys(server?.attributes ?? {}).filter((key) =>
    /^next\.|^http\.(method|target|status_code)$/.test(key),
  );
  t.strictSame(foreign, [], 'nothing that Next.js says in its own words');
}

/** `isDevelopment`: Next.js asks its own registry for news meanwhile, and builds a page when it is asked for. */
export async function testServer(t: Test, options: RunOptions, rows = ROWS, isDevelopment = false): Promise<void> {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const server = await start(t, collector, options);
  const traces: [Row, string][] = [];
  for (const row of rows) traces.push([row, await request(t, server.url, row)]);
  const last = traces.at(-1)?.[1];
  // Some releases end the server of `next dev` by SIGKILL.
  while (isDevelopment && !collector.spans().some(({ traceId }) => traceId === last)) {
    await collector.waitForSpans(collector.spans().length + 1);
  }
  const stderr = await server.stop();
  for (const [row, traceId] of traces) {
    check(
      t,
      row,
      collector.spans().filter((span) => span.traceId === traceId),
    );
  }
  const traceIds = new Set(collector.spans().map(({ traceId }) => traceId));
  if (!isDevelopment) t.equal(traceIds.size, rows.length, 'and nothing else was traced');
  t.notMatch(stderr, /trace-agent (warn|error)|Unexpected root span/);
}
