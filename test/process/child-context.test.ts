/**
 * Trace context through the environment of child processes (OTEL_NODE_CHILD_PROCESS_CONTEXT): given to children in every
 * way of starting one, taken from the own environment, and neither without being asked.
 *
 *   parent of <way> (parent.cjs) ─► <way> (child.cjs, another process)
 */
import { join } from 'node:path';
import t from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { nodeLines } from '../helpers/node-versions.js';
import { AGENT_ENTRY, FIXTURES } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';

const ON = { OTEL_NODE_CHILD_PROCESS_CONTEXT: 'true' };
/** Twenty processes at once are slow on a small machine. */
const PATIENT = { OTEL_NODE_SHUTDOWN_TIMEOUT: '10000', OTEL_LOG_LEVEL: 'warn', OTEL_SERVICE_NAME: 'processes' };
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const STARTED_WITH = { TRACEPARENT: `00-${TRACE_ID}-${SPAN_ID}-01`, TRACESTATE: 'vendor=1' };

interface ChildOutput {
  readonly TRACEPARENT?: string;
  readonly TRACESTATE?: string;
  readonly BAGGAGE?: string;
}

async function run(file: string, node: string, collector: Collector, env: Record<string, string>) {
  const app = runApp({
    node,
    file: `processes/${file}`,
    preload: 'NODE_OPTIONS',
    env: { ...PATIENT, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, ...env },
  });
  const exit = await app.exited;
  return { ...exit, stdout: app.stdout(), stderr: app.stderr() };
}

function byName(collector: Collector): Map<string, SpanRecord> {
  return new Map(collector.spans().map((span) => [span.name, span]));
}

function childrenOf(stdout: string): [string, ChildOutput][] {
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as [string, ChildOutput]);
}

for (const { node, version } of nodeLines()) {
  t.test(`Node ${version}: every way of starting a child process continues the trace`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const { code, stdout, stderr } = await run('parent.cjs', node, collector, { ...ON, ...STARTED_WITH });
    t.strictSame([code, stderr], [0, '']);
    const spans = byName(collector);
    const children = childrenOf(stdout);
    t.equal(children.length, 19);
    for (const [name, given] of children) {
      const child = spans.get(name);
      if (name === 'deliberate') {
        t.equal(child?.parentSpanId, 'cd'.repeat(8), 'what the application gives itself stays');
        t.equal(given.BAGGAGE, undefined);
        continue;
      }
      const parent = spans.get(`parent of ${name}`);
      t.equal(child?.parentSpanId, parent?.spanId, `${name}: child of the span in which it was started`);
      t.strictSame([parent?.traceId, parent?.parentSpanId, child?.traceId], [TRACE_ID, SPAN_ID, TRACE_ID]);
      t.strictSame(given, {
        TRACEPARENT: `00-${TRACE_ID}-${parent?.spanId}-01`,
        TRACESTATE: 'vendor=1',
        BAGGAGE: 'user=secret',
      });
    }
    t.strictSame(collector.duplicates(), []);
  });

  t.test(`Node ${version}: nothing is given and nothing is taken unless asked for`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const { code, stdout, stderr } = await run('parent.cjs', node, collector, STARTED_WITH);
    t.strictSame([code, stderr], [0, '']);
    const children = childrenOf(stdout).filter(([name]) => name !== 'deliberate');
    t.equal(children.length, 18);
    for (const [name, given] of children) t.strictSame(given, name.endsWith('own') ? {} : STARTED_WITH, name);
    for (const span of collector.spans()) {
      t.not(span.traceId, TRACE_ID, `${span.name} is in a trace of this process`);
      t.equal(span.parentSpanId, '', `${span.name} is a root`);
    }
  });
}

t.test('a script continues the trace that it was started in; a request that it serves does not', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const { code, stdout } = await run('script.cjs', process.execPath, collector, { ...ON, ...STARTED_WITH });
  t.equal(code, 0);
  t.equal(stdout, `${STARTED_WITH.TRACEPARENT}\n`);
  const spans = byName(collector);
  const parentOf = (name: string) => [spans.get(name)?.traceId === TRACE_ID, spans.get(name)?.parentSpanId];
  t.strictSame(parentOf('first'), [true, SPAN_ID]);
  t.strictSame(parentOf('inner'), [true, spans.get('first')?.spanId]);
  t.strictSame(parentOf('later'), [true, SPAN_ID]);
  t.strictSame(parentOf('on its own'), [false, '']);
  t.strictSame(parentOf('root on purpose'), [false, '']);
  t.strictSame(parentOf('GET'), [false, '']);
});

for (const [what, env] of [
  ['malformed', { TRACEPARENT: '00-nonsense-01' }],
  ['empty', { TRACEPARENT: '' }],
  ['without a trace', { BAGGAGE: 'user=1' }],
] as const) {
  t.test(`context in the environment that is ${what} starts a new trace`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const { code, stderr } = await run('script.cjs', process.execPath, collector, { ...ON, ...env });
    t.strictSame([code, stderr], [0, '']);
    t.equal(byName(collector).get('first')?.parentSpanId, '');
  });
}

t.test('a parent that is not sampled is not sampled in the child', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const { code } = await run('script.cjs', process.execPath, collector, {
    ...ON,
    TRACEPARENT: `00-${TRACE_ID}-${SPAN_ID}-00`,
  });
  t.equal(code, 0);
  t.strictSame(
    collector
      .spans()
      .map(({ name }) => name)
      .sort(),
    ['GET', 'on its own', 'root on purpose'],
  );
});

t.test(
  'a propagator that throws keeps no child from starting; it is said, and after ten times it is off',
  async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const { code, stdout, stderr } = await run('parent.cjs', process.execPath, collector, {
      ...ON,
      ...STARTED_WITH,
      NODE_OPTIONS: `--require ${join(FIXTURES, 'containment/break.cjs')}`,
      BREAK: 'inject',
      AGENT: AGENT_ENTRY,
    });
    t.equal(code, 0);
    const children = childrenOf(stdout).filter(([name]) => name !== 'deliberate');
    t.equal(children.length, 18);
    for (const [name, given] of children) t.strictSame(given, name.endsWith('own') ? {} : STARTED_WITH, name);
    t.equal(
      stderr.match(/^trace-agent warn TA2005: instrumentation child_process failed: .*broken inject/gm)?.length,
      1,
    );
    t.equal(
      stderr.match(/^trace-agent error TA2006: instrumentation child_process is off after 10 faults$/gm)?.length,
      1,
    );
  },
);
