/** PM2 in cluster mode: its command line and its daemon stay untraced, its workers are instances of one service. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { installFixture } from '../helpers/fixture-install.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { AGENT_ENTRY, FIXTURES } from '../helpers/paths.js';
import { findFreePort } from '../helpers/ports.js';
import { runApp } from '../helpers/run-app.js';

const { folder, skip } = installFixture('runners');
const PM2 = join(folder, 'node_modules/pm2/bin/pm2');

// What PM2 does depends little on Node.js.
for (const { node, version } of nodeBinaries().filter((_, index, all) => index === 0 || index === all.length - 1)) {
  t.test(`Node ${version}: two workers in cluster mode`, { skip }, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    // The path of a local socket has at most a hundred characters.
    const home = mkdtempSync(join(tmpdir(), 'pm2-'));
    t.teardown(() => rmSync(home, { recursive: true, force: true }));
    const port = await findFreePort();
    const env = {
      HOME: home,
      PM2_HOME: home,
      PM2_DISABLE_VERSION_CHECK: 'true',
      TEST_PORT: String(port),
      NODE_OPTIONS: `--require ${AGENT_ENTRY}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_SERVICE_NAME: 'shop',
    };
    const start = (...args: string[]) => runApp({ node, file: PM2, args, env, preload: 'none', cwd: home });
    const pm2 = async (...args: string[]) => {
      const app = start(...args);
      t.match(await app.exited, { code: 0 }, { output: app.stdout() + app.stderr() });
      return app.stdout() + app.stderr();
    };
    t.teardown(() => start('kill').exited);

    const output = await pm2('start', join(FIXTURES, 'pm2/serve.cjs'), '-i', '2', '--name', 'shop', '--wait-ready');
    t.notMatch(output, /trace-agent/, 'the command line is left alone');
    const answers = new Set<string>();
    for (let count = 0; count < 20 && answers.size < 2; count++) {
      const response = await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
      answers.add(await response.text());
    }
    t.strictSame([...answers].sort(), ['worker 0', 'worker 1']);

    await pm2('stop', 'shop');
    const spans = await collector.waitForSpans((spans) => spans.length >= answers.size);
    t.strictSame([...new Set(spans.map(({ kind, name }) => `${kind} ${name}`))], ['SERVER GET']);
    t.strictSame([...new Set(spans.map(({ resource }) => resource['service.name']))], ['shop']);
    for (const key of ['service.instance.id', 'process.pid']) {
      t.equal(new Set(spans.map(({ resource }) => resource[key])).size, 2, `${key} is another one in each worker`);
    }
  });
}
