/**
 * `trace-agent doctor` as a user runs it: healthy and in each kind of trouble, as text, JSON and in a terminal, with a
 * command and with a running process. Every collector is real and answers what the doctor is told it answers.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Collector, type CollectorOptions, startCollector } from '../../src/viewer/otlp-receiver.js';
import { createCertificates } from '../helpers/certificates.js';
import { codesOf, type ProgramOptions, runDoctor, runInTerminal, runProgram, textOf } from '../helpers/command-line.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { AGENT_ENTRY, FIXTURES, ROOT } from '../helpers/paths.js';
import { CLOSED_PORT } from '../helpers/ports.js';
import { startProxy } from '../helpers/proxy.js';
import { runApp } from '../helpers/run-app.js';

async function collect(t: Test, options?: CollectorOptions): Promise<Collector> {
  const collector = await startCollector(options);
  t.teardown(() => collector.close());
  return collector;
}

const NAME = { OTEL_SERVICE_NAME: 'examined' };

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: healthy: exit code 0, and the test span arrives`, async (t) => {
    const collector = await collect(t);
    const env = {
      ...NAME,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20hunter2-secret',
    };
    const { code, stdout, stderr, report } = await runDoctor({ node, args: [], env });
    t.equal(stderr, '');
    t.match(report, { healthy: true, problems: 0 }, textOf(report));
    t.equal(code, 0);
    t.notMatch(stdout, /hunter2/);
    const [span] = collector.spans();
    t.match(span, { name: 'trace-agent doctor', resource: { 'service.name': 'examined' } });
    t.equal(collector.requests()[0]?.headers.authorization, 'Bearer hunter2-secret');
    const text = textOf(report);
    for (const part of [
      `Node.js ${version} (`,
      'every variable is understood',
      'the service is called "examined" (OTEL_SERVICE_NAME)',
      'sampler parentbased_always_on',
      'takes connections',
      'the port speaks HTTP/1.1',
      `a test span was taken over http/protobuf in`,
      span?.traceId ?? 'no trace',
      'with the headers authorization',
      'the clocks of both sides agree',
    ]) {
      t.ok(text.includes(part), part);
    }
    const settings = report.sections.find(({ title }) => title === 'Configuration')?.tables?.[0]?.rows;
    t.strictSame(
      settings?.find(([name]) => name === 'OTEL_EXPORTER_OTLP_HEADERS'),
      ['OTEL_EXPORTER_OTLP_HEADERS', 'authorization=***', 'environment'],
    );
  });
}

t.test('grpc, with TLS: names and dates of the certificate', async (t) => {
  const certificates = await createCertificates();
  const collector = await collect(t, { tls: certificates.server });
  const env = {
    ...NAME,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpcUrl,
    OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
    OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.files.ca,
  };
  const { code, report } = await runDoctor({ args: [], env });
  const text = textOf(report);
  t.equal(code, 0, text);
  t.match(text, /TLSv1\.\d, HTTP\/2/);
  t.match(text, /certificate for .*DNS:localhost.*issued by test authority/);
  t.match(text, /valid from .* to .*GMT/);
  t.match(text, /taken over grpc/);
});

interface Trouble {
  readonly name: string;
  set(t: Test): Promise<Partial<ProgramOptions> & { readonly env: Record<string, string> }>;
  /** Codes of problems and warnings, each once. */
  readonly codes: readonly string[];
  readonly says?: RegExp;
  /** Default 1. */
  readonly exit?: 0;
}

const answering = (status: number) => async (t: Test) => ({
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await collect(t, { respond: () => ({ status }) })).httpUrl },
});

async function withTls(t: Test, which: 'server' | 'expiredServer' | 'wrongNameServer', isTrusted = true) {
  const certificates = await createCertificates();
  const { httpUrl } = await collect(t, { tls: certificates[which] });
  const trust = isTrusted ? { OTEL_EXPORTER_OTLP_CERTIFICATE: certificates.files.ca } : {};
  return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.replace('127.0.0.1', 'localhost'), ...trust } };
}

const healthy = async (t: Test, env: Record<string, string> = {}) => ({
  env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await collect(t)).httpUrl, ...env },
});

const TROUBLES: readonly Trouble[] = [
  {
    name: 'refused',
    set: async () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${CLOSED_PORT}` } }),
    codes: ['TA3001'],
    says: /no connection to 127\.0\.0\.1 port \d+: .*ECONNREFUSED/,
  },
  {
    name: 'a name that does not resolve',
    set: async () => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.invalid:4318' } }),
    codes: ['TA3002'],
    says: /collector\.invalid does not resolve/,
  },
  { name: '401', set: answering(401), codes: ['TA3012'], says: /OTEL_EXPORTER_OTLP_HEADERS/ },
  { name: '404', set: answering(404), codes: ['TA3013'] },
  { name: '503', set: answering(503), codes: ['TA3016'] },
  {
    name: 'partial success',
    set: async (t) => {
      const respond = () => ({ partialSuccess: { rejected: 1, message: 'too old' } });
      return { env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await collect(t, { respond })).httpUrl } };
    },
    codes: ['TA3032'],
  },
  { name: 'an untrusted certificate', set: (t) => withTls(t, 'server', false), codes: ['TA3006'] },
  { name: 'an expired certificate', set: (t) => withTls(t, 'expiredServer'), codes: ['TA3007'] },
  {
    name: 'a certificate for another host',
    set: (t) => withTls(t, 'wrongNameServer'),
    codes: ['TA3008'],
    says: /elsewhere\.test/,
  },
  {
    name: 'a certificate file that is not there',
    set: (t) =>
      withTls(t, 'server').then(({ env }) => ({ env: { ...env, OTEL_EXPORTER_OTLP_CERTIFICATE: '/nowhere' } })),
    codes: ['TA3009'],
  },
  {
    name: 'HTTP at a grpc port, not named: healthy, with advice',
    set: async (t) => ({ env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await collect(t)).grpcUrl } }),
    codes: ['TA3033'],
    says: /set OTEL_EXPORTER_OTLP_PROTOCOL=grpc/,
    exit: 0,
  },
  {
    name: 'grpc at an HTTP port, named',
    set: async (t) => ({
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await collect(t)).httpUrl, OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' },
    }),
    codes: ['TA3011'],
    says: /the port speaks HTTP\/1\.1, and the protocol is grpc/,
  },
  {
    name: 'a proxy that is not there',
    set: async (t) => healthy(t, { HTTP_PROXY: `http://127.0.0.1:${CLOSED_PORT}` }),
    codes: ['TA3018'],
  },
  {
    name: 'a proxy that lets nobody through',
    set: async (t) => {
      const proxy = await startProxy(t, 'me:secret');
      return healthy(t, { HTTP_PROXY: proxy.url.replace('me:secret', 'me:wrong-password') });
    },
    codes: ['TA3018'],
    says: /goes through the proxy http:\/\/127\.0\.0\.1:\d+; NO_PROXY=127\.0\.0\.1 would go direct/,
  },
  { name: 'always_off', set: (t) => healthy(t, { OTEL_TRACES_SAMPLER: 'always_off' }), codes: ['TA1120'] },
  { name: 'a typing error', set: (t) => healthy(t, { OTEL_TRACES_SAMPLER: 'on' }), codes: ['TA1101'], exit: 0 },
  { name: 'an unknown variable', set: (t) => healthy(t, { OTEL_TRACE_SAMPLER: 'on' }), codes: ['TA1102'], exit: 0 },
  { name: 'no service name', set: async (t) => ({ ...(await healthy(t)), cwd: '/' }), codes: ['TA1006'], exit: 0 },
  { name: 'switched off', set: (t) => healthy(t, { OTEL_SDK_DISABLED: 'true' }), codes: ['TA1002'] },
  {
    name: 'a spool that cannot be written',
    set: (t) => healthy(t, { OTEL_NODE_SPOOL_DIRECTORY: '/proc/nowhere' }),
    codes: ['TA3021'],
  },
  {
    name: 'a preload that is missing',
    set: (t) => healthy(t, {}).then((run) => ({ ...run, args: ['--no-network'], env: { ...run.env } })),
    codes: [],
    exit: 0,
  },
  {
    name: 'a B3 header that is not read',
    set: async (t) => ({
      ...(await healthy(t)),
      args: ['--header', 'b3: 0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-1'],
    }),
    codes: ['TA4002'],
    says: /add b3/,
  },
  {
    name: 'a header of Datadog',
    set: async (t) => ({ ...(await healthy(t)), args: ['--header', 'x-datadog-trace-id: 11803532876627986230'] }),
    codes: ['TA4002'],
    says: /which no propagator here reads; set DD_TRACE/,
  },
  {
    name: 'an unsampled caller',
    set: async (t) => ({
      ...(await healthy(t)),
      args: ['--header', 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00'],
    }),
    codes: ['TA4001'],
  },
  {
    name: 'a sampled caller',
    set: async (t) => ({
      ...(await healthy(t)),
      args: ['--header', 'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'],
    }),
    codes: [],
    says: /traceparent is read/,
    exit: 0,
  },
];

for (const { name, set, codes, says, exit } of TROUBLES) {
  t.test(name, async (t) => {
    const { env, args = [], cwd } = await set(t);
    const named = name === 'no service name' ? env : { ...NAME, ...env };
    const { code, report, stdout } = await runDoctor({
      args: ['--timeout', '3000', ...args],
      env: named,
      ...(cwd ? { cwd } : {}),
    });
    const text = textOf(report);
    t.strictSame([...new Set(codesOf(report))].sort(), [...codes].sort(), text);
    t.equal(code, exit ?? 1, text);
    t.equal(report.healthy, code === 0);
    if (says !== undefined) t.match(text, says);
    t.notMatch(stdout, /me:|secret|wrong-password/);
  });
}

t.test('NODE_OPTIONS: order, missing files, other agents; the doctor itself is not traced', async (t) => {
  const collector = await collect(t);
  const folder = t.testdir({
    'first.cjs': '',
    node_modules: { 'dd-trace': { 'package.json': '{"name":"dd-trace"}', 'index.js': '' } },
  });
  const env = (NODE_OPTIONS: string) => ({ ...NAME, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, NODE_OPTIONS });
  const good = await runDoctor({ args: [], cwd: folder, env: env(`--require ${AGENT_ENTRY}`) });
  t.equal(good.code, 0, textOf(good.report));
  t.equal(good.stderr, '', 'no start line');
  t.match(textOf(good.report), /NODE_OPTIONS loads the agent/);
  const late = await runDoctor({
    args: [],
    cwd: folder,
    env: env(`-r ${folder}/first.cjs -r dd-trace -r ${AGENT_ENTRY}`),
  });
  t.strictSame([...new Set(codesOf(late.report))].sort(), ['TA2007', 'TA2012']);
  t.match(textOf(late.report), /first\.cjs, dd-trace are loaded before the agent/);
});

t.test('--no-network makes no connection, --no-export sends nothing', async (t) => {
  const collector = await collect(t);
  const env = { ...NAME, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl };
  t.equal((await runDoctor({ args: ['--no-network'], env })).code, 0);
  t.equal(collector.acceptedConnections(), 0);
  t.equal((await runDoctor({ args: ['--no-export'], env })).code, 0);
  t.ok(collector.acceptedConnections() > 0);
  t.equal(collector.counts().acceptedSpans, 0);
});

t.test('usage: help, version, and exit code 2 for what makes no sense', async (t) => {
  for (const args of [['--help'], ['doctor', '--help'], ['run', '--help'], ['--version']]) {
    const { code, stdout, stderr } = await runProgram({ args });
    t.equal(code, 0, args.join(' '));
    t.equal(stderr, '');
    t.match(stdout, args.includes('--help') ? /^Usage: trace-agent/ : /^\d+\.\d+\.\d+\n$/);
  }
  for (const args of [
    [],
    ['doctr'],
    ['doctor', '--jsn'],
    ['doctor', '--timeout', 'soon'],
    ['doctor', '--for', '0'],
    ['doctor', '--headers-file', '/nowhere'],
    ['doctor', '--pid', '1'],
    ['run'],
  ]) {
    const { code, stdout, stderr } = await runProgram({ args });
    t.equal(code, 2, args.join(' '));
    t.equal(stdout, '', args.join(' '));
    t.not(stderr, '');
  }
});

t.test('text: no escapes in a pipe, colours in a terminal, none with NO_COLOR or --no-color', async (t) => {
  const env = { ...NAME, OTEL_EXPORTER_OTLP_ENDPOINT: (await collect(t)).httpUrl };
  const piped = await runProgram({ args: ['doctor'], env });
  t.equal(piped.code, 0);
  t.notOk(piped.stdout.includes('\u001b'));
  t.match(piped.stdout, /^Node\.js\n {2}ok {7}Node\.js \d/);
  t.match(piped.stdout, /\nHealthy: 0 problems, 0 warnings\n$/);
  const terminal = { ...env, TERM: 'xterm-256color' };
  const colored = await runInTerminal({ args: ['doctor'], env: terminal });
  t.equal(colored.code, 0, colored.stdout + colored.stderr);
  t.ok(colored.stdout.includes('\u001b[32mok'));
  for (const line of colored.stdout.split(/\r?\n/)) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escapes take no room
    t.ok(line.replace(/\u001b\[\d+m/g, '').length <= 100, line);
  }
  for (const options of [
    { args: ['doctor'], env: { ...terminal, NO_COLOR: '1' } },
    { args: ['doctor', '--no-color'], env: terminal },
  ]) {
    const plain = await runInTerminal(options);
    t.equal(plain.code, 0);
    t.notOk(plain.stdout.includes('\u001b[3'));
  }
});

const APP = join(FIXTURES, 'diagnosis/app.cjs');
const EXPRESS = `require(${JSON.stringify(join(ROOT, 'node_modules/express'))});`;

t.test('with a command: libraries patched and skipped, spans made, exported and dropped', async (t) => {
  const collector = await collect(t);
  const folder = t.testdir({
    'app.cjs': `${EXPRESS} require('redis'); require(${JSON.stringify(APP)});
      setTimeout(() => process.exit(0), 1500);`,
    node_modules: { redis: { 'package.json': '{"name":"redis","version":"99.0.0"}', 'index.js': '' } },
  });
  const env = { ...NAME, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_BSP_SCHEDULE_DELAY: '50' };
  const { code, report, stderr } = await runDoctor({ args: ['--', 'node', 'app.cjs'], cwd: folder, env });
  t.match(stderr, /hello\nhello\nhello\ndone\n/, 'the output of the application goes to stderr');
  const text = textOf(report);
  t.equal(code, 0, text);
  t.match(text, /ended with exit code 0/);
  t.match(text, /ok: 6 spans made/);
  t.match(text, /6 of 6 ended spans exported/);
  t.strictSame(codesOf(report), ['TA2001'], text);
  const section = report.sections.find(({ title }) => title.startsWith('Process '));
  t.match(section?.title, /app\.cjs$/);
  const rows = section?.tables?.[0]?.rows ?? [];
  t.match(
    rows.find(([name]) => name === 'express'),
    ['express', /^5\./, 'patched', ''],
  );
  t.match(
    rows.find(([name]) => name === 'http'),
    ['http', 'built-in', 'patched', ''],
  );
  t.match(
    rows.find(([name]) => name === 'redis'),
    ['redis', '99.0.0', 'skipped', /supported is/],
  );
  t.equal(collector.spans().length, 7, 'the test span and six of the application');
});

t.test('with a command that serves: ended after its time, a collector that refuses is a problem', async (t) => {
  const env = { ...NAME, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${CLOSED_PORT}` };
  const file = join(
    t.testdir({ 'app.cjs': `require(${JSON.stringify(APP)}); setInterval(() => {}, 1000);` }),
    'app.cjs',
  );
  const { code, report, stderr } = await runDoctor({
    args: ['--no-network', '--quiet', '--for', '3', '--', file],
    env,
  });
  const text = textOf(report);
  t.equal(code, 1, text);
  t.equal(stderr, '');
  t.match(text, /ended by the doctor after 3 s/);
  t.match(text, /0 of 6 ended spans exported to .*; 6 dropped: 6 because the process ended first/);
  t.ok(codesOf(report).includes('TA3001'), text);
});

t.test('with commands that do not work', async (t) => {
  const env = { ...NAME, OTEL_TRACES_EXPORTER: 'none' };
  const run = async (...command: string[]) => {
    const { code, report } = await runDoctor({ args: ['--no-network', '--for', '5', '--', ...command], env });
    return { code, text: textOf(report) };
  };
  t.match(await run('no-such-command'), { code: 1, text: /cannot be started: .*ENOENT/ });
  t.match(await run('true'), { code: 1, text: /the agent was in none of its processes/ });
  const failing = join(t.testdir({ 'a.cjs': 'process.exit(3)' }), 'a.cjs');
  t.match(await run(failing), { code: 0, text: /warning: ended with exit code 3/ });
});

t.test('a running process', async (t) => {
  const collector = await collect(t);
  const directory = join(tmpdir(), `ta-${process.pid}`);
  mkdirSync(directory);
  t.teardown(() => rmSync(directory, { recursive: true, force: true }));
  const app = runApp({
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
  const pid = String(app.pid);
  const byProcess = await runDoctor({ args: ['--pid', pid] });
  t.equal(byProcess.code, 0, textOf(byProcess.report));
  t.match(textOf(byProcess.report), /Process \d+: .*app\.cjs[\s\S]*service "observed"[\s\S]*6 spans made/);
  const byDirectory = await runProgram({ args: ['doctor', '--pid', pid, '--directory', directory] });
  t.equal(byDirectory.code, 0);
  t.match(byDirectory.stdout, /http +built-in +patched/);
  app.child.disconnect();
  await app.exited;
  const afterwards = await runDoctor({ args: ['--pid', pid, '--directory', directory] });
  t.match(textOf(afterwards.report), /6 of 6 ended spans exported/);
});

t.test('the file of headers, as curl -v shows them', async (t) => {
  const file = join(t.testdir(), 'headers.txt');
  writeFileSync(file, '> GET / HTTP/1.1\n> x-b3-traceid: 0af7651916cd43dd8448eb211c80319c\n> x-b3-sampled: 0\n');
  const env = { ...NAME, OTEL_PROPAGATORS: 'b3multi' };
  const { code, report } = await runDoctor({ args: ['--no-network', '--headers-file', file], env });
  t.equal(code, 1);
  t.strictSame(codesOf(report), ['TA4001']);
});
