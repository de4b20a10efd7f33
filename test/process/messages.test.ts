/** What the agent says: one start line, one line for the first failed export, nothing at all when told so, no secrets. */
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { runApp } from '../helpers/run-app.js';

async function stderrOf(env: Record<string, string>): Promise<string[]> {
  const app = runApp({ file: 'preload/hello.cjs', env: { OTEL_SERVICE_NAME: 'messages', ...env } });
  const exit = await app.exited;
  if (exit.code !== 0 || app.stdout() !== 'hello\n') throw new Error(`spoiled: ${app.stdout()} ${app.stderr()}`);
  return app.stderr().split('\n').filter(Boolean);
}

t.test(
  'the start line has version, service and its source, endpoint, protocol, sampler, propagators, Node',
  async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const lines = await stderrOf({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2',
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '1',
      OTEL_PROPAGATORS: 'b3,tracecontext',
    });
    t.equal(lines.length, 1, lines.join('\n'));
    const [line = ''] = lines;
    t.match(line, /^trace-agent info TA1001: \d+\.\d+\.\d+ /);
    for (const part of [
      'service "messages" (OTEL_SERVICE_NAME)',
      `${collector.httpUrl}/v1/traces (http/protobuf)`,
      'sampler parentbased_traceidratio(1)',
      'propagators b3,tracecontext',
      `Node.js ${process.versions.node}`,
    ]) {
      t.ok(line.includes(part), part);
    }
    t.notMatch(line, /hunter2|Bearer/i);
    t.equal(collector.requests()[0]?.headers.authorization, 'Bearer hunter2');
  },
);

t.test('the first failure of export is one line with the cause', async (t) => {
  const refusing = await startCollector();
  await refusing.connections('refuse');
  const unauthorised = await startCollector({ respond: () => ({ status: 401 }) });
  const misplaced = await startCollector({ respond: () => ({ status: 404 }) });
  t.teardown(() => Promise.all([refusing.close(), unauthorised.close(), misplaced.close()]));
  for (const [collector, cause] of [
    [refusing, /ECONNREFUSED|refused/],
    [unauthorised, /HTTP 401/],
    [misplaced, /HTTP 404/],
  ] as const) {
    const lines = await stderrOf({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl });
    const failures = lines.filter((line) => cause.test(line));
    t.equal(failures.length, 1, lines.join('\n'));
    t.match(failures[0], collector.httpUrl.replace('http://', ''), 'names the endpoint');
  }
});

t.test('a collector that comes and goes is told once, however often it does', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const app = runApp({
    file: 'diagnosis/app.cjs',
    args: ['200'],
    ipc: true,
    env: {
      OTEL_SERVICE_NAME: 'messages',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    },
  });
  for (let round = 1; round <= 4; round++) {
    await collector.waitForSpans((spans) => spans.length > round);
    const before = collector.acceptedConnections();
    await collector.connections('reset');
    while (collector.acceptedConnections() === before) await new Promise((resolve) => setImmediate(resolve));
    collector.clear();
    await collector.connections('serve');
  }
  await collector.waitForSpans(1);
  app.kill();
  await app.exited;
  const lines = app.stderr().split('\n').filter(Boolean);
  t.equal(lines.filter((line) => /TA30(01|04)/.test(line)).length, 1, lines.join('\n'));
  t.ok(lines.filter((line) => line.includes('TA3023')).length <= 1);
  t.ok(lines.length <= 4);
});

t.test('OTEL_LOG_LEVEL=none is silent, error leaves out the start line, stdout is never written', async (t) => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER: 'nonsense' };
  t.strictSame(await stderrOf({ ...env, OTEL_LOG_LEVEL: 'none' }), []);
  for (const line of await stderrOf({ ...env, OTEL_LOG_LEVEL: 'error' })) t.match(line, /^trace-agent error TA\d{4}: /);
});

t.test(
  'OTEL_NODE_PRINT_CONFIG prints every setting with its source, after the start line, secrets masked',
  async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    for (const OTEL_NODE_PRINT_CONFIG of ['1', 'true']) {
      const lines = await stderrOf({
        OTEL_NODE_PRINT_CONFIG,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
        OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2,x-tenant=blue',
        OTEL_BSP_SCHEDULE_DELAY: 'soon',
      });
      t.match(lines[0], /TA1101: OTEL_BSP_SCHEDULE_DELAY="soon"/);
      t.match(lines[1], /TA1001/);
      const settings = lines.slice(2);
      t.ok(settings.length > 50, `${settings.length} settings`);
      for (const line of settings) t.match(line, /^trace-agent info TA1007: [A-Za-z_]+=.* \(.+\)$/);
      for (const text of [
        `OTEL_EXPORTER_OTLP_ENDPOINT=${collector.httpUrl}/v1/traces (environment)`,
        'OTEL_EXPORTER_OTLP_HEADERS=authorization=***,x-tenant=*** (environment)',
        'OTEL_SERVICE_NAME=messages (OTEL_SERVICE_NAME)',
        'OTEL_BSP_SCHEDULE_DELAY=5000 (instead of what OTEL_BSP_SCHEDULE_DELAY says)',
        'OTEL_BSP_MAX_QUEUE_SIZE=20000 (default)',
        'OTEL_PROPAGATORS=tracecontext,baggage (default)',
      ]) {
        t.ok(settings.includes(`trace-agent info TA1007: ${text}`), text);
      }
    }
  },
);

t.test('with OTEL_NODE_LOG_FORMAT=json every line is an object with a code', async (t) => {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1', OTEL_TRACES_SAMPLER: 'nonsense' };
  const lines = (await stderrOf({ ...env, OTEL_NODE_LOG_FORMAT: 'json' })).map((line) => JSON.parse(line));
  t.match(lines, [
    { logger: 'trace-agent', severity: 'warn', code: 'TA1101', message: /OTEL_TRACES_SAMPLER/ },
    { severity: 'info', code: 'TA1001', message: /service "messages"/ },
    { severity: 'error', code: 'TA3001', message: /ECONNREFUSED/, fix: /OTEL_EXPORTER_OTLP_ENDPOINT/ },
    { severity: 'warn', code: 'TA3025' },
  ]);
});

t.test('a bad value is one line that names the variable, the value and what is used instead', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const lines = await stderrOf({
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_TRACES_SAMPLER: 'allways_on',
    OTEL_TRACE_SAMPLER: 'always_on',
  });
  t.equal(lines.length, 3, lines.join('\n'));
  t.ok(
    lines.some((line) => /OTEL_TRACES_SAMPLER=.?allways_on.*parentbased_always_on/.test(line)),
    lines.join('\n'),
  );
  t.ok(
    lines.some((line) => /OTEL_TRACE_SAMPLER.*OTEL_TRACES_SAMPLER/.test(line)),
    lines.join('\n'),
  );
});
