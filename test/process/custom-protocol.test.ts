/** The example of a custom protocol as two processes: one trace with the agent, the same answers without it. */
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { ROOT } from '../helpers/paths.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

const EXAMPLE = join(ROOT, 'examples/custom-protocol');

interface Both {
  readonly preloads: readonly [shop: RunOptions['preload'], warehouse: RunOptions['preload']];
  readonly node?: string;
  readonly endpoint?: string;
}

/** Starts both, buys once, and ends both. */
async function buy({
  preloads: [shopPreload = 'none', warehousePreload = 'none'],
  node,
  endpoint,
}: Both): Promise<string> {
  const run = (
    name: string,
    preload: 'none' | 'require' | 'import' | 'NODE_OPTIONS',
    more: Record<string, string> = {},
  ) =>
    runApp({
      ...(node !== undefined && { node }),
      preload,
      file: join(EXAMPLE, `${name}.cjs`),
      env: { OTEL_SERVICE_NAME: name, OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_BSP_SCHEDULE_DELAY: '50', ...more },
    });
  const warehouse = run('warehouse', warehousePreload);
  const [, warehousePort = ''] = await warehouse.waitForLine(/^warehouse on (\d+)$/);
  const shop = run('shop', shopPreload, { WAREHOUSE_PORT: warehousePort });
  const [, port] = await shop.waitForLine(/^shop on (\d+)$/);
  const answer = await (await fetch(`http://127.0.0.1:${port}/buy`, { headers: { connection: 'close' } })).text();
  for (const app of [shop, warehouse]) app.kill();
  await Promise.all([shop.exited, warehouse.exited]);
  return answer;
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: one trace over both processes`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    t.equal(await buy({ preloads: ['require', 'import'], node, endpoint: collector.httpUrl }), 'bought');
    t.equal(
      sketch(await collector.waitForSpans(3)),
      ['shop SERVER GET', '  warehouse CLIENT GET', '    shop SERVER GET'].join('\n'),
    );
  });
}

t.test('without the agent, in one of them or in both, they work as well', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  t.equal(await buy({ preloads: ['none', 'none'] }), 'bought');
  t.equal(await buy({ preloads: ['none', 'require'], endpoint: collector.httpUrl }), 'bought');
  t.equal(sketch(await collector.waitForSpans(1)), 'warehouse CLIENT GET', 'a trace of its own');
});

t.test('ES modules import both by name', async (t) => {
  const code = `
    import { extract, inject } from '@org/trace-agent';
    console.log(JSON.stringify([inject({ a: '1' }), extract({}, () => 'ran')]));`;
  const app = runApp({
    preload: 'none',
    file: undefined,
    execArgv: ['--input-type=module', '--eval', code],
    cwd: ROOT,
  });
  t.equal((await app.exited).code, 0, app.stderr());
  t.equal(app.stdout(), '[{"a":"1"},"ran"]\n');
});
