/** What can be read of a running process, and of one that has ended: opt-in, from a local socket and a file. */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t from 'tap';
import type { Snapshot } from '../../src/observation/snapshot.js';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type RunningApp, runApp } from '../helpers/run-app.js';

interface Document {
  readonly isStale: boolean;
  readonly snapshot: Snapshot | null;
}

function readSocket(path: string): Promise<Document> {
  return new Promise((resolve, reject) => {
    let text = '';
    connect(path)
      .setEncoding('utf8')
      .on('data', (part) => {
        text += part;
      })
      .on('error', reject)
      .on('end', () => resolve(JSON.parse(text)));
  });
}

/** Its file is there before it can be connected to. */
async function waitForSocket(app: RunningApp, path: string): Promise<void> {
  const isReadable = () => existsSync(path) && readSocket(path).then(Boolean, () => false);
  while (!(await isReadable())) {
    if (app.child.exitCode !== null) throw new Error(app.stderr());
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The path of a Unix socket is short. */
function shortFolder(): string {
  const folder = join(tmpdir(), `ta-${process.pid}-${Math.random().toString(36).slice(2, 8)}`);
  mkdirSync(folder);
  t.teardown(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: a running process tells its counters, an ended one has left them`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const directory = join(shortFolder(), 'made');
    const app = runApp({
      node,
      file: 'diagnosis/app.cjs',
      ipc: true,
      env: {
        OTEL_SERVICE_NAME: 'observed',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
        OTEL_BSP_SCHEDULE_DELAY: '50',
        OTEL_NODE_DIAGNOSTICS_DIRECTORY: directory,
      },
    });
    await app.waitForLine(/^done$/);
    await collector.waitForSpans(6);
    const socket = join(directory, `${app.pid}.sock`);
    await waitForSocket(app, socket);
    if (process.platform === 'linux') {
      t.equal(statSync(socket).mode & 0o777, 0o600);
      t.equal(statSync(directory).mode & 0o777, 0o700);
    }
    let document = await readSocket(socket);
    while (document.snapshot?.pipelines[0]?.counters.exported !== 6) document = await readSocket(socket);
    t.match(document, {
      isStale: false,
      snapshot: {
        process: { pid: app.pid, nodeVersion: version, end: null },
        service: { name: 'observed', source: 'OTEL_SERVICE_NAME' },
        sampler: 'parentbased_always_on',
        started: { RECORD_AND_SAMPLE: 6 },
        pipelines: [
          {
            destination: 'otlp',
            url: `${collector.httpUrl}/v1/traces`,
            exporter: 'worker',
            workerRestarts: 0,
            counters: { created: 6, exported: 6, queued: 0 },
            exports: { kind: 'http/protobuf', failures: {} },
          },
        ],
        messages: [],
        faults: {},
      },
    });
    const http = document.snapshot?.libraries.find(({ module }) => module === 'http');
    t.match(http, { state: 'patched' });
    app.child.disconnect();
    t.match(await app.exited, { code: 0 });
    t.notOk(existsSync(socket), 'the socket is gone');
    const last: Snapshot = JSON.parse(readFileSync(join(directory, `${app.pid}.json`), 'utf8'));
    t.match(last, {
      process: { end: 'ended' },
      pipelines: [{ counters: { created: 6, exported: 6 }, exports: { requests: /\d/, delivered: /\d/ } }],
    });
    t.equal(app.stderr().trim().split('\n').length, 1, app.stderr());
  });
}

t.test('a busy application: the last document, marked as stale', async (t) => {
  const directory = shortFolder();
  const file = join(directory, 'busy.cjs');
  writeFileSync(
    file,
    `require('http'); console.log('done');
     process.on('message', () => { for (const end = Date.now() + 3000; Date.now() < end;); });`,
  );
  const app = runApp({ file, ipc: true, env: { OTEL_NODE_DIAGNOSTICS_DIRECTORY: directory } });
  const socket = join(directory, `${app.pid}.sock`);
  await waitForSocket(app, socket);
  t.match(await readSocket(socket), { isStale: false, snapshot: { process: { pid: app.pid } } });
  app.child.send('block');
  let document = await readSocket(socket);
  while (!document.isStale) document = await readSocket(socket);
  t.match(document, { isStale: true, snapshot: { process: { pid: app.pid } } });
  app.kill('SIGKILL');
  await app.exited;
});

t.test('ended by a signal, with a collector that refuses: faults and messages are in the last snapshot', async (t) => {
  const directory = shortFolder();
  const app = runApp({
    file: 'diagnosis/app.cjs',
    ipc: true,
    env: {
      OTEL_SERVICE_NAME: 'observed',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20s3cr3t-token-123',
      OTEL_TRACES_SAMPLER: 'alwayson',
      OTEL_LOG_LEVEL: 'none',
      OTEL_NODE_DIAGNOSTICS_DIRECTORY: directory,
    },
  });
  await app.waitForLine(/^done$/);
  app.kill('SIGTERM');
  t.match(await app.exited, { signal: 'SIGTERM' });
  const text = readFileSync(join(directory, `${app.pid}.json`), 'utf8');
  t.notMatch(text, /s3cr3t/);
  t.match(JSON.parse(text), {
    process: { end: 'ended' },
    pipelines: [
      {
        counters: { created: 6, exported: 0, dropped: { process_end: 6 }, queued: 0 },
        exports: { delivered: 0, failures: { refused: /\d/ }, lastFailure: { failureClass: 'refused' } },
      },
    ],
    messages: [
      { code: 'TA1101', severity: 'warn', count: 1 },
      { code: 'TA3001', severity: 'error' },
    ],
  });
  t.equal(app.stderr(), '');
});

t.test('a directory that cannot be used is one line', async (t) => {
  const file = join(shortFolder(), 'file');
  writeFileSync(file, '');
  const app = runApp({
    file: 'diagnosis/app.cjs',
    ipc: true,
    env: { OTEL_NODE_DIAGNOSTICS_DIRECTORY: file, OTEL_SERVICE_NAME: 'observed', OTEL_TRACES_EXPORTER: 'otlp' },
  });
  await app.waitForLine(/^done$/);
  await app.waitForLine(/TA3034: nothing can be read from here: .*OTEL_NODE_DIAGNOSTICS_DIRECTORY/);
  app.child.disconnect();
  t.match(await app.exited, { code: 0 });
});

t.test('without the variable nothing listens and nothing is written', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const app = runApp({ file: 'diagnosis/app.cjs', ipc: true, env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl } });
  await app.waitForLine(/^done$/);
  const sockets = readFileSync('/proc/net/unix', 'utf8')
    .split('\n')
    .filter((line) => line.includes(`${app.pid}.sock`));
  t.strictSame(sockets, []);
  app.child.disconnect();
  await app.exited;
});
