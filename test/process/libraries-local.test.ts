/** Libraries inside of the process: spans where they are asked for, and the ids of a trace in the lines of its logs. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { testContainment } from '../helpers/containment.js';
import { installFixture } from '../helpers/fixture-install.js';
import { testLibrary } from '../helpers/libraries.js';
import { runApp } from '../helpers/run-app.js';
import { FIXTURE, LOCAL, LOGS } from '../libraries/local.js';

const { skip } = installFixture(FIXTURE);

t.test('local', { skip }, async (t) => {
  for (const library of [...LOGS, ...LOCAL]) {
    testLibrary(t, library);
    const { scenario, instrumentation, meets } = library;
    if (meets === undefined) continue;
    const program = { file: join(scenario.folder ?? FIXTURE, `${scenario.name}.cjs`), env: { ...scenario.env } };
    t.test(`${scenario.name}: everything throws`, (t) =>
      testContainment(t, { instrumentation, meets, isAlone: true, program }),
    );
  }
});

for (const instrumentation of ['pino', 'winston', 'bunyan']) {
  t.test(`${instrumentation}: everything throws`, { skip }, (t) => {
    const program = {
      file: `${FIXTURE}/logs.in-span.cjs`,
      env: { OTEL_NODE_ENABLED_INSTRUMENTATIONS: instrumentation },
    };
    return testContainment(t, { instrumentation, meets: 'official', isAlone: true, program });
  });
}

t.test('the lines of a request have the ids of its span', { skip }, async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  for (const form of ['cjs', 'mjs']) {
    collector.clear();
    const idsFile = join(t.testdir(), 'ids.json');
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, TEST_IDS_FILE: idsFile };
    const app = runApp({ file: `${FIXTURE}/logs.${form}`, env });
    t.equal((await app.exited).code, 0, app.stderr());
    const servers = collector.spans().filter(({ kind }) => kind === 'SERVER');
    const expected = servers.map(({ traceId, spanId, attributes }) => {
      return { name: String(attributes['url.path']).slice(1), trace_id: traceId, span_id: spanId, trace_flags: '01' };
    });
    t.equal(expected.length, 3);
    t.strictSame(JSON.parse(readFileSync(idsFile, 'utf8')), expected, form);
  }
});

t.test('fs is traced whichever instrumentation is loaded first', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_INSTRUMENTATION_FS_ENABLED: 'true',
    OTEL_INSTRUMENTATION_DNS_ENABLED: 'true',
  };
  const app = runApp({ file: `${FIXTURE}/builtins.mjs`, env });
  t.equal((await app.exited).code, 0, app.stderr());
  t.notMatch(app.stderr(), /TA2002/);
  t.ok(collector.spans().some(({ name }) => name === 'fs access'));
});
