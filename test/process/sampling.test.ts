/** Rules and errors that are kept, in a real server with a real receiver. */
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

type Variables = Record<string, string>;

async function serve(t: Test, node: string, env: Variables) {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const app = runApp({
    node,
    file: 'sampling/app.cjs',
    env: {
      OTEL_SERVICE_NAME: 'app',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_LOG_LEVEL: 'debug',
      ...env,
    },
  });
  const [, port] = await app.waitForLine(/^listening on (\d+)$/);
  const ask = async (path: string, init?: RequestInit): Promise<string> =>
    (
      await fetch(`http://127.0.0.1:${port}${path}`, { ...init, headers: { connection: 'close', ...init?.headers } })
    ).text();
  const end = async (): Promise<string> => {
    await ask('/end').catch(() => undefined);
    await app.exited;
    return app.stderr();
  };
  return { collector, app, ask, end };
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: rules`, async (t) => {
    const rules = 'path=/health* -> drop; method=POST,path=/orders/* -> 1.0; path=/few -> rate 2/h; * -> 0';
    const { collector, ask, end } = await serve(t, node, { OTEL_NODE_SAMPLING_RULES: rules });
    for (let index = 0; index < 5; index++) {
      for (const path of ['/healthz', '/few', '/fail', '/orders/1']) await ask(path);
      await ask('/orders/1', { method: 'POST' });
    }
    // The caller has decided.
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await ask('/healthz', { headers: { traceparent } });
    const stderr = await end();
    const paths = collector
      .spans()
      .map(({ attributes }) => `${attributes['http.request.method']} ${attributes['url.path']}`);
    t.strictSame(paths.sort(), ['GET /few', 'GET /healthz', ...Array(5).fill('POST /orders/1')]);
    t.match(stderr, /sampler 4 rules, then parentbased_always_on;/);
    t.match(stderr, /TA3030: otlp spans: created 7 = exported 7 \+ dropped 0 \+ queued 0/);
  });

  t.test(`Node ${version}: errors are kept`, async (t) => {
    const { collector, ask, end } = await serve(t, node, {
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
      OTEL_NODE_KEEP_ERRORS: 'true',
    });
    for (let index = 0; index < 3; index++) await ask('/ok');
    t.match(JSON.parse(await ask('/fail')).traceparent, /-00$/, 'what is called was told "not sampled"');
    const stderr = await end();
    t.equal(sketch(collector.spans()), 'app SERVER GET ERROR\n  app CLIENT GET');
    t.match(stderr, /sampler parentbased_always_off, errors kept;/);
    t.match(stderr, /TA3030: otlp spans: created 2 = exported 2 \+ dropped 0 \+ queued 0/);
  });
}

t.test('a crash is an error of the requests that were open', async (t) => {
  const { collector, app, ask } = await serve(t, process.execPath, {
    OTEL_TRACES_SAMPLER: 'always_off',
    OTEL_NODE_KEEP_ERRORS: 'true',
  });
  await ask('/ok');
  await t.rejects(ask('/crash'));
  t.equal((await app.exited).code, 1);
  t.equal(sketch(collector.spans()), 'app SERVER GET ERROR');
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const SAMPLED = `00-${TRACE}-${PARENT}-01`;
/** As other tenants write it; every byte is theirs. */
const FOREIGN = 'congo=t61rcWkgMzE,rojo=00f067aa0ba902b7,t1@vendor=a:b;c/d~';

t.test('consistent probability: threshold and random flag go out, foreign tracestate passes', async (t) => {
  const { ask, end, collector } = await serve(t, process.execPath, {
    OTEL_TRACES_SAMPLER: 'parentbased_probability',
    OTEL_TRACES_SAMPLER_ARG: '1',
  });
  const started = JSON.parse(await ask('/ask'));
  t.match(started.traceparent, /-03$/);
  t.equal(started.tracestate, 'ot=th:0');
  // The caller knows no thresholds, and says nothing of its id.
  const followed = JSON.parse(await ask('/ask', { headers: { traceparent: SAMPLED, tracestate: FOREIGN } }));
  t.match(followed.traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  t.equal(followed.tracestate, FOREIGN);
  // It knows them: what it said goes on, with what is not ours inside of it, too.
  const tracestate = `${FOREIGN},ot=th:4;rv:ffffffffffffff;xy:z`;
  const known = JSON.parse(await ask('/ask', { headers: { traceparent: SAMPLED.replace(/01$/, '03'), tracestate } }));
  t.match(known.traceparent, /-03$/);
  t.equal(known.tracestate, `ot=th:4;rv:ffffffffffffff;xy:z,${FOREIGN}`);
  await end();
  t.equal(collector.spans()[0]?.traceState, 'ot=th:0', 'the back end can count');
});

t.test('without such a sampler tracestate passes byte for byte', async (t) => {
  const { ask, end } = await serve(t, process.execPath, {});
  const tracestate = `ot=th:c;rv:1234567890abcd,${FOREIGN}`;
  for (const flags of ['00', '01']) {
    const traceparent = `00-${TRACE}-${PARENT}-${flags}`;
    t.equal(JSON.parse(await ask('/ask', { headers: { traceparent, tracestate } })).tracestate, tracestate);
  }
  await end();
});

t.test('more formats are read than are written', async (t) => {
  const { ask, end } = await serve(t, process.execPath, {
    OTEL_PROPAGATORS: 'tracecontext',
    OTEL_NODE_EXTRACT_PROPAGATORS: 'b3,tracecontext',
  });
  const seen = JSON.parse(await ask('/ask', { headers: { b3: `${TRACE}-${PARENT}-1` } }));
  t.match(seen.traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-01$`));
  t.equal(seen.b3, undefined);
  t.match(await end(), /propagators tracecontext \(read: b3,tracecontext\);/);
});

t.test('callers that are not trusted are linked to', async (t) => {
  const { ask, end, collector } = await serve(t, process.execPath, {
    OTEL_NODE_UNTRUSTED_INBOUND: 'path=/public/*; host=api.example.com',
  });
  const headers = { traceparent: SAMPLED.replace(/01$/, '00'), tracestate: FOREIGN };
  await ask('/public/a', { headers });
  await ask('/private/a', { headers: { traceparent: SAMPLED } });
  await end();
  const [restarted, followed] = ['/public/a', '/private/a'].map((path) =>
    collector.spans().find(({ attributes }) => attributes['url.path'] === path),
  );
  t.match(restarted, {
    parentSpanId: '',
    traceState: '',
    links: [{ traceId: TRACE, spanId: PARENT, traceState: FOREIGN }],
  });
  t.not(restarted?.traceId, TRACE);
  t.match(followed, { traceId: TRACE, parentSpanId: PARENT, links: [] });
});
