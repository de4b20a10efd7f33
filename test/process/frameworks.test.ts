/**
 * Servers of GraphQL, tRPC, socket.io and hono, and handlers without a server, with the real libraries: one SERVER span
 * a request, named by what was declared and never by a path, and below it what the library's calls are.
 */
import { createServer } from 'node:http';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { testContainment } from '../helpers/containment.js';
import { installFixture } from '../helpers/fixture-install.js';
import { isAtLeast, type NodeBinary, nodeBinaries } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';
import { inOrder, type Scenario } from '../helpers/scenario.js';
import { sketch } from '../helpers/spans.js';
import { FRAMEWORKS, HANDLERS, RUNNERS, SOCKETS } from '../libraries/frameworks.js';

const { folder, skip } = installFixture('frameworks');

/** How their modules are seen depends on Node.js. */
const ON_ALL = new Set(['trpc-standalone', 'hono']);

/** In the report of cucumber: times, and the lines of ours in a stack. */
const VARYING = /\d+m\d+\.\d+s|\n +at [^\n]*(?:\/dist\/|async_hooks)[^\n]*/g;

const withoutRemarks = (traces: string): string => traces.replace(/ *#.*$/gm, '').trim();
const unindented = (traces: string): string => withoutRemarks(traces).replace(/^ {2}/gm, '');

async function run(t: Test, options: RunOptions): Promise<string> {
  const app = runApp({ cwd: folder, ...options });
  t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
  t.notMatch(app.stderr(), /trace-agent (warn|error)/);
  return app.stdout();
}

async function testProgram(
  t: Test,
  { node }: NodeBinary,
  collector: Collector,
  program: Pick<Scenario, 'name' | 'traces'>,
): Promise<void> {
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app' };
  for (const form of ['cjs', 'mjs']) {
    const options = { node, file: join(folder, `entry.${form}`), args: [program.name], env };
    const bare = await run(t, { ...options, preload: 'none' });
    collector.clear();
    t.equal(await run(t, { ...options, preload: 'NODE_OPTIONS' }), bare, `${form}: answers are those of a bare run`);
    t.equal(sketch(collector.spans()), unindented(program.traces), form);
    for (const { name, events } of collector.spans()) {
      const isBroken = program.name.startsWith('trpc') && /^GET .*broken$/.test(name);
      const messages = events.map(({ attributes }) => attributes['exception.message']);
      if (isBroken) t.strictSame(messages, ['broken on purpose'], `${name}: what was thrown`);
    }
  }
}

/** Polls overlap, so that their order is not the same in every run. */
t.test('socket.io: handshakes, polls and messages have one route', { skip }, async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app' };
  const options = { file: join(folder, 'entry.mjs'), args: ['socket-io'], env };
  const bare = await run(t, { ...options, preload: 'none' });
  t.equal(await run(t, { ...options, preload: 'NODE_OPTIONS' }), bare);
  const servers = collector.spans().filter(({ kind }) => kind === 'SERVER');
  t.strictSame([...new Set(servers.map(({ name }) => name))].sort(), ['GET', 'GET /live/', 'POST /live/']);
  const [other] = servers.filter(({ name }) => name === 'GET');
  t.equal(other?.attributes['url.path'], '/other/7', 'not of socket.io');
  const message = collector.spans().find(({ kind }) => kind === 'PRODUCER');
  const trace = collector.spans().filter(({ traceId }) => traceId === message?.traceId);
  t.strictSame(
    SOCKETS.map(({ scenario }) => unindented(scenario.traces)),
    [sketch(trace)],
  );
});

for (const { library, instrumentation, scenario } of RUNNERS) {
  t.test(`${library}: the calls of a step are below it`, { skip }, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const file = join(folder, 'node_modules/@cucumber/cucumber/bin/cucumber.js');
    const args = ['--import', 'cucumber/steps.cjs', 'cucumber/shop.feature'];
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app' };
    const program = { file, args, cwd: folder };
    const bare = runApp({ ...program, preload: 'none' });
    t.match(await bare.exited, { code: 1, signal: null }, 'one scenario fails');
    t.match(bare.stdout(), '3 scenarios (1 failed, 2 passed)');
    const app = runApp({ ...program, env, preload: 'NODE_OPTIONS' });
    t.match(await app.exited, { code: 1, signal: null }, 'as without the agent');
    const reported = (stdout: string) => stdout.replaceAll(VARYING, '');
    t.equal(reported(app.stdout()), reported(bare.stdout()), 'the report is that of a bare run');
    t.notMatch(app.stderr(), /trace-agent (warn|error)/);
    const row = { instrumentation, meets: 'official', code: 1, varying: VARYING, isAlone: true, program } as const;
    t.test('everything throws', (t) => testContainment(t, row));
    const sketched = sketch(inOrder(collector.spans())).replaceAll('Attempt #0', 'Attempt');
    t.equal(sketched, unindented(scenario.traces));
  });
}

for (const [instrumentation, name] of [
  ['graphql', 'apollo-express'],
  ['socket.io', 'socket-io'],
] as const) {
  t.test(`${name}: everything throws`, { skip }, (t) => {
    const program = { file: join(folder, 'entry.cjs'), args: [name], cwd: folder };
    return testContainment(t, { instrumentation, meets: 'official', isAlone: true, program });
  });
}

/** Nothing listens: the request is an event of AWS Lambda, whose official instrumentation makes the one SERVER span. */
for (const { library, scenario } of HANDLERS) {
  t.test(`a handler without a server: ${library}`, { skip }, async (t) => {
    const collector = await startCollector();
    const upstream = createServer((_request, response) => response.end());
    await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
    t.teardown(() => upstream.close());
    t.teardown(() => collector.close());
    const options: RunOptions = { file: join(folder, 'serverless/invoke.cjs') };
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_SERVICE_NAME: 'app',
      UPSTREAM: `http://127.0.0.1:${(upstream.address() as { port: number }).port}/`,
      LAMBDA_TASK_ROOT: join(folder, 'serverless'),
      _HANDLER: `handlers.${scenario.name}`,
    };
    const lambda = { ...env, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x' };
    const bare = await run(t, { ...options, preload: 'none', env });
    t.match(bare, /^200 \{"id":"7"\}\n404 /);
    t.equal(await run(t, { ...options, preload: 'NODE_OPTIONS', env: lambda }), bare);
    t.equal(sketch(collector.spans()), unindented(scenario.traces));
  });
}

for (const binary of nodeBinaries().filter((node) => isAtLeast(node, 20, 9))) {
  const isCurrent = binary.node === process.execPath;
  const programs = FRAMEWORKS.map(({ scenario }) => scenario).filter(({ name }) => isCurrent || ON_ALL.has(name));
  t.test(`Node ${binary.version}`, { skip: programs.length === 0 ? 'nothing depends on it' : skip }, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    for (const program of programs) await t.test(program.name, (t) => testProgram(t, binary, collector, program));
  });
}
