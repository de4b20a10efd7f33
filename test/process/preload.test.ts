/**
 * How the agent gets into a process, and when it stays out: flags, second copies, package managers, old and new Node,
 * disabled, and what is loaded when.
 */
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { AGENT_ENTRY, ROOT } from '../helpers/paths.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const START_LINE = /^trace-agent info TA1001: \d+\.\d+\.\d+ traces service /gm;

async function run(options: RunOptions) {
  const app = runApp(options);
  const exit = await app.exited;
  return { ...exit, stdout: app.stdout(), stderr: app.stderr() };
}

function env(collector: Collector, more: Record<string, string> = {}): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'preload', ...more };
}

for (const { node, version } of nodeBinaries()) {
  for (const file of ['preload/hello.cjs', 'preload/hello.mjs']) {
    for (const preload of ['require', 'import', 'NODE_OPTIONS'] as const) {
      t.test(`Node ${version}: ${preload} ${file} is traced, says one line and leaves stdout alone`, async (t) => {
        const collector = await startCollector();
        t.teardown(() => collector.close());
        const result = await run({ node, preload, file, env: env(collector) });
        t.match(result, { code: 0, signal: null, stdout: 'hello\n' });
        t.equal(result.stderr.match(START_LINE)?.length, 1, result.stderr);
        t.equal(result.stderr.trimEnd().split('\n').length, 1, `nothing else is said: ${result.stderr}`);
        const kinds = collector.spans().map((span) => span.kind);
        t.strictSame(kinds.sort(), ['CLIENT', 'SERVER']);
        t.equal(new Set(collector.spans().map((span) => span.traceId)).size, 1, 'one trace');
      });
    }
  }

  t.test(`Node ${version}: flag plus NODE_OPTIONS, and a second installed copy, start one agent`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const copy = join(t.testdir(), 'node_modules/@org/trace-agent');
    mkdirSync(copy, { recursive: true });
    cpSync(dirname(AGENT_ENTRY), join(copy, 'dist'), { recursive: true });
    const second = `--require ${join(copy, 'dist/register.js')}`;
    const file = 'preload/hello.cjs';
    for (const NODE_OPTIONS of [`--require ${AGENT_ENTRY}`, second]) {
      collector.clear();
      const result = await run({ node, file, env: env(collector, { NODE_OPTIONS }) });
      t.match(result, { code: 0, stdout: 'hello\n' });
      t.equal(result.stderr.match(START_LINE)?.length, 1, result.stderr);
      t.equal(collector.spans().length, 2);
    }
  });

  t.test(`Node ${version}: OTEL_SDK_DISABLED loads no SDK, exports nothing and passes context on`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const result = await run({
      node,
      file: 'preload/passes-on.cjs',
      env: env(collector, { OTEL_SDK_DISABLED: 'true' }),
    });
    t.equal(result.code, 0, result.stderr);
    const { traceparent, files } = JSON.parse(result.stdout);
    t.equal(traceparent, '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
    t.notOk(files.includes('tracing'), 'the SDK file is not loaded');
    t.equal(collector.counts().requests, 0);
  });

  t.test(`Node ${version}: OTEL_NODE_AGENT_DISABLED loads nothing and does nothing`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const options = { node, file: 'preload/passes-on.cjs' };
    const result = await run({ ...options, env: env(collector, { OTEL_NODE_AGENT_DISABLED: ' TRUE ' }) });
    t.equal(result.code, 0, result.stderr);
    const { traceparent, files } = JSON.parse(result.stdout);
    t.equal(traceparent, 'none');
    t.strictSame(files, ['register'], 'only the preload entry');
    t.equal(result.stderr, '');
  });

  t.test(`Node ${version}: instrumentations load with their target, none at boot, none in a request`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const result = await run({ node, file: 'preload/loads.cjs', env: env(collector) });
    t.equal(result.code, 0, result.stderr);
    const steps: { step: string; files: string[] }[] = result.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const at = (step: string) => steps.find((item) => item.step === step)?.files ?? [];
    for (const name of ['http', 'own-http', 'own-pg', 'own-web', 'base'])
      t.notOk(at('boot').includes(name), `${name} at boot`);
    t.ok(at('http').includes('own-http'));
    t.notOk(at('http').includes('own-pg'));
    t.ok(at('pg').includes('own-pg'));
    t.notOk(at('pg').includes('own-web'));
    t.ok(at('express').includes('own-web'));
    t.notOk(at('express').includes('tracing'), 'the SDK without a span');
    t.strictSame(at('handler'), [...at('express'), 'own-undici', 'tracing'].sort(), 'what nobody has to wait for');
    t.strictSame(at('fetched'), at('handler'), 'a request loads nothing, nor does the first fetch');
    t.strictSame(at('request'), at('handler'));
  });

  t.test(`Node ${version}: what traces fetch and cannot be read at first is read later`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const result = await run({ node, file: 'preload/fetch-later.cjs', env: env(collector) });
    t.equal(result.code, 0, result.stderr);
    t.equal(result.stdout, 'refused 1\n');
    t.match(result.stderr, /TA2002: instrumentation undici could not be loaded: Error: not now/);
    t.ok(collector.spans().some(({ kind }) => kind === 'CLIENT'));
  });

  t.test(`Node ${version}: what the module system shows is as without the agent`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const file = 'preload/identity.cjs';
    const more = env(collector);
    const bare = await run({ node, preload: 'none', file, env: more });
    const traced = await run({ node, file, env: more });
    t.equal(traced.stdout, bare.stdout);
  });
}

t.test('package managers stay dormant while the application they start is traced', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const app = t.testdir({ 'package.json': JSON.stringify({ name: 'shop', scripts: { start: 'node server.js' } }) });
  cpSync(join(ROOT, 'test/fixtures/preload/hello.cjs'), join(app, 'server.js'));
  const npm = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  const result = await run({
    file: npm,
    args: ['start', '--silent'],
    cwd: app,
    preload: 'NODE_OPTIONS',
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, NO_UPDATE_NOTIFIER: '1' },
  });
  t.match(result, { code: 0, stdout: 'hello\n' });
  t.equal(result.stderr.match(START_LINE)?.length, 1, result.stderr);
  t.match(result.stderr, /service "shop" \(package\.json\)/);
  t.equal(collector.spans().length, 2);
  t.strictSame([...new Set(collector.spans().map((span) => span.resource['service.name']))], ['shop']);
});

t.test('a Node that is too old gets one line, one that is newer than tested gets one more', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const fake = (version: string) => {
    const file = join(t.testdir(), `fake-${version}.cjs`);
    mkdirSync(dirname(file), { recursive: true });
    const text = JSON.stringify(version);
    writeFileSync(file, `Object.defineProperty(process.versions, 'node', { value: ${text} });`);
    return `--require ${file} --require ${AGENT_ENTRY}`;
  };
  const file = 'preload/hello.cjs';
  const run99 = await run({ preload: 'none', file, env: env(collector, { NODE_OPTIONS: fake('99.0.0') }) });
  t.match(run99, {
    code: 0,
    stdout: 'hello\n',
    stderr: /^trace-agent warn TA1004: Node\.js 99\.0\.0 is newer than the newest tested line/,
  });
  t.equal(collector.spans().length, 2);
  collector.clear();
  const run16 = await run({ preload: 'none', file, env: env(collector, { NODE_OPTIONS: fake('16.20.2') }) });
  t.match(run16, { code: 0, stdout: 'hello\n' });
  t.match(run16.stderr, /^trace-agent error TA1003: Node\.js 16\.20\.2 is not supported \(needs [^\n]*\n$/);
  t.equal(collector.counts().requests, 0);
});

t.test('a service without a name is told how to get one', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const folder = t.testdir();
  cpSync(join(ROOT, 'test/fixtures/preload/empty.cjs'), join(folder, 'empty.cjs'));
  const result = await run({
    file: join(folder, 'empty.cjs'),
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_RESOURCE_ATTRIBUTES: 'service.name=' },
  });
  t.match(result.stderr, /service "(unknown_service:node" \(default\)|.+" \(package\.json\))/);
});
