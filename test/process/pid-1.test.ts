/**
 * Process 1 of a container: the kernel ignores signals that nobody handles, so the process goes on as it does bare, and
 * so does tracing. Needs a process namespace, which not every machine grants.
 */
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const NAMESPACE = ['--pid', '--fork', '--mount-proc'];
const isPermitted = spawnSync('unshare', [...NAMESPACE, 'true']).status === 0;

async function run(node: string, way: string, options: Partial<RunOptions>) {
  const app = runApp({
    ...options,
    node: 'unshare',
    execArgv: [...NAMESPACE, node],
    file: 'processes/pid-1.cjs',
    args: [way],
  });
  const { code, signal } = await app.exited;
  return { outcome: { code, signal, stdout: app.stdout() }, stderr: app.stderr() };
}

if (!isPermitted) t.pass('no process namespace', { skip: 'unshare is not permitted here' });

for (const { node, version } of isPermitted ? nodeBinaries() : []) {
  for (const [way, code, names] of [
    ['signals', 0, ['after', 'before', 'open meanwhile']],
    ['handler', 4, ['before', 'open meanwhile']],
    ['exit', 5, ['before', 'open meanwhile']],
  ] as const) {
    t.test(`Node ${version}: process 1, ${way}`, async (t) => {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const bare = await run(node, way, { preload: 'none' });
      const traced = await run(node, way, {
        preload: 'NODE_OPTIONS',
        env: {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
          OTEL_LOG_LEVEL: 'debug',
          OTEL_NODE_SHUTDOWN_TIMEOUT: '10000',
        },
      });
      t.equal(bare.outcome.code, code);
      t.strictSame(traced.outcome, bare.outcome);
      t.strictSame(
        collector
          .spans()
          .map(({ name }) => name)
          .sort(),
        names,
      );
      const count = names.length;
      t.match(traced.stderr, `created ${count} = exported ${count} + dropped 0 + queued 0`);
    });
  }
}
