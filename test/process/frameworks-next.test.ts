/**
 * Next.js as it is deployed, `next start` and the standalone output. Other releases than 16: frameworks-next-older.test.ts.
 */
import { dirname, join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { installFixture } from '../helpers/fixture-install.js';
import { buildNextApp, copyStandalone } from '../helpers/next-app.js';
import { ROWS } from '../helpers/next-rows.js';
import { request, start, testServer } from '../helpers/next-server.js';
import { isAtLeast, nodeBinaries } from '../helpers/node-versions.js';
import { AGENT_ENTRY, FIXTURES } from '../helpers/paths.js';
import { findFreePort } from '../helpers/ports.js';
import type { RunOptions } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

const { folder, skip } = installFixture('frameworks');
const next: RunOptions = {
  file: join(folder, 'node_modules/next/dist/bin/next'),
  args: ['start', '--port', '0', '--hostname', 'localhost'],
  cwd: join(folder, 'next'),
};

t.test('next build is left alone: no line, no span', { skip }, async (t) => {
  const { output, spans } = await buildNextApp(folder);
  t.match(output, /\/blog\/\[slug\]/, 'it has built the routes');
  t.notMatch(output, /trace-agent/);
  t.strictSame(spans, []);
});

for (const binary of nodeBinaries().filter((node) => isAtLeast(node, 20, 9))) {
  t.test(`next start on Node ${binary.version}`, { skip }, (t) => testServer(t, { ...next, node: binary.node }));
}

t.test('the standalone output, where the application has no API of OpenTelemetry', { skip }, async (t) => {
  const file = copyStandalone(folder, t.testdir());
  await testServer(t, { file, cwd: dirname(file), env: { PORT: String(await findFreePort()) } });
});

// What it does with spans through the API is our tracer's business: `start` fails with the attributes.
for (const BREAK of ['attributes', 'error']) {
  t.test(`answers stay what they are when this throws: ${BREAK}`, { skip }, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const NODE_OPTIONS = `--require ${AGENT_ENTRY} --require ${join(FIXTURES, 'containment', 'break.cjs')}`;
    const env = { NODE_OPTIONS, BREAK, AGENT: AGENT_ENTRY };
    const server = await start(t, collector, { ...next, preload: 'none', env });
    for (const row of ROWS) await request(t, server.url, row);
    t.match(await server.stop(), /trace-agent warn TA2005: instrumentation next failed: /);
  });
}

/** Which of its layers Next.js shows is its own business: these two have been there since it traces itself. */
t.test('its own spans of what happens inside a request, when they are asked for', { skip }, async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const server = await start(t, collector, { ...next, env: { OTEL_NODE_MIDDLEWARE_SPANS: 'true' } });
  await request(t, server.url, { path: '/blog/fetching', status: 200 });
  await request(t, server.url, { path: '/guarded/7', status: 401 });
  const stderr = await server.stop();
  const spans = collector.spans();
  const named = (kind: string) => spans.filter((span) => span.kind === kind).map(({ name }) => name);
  t.strictSame(named('SERVER'), ['GET /blog/[slug]', 'GET']);
  t.strictSame(named('CLIENT'), ['GET']);
  const inner = named('INTERNAL');
  t.ok(inner.includes('render route (app) /blog/[slug]') && inner.includes('middleware GET'), inner.join());
  const [page] = spans.filter(({ name }) => name === 'GET /blog/[slug]');
  const ofPage = spans.filter(({ traceId }) => traceId === page?.traceId);
  t.equal(sketch(ofPage).match(/orphan/g)?.length, 1, 'all below the request');
  t.notMatch(stderr, /Unexpected root span/);
});
