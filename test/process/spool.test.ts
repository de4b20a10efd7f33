/**
 * The spool across real processes: an outage, a SIGKILL in the middle of it, the next process delivers; and a root file
 * system that nobody can write to, with one writable mount.
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type RunningApp, runApp } from '../helpers/run-app.js';
import { abandon, filesIn, until } from '../helpers/spool.js';

const APP = 'ends/app.cjs';
const SPANS_PER_RUN = 2;
const BATCH = /^\d+-(\d+)-\d+(?:-[0-9a-f]+)?\.batch$/;

function spansOnDisk(directory: string): number {
  const counts = filesIn(directory).map((path) => Number(BATCH.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? 0));
  return counts.reduce((sum, count) => sum + count, 0);
}

async function collect(test: Test): Promise<Collector> {
  const collector = await startCollector();
  test.teardown(() => collector.close());
  return collector;
}

function environment(collector: Collector, directory: string): Record<string, string> {
  return {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_SERVICE_NAME: 'spool',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    OTEL_NODE_SPOOL_DIRECTORY: directory,
    OTEL_LOG_LEVEL: 'none',
  };
}

async function end(app: RunningApp): Promise<void> {
  app.kill('SIGTERM');
  await app.exited;
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: killed during an outage, delivered once by the next process`, async (t) => {
    const collector = await collect(t);
    const directory = join(t.testdir(), 'spool');
    const env = environment(collector, directory);
    await collector.connections('refuse');
    const killed = runApp({ node, file: APP, args: ['wait'], env });
    await killed.waitForLine(/^ready$/);
    await until(() => spansOnDisk(directory) === SPANS_PER_RUN);
    killed.kill('SIGKILL');
    t.match(await killed.exited, { signal: 'SIGKILL' });
    t.equal(spansOnDisk(directory), SPANS_PER_RUN, 'on disk, and nobody is left who knows them');
    for (const path of filesIn(directory)) t.equal(statSync(path).mode & 0o777, 0o600, 'for the owner only');

    abandon(directory);
    await collector.connections('serve');
    const next = runApp({ node, file: APP, args: ['wait'], env });
    const spans = await collector.waitForSpans(2 * SPANS_PER_RUN);
    const pids = new Set(spans.map(({ resource }) => resource['process.pid']));
    t.same(pids, new Set([killed.pid, next.pid]), 'each under the process that made it');
    await until(() => filesIn(directory).length === 0);
    await end(next);

    await end(runApp({ node, file: APP, args: ['natural'], env }));
    t.equal(collector.counts().duplicateSpans, 0);
  });
}

/** A namespace of its own for mounts, in which everything but `directory` is read-only. Needs root. */
function readOnlyRoot(directory: string): string {
  const script = join(directory, 'read-only.sh');
  const lines = ['#!/bin/sh', 'mount -t tmpfs tmpfs "$SPOOL" && mount -o remount,ro,bind / && exec "$NODE" "$@"', ''];
  writeFileSync(script, lines.join('\n'));
  chmodSync(script, 0o755);
  return script;
}

const canUnshare = spawnSync('unshare', ['-m', 'true']).status === 0;

t.test(
  'a read-only root file system with a writable mount',
  { skip: canUnshare ? false : 'mount namespaces are not permitted here' },
  async (t) => {
    const collector = await collect(t);
    const folder = t.testdir({ spool: {} });
    const spool = join(folder, 'spool');
    const script = readOnlyRoot(folder);
    await collector.connections('refuse');
    const wrapper = join(folder, 'node.sh');
    writeFileSync(wrapper, `#!/bin/sh\nexec unshare -m ${script} "$@"\n`);
    chmodSync(wrapper, 0o755);
    const env = {
      ...environment(collector, join(spool, 'deep')),
      OTEL_LOG_LEVEL: 'error',
      SPOOL: spool,
      NODE: process.execPath,
    };
    const app = runApp({ node: wrapper, file: APP, args: ['wait'], env });
    await app.waitForLine(/^ready$/);
    // The mount is seen in the application's namespace only.
    const inside = `/proc/${app.pid}/root${join(spool, 'deep')}`;
    await until(() => spansOnDisk(inside) === SPANS_PER_RUN);
    await collector.connections('serve');
    await collector.waitForSpans(SPANS_PER_RUN);
    await until(() => filesIn(inside).length === 0);
    await end(app);
    t.equal(collector.counts().duplicateSpans, 0);
    t.notMatch(app.stderr(), /EROFS|spool/);
  },
);
