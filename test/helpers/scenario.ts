/**
 * Runs one application of test/fixtures/apps in every cell of {Node.js} x {preload} x {CommonJS, ES module} and holds
 * each to the same drawn trees, the same golden file and the output of a run without the agent.
 */
import { join } from 'node:path';
import { inspect } from 'node:util';
import type { Test } from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { type NodeBinary, nodeBinaries, nodeLines } from './node-versions.js';
import { type RunOptions, runApp } from './run-app.js';
import { golden, type NormaliseOptions, sketch } from './spans.js';

type Preload = NonNullable<RunOptions['preload']>;
const PRELOADS: readonly Preload[] = ['require', 'import', 'NODE_OPTIONS'];

export interface Scenario {
  /** The application's files are `<folder>/<name>.<form>`, the golden file is test/golden/traces/<name>.json. */
  readonly name: string;
  /** Default test/fixtures/apps. */
  readonly folder?: string;
  /**
   * The expected traces as `sketch` draws them, separated by blank lines; the application's service is `app`. What
   * follows a `#` is a remark.
   */
  readonly traces: string;
  /** File endings of the entries. Default `cjs` and `mjs`. */
  readonly forms?: readonly string[];
  /** True: every preload in every cell, on every release. Default: one in each, another one in the next, on each line. */
  readonly hasAllPreloads?: boolean;
  /** Default http/protobuf. */
  readonly protocol?: 'grpc';
  /** Node.js flags, with and without the agent. */
  execArgv?(node: NodeBinary): string[];
  /** A warning that the agent must give here, as a whole line; without it none may be given. */
  readonly warning?: RegExp;
  /** Default: the lines of Node.js among those that the environment asks for. */
  readonly nodes?: readonly NodeBinary[];
  /** For the application, with and without the agent. */
  readonly env?: Readonly<Record<string, string>>;
  readonly normalise?: NormaliseOptions;
  /** Traces that are neither drawn nor in the golden file: many of one kind, or not always as many. */
  readonly aside?: Aside;
}

export interface Aside {
  includes(trace: readonly SpanRecord[]): boolean;
  check?(t: Test, traces: readonly (readonly SpanRecord[])[]): void;
}

/** Adds the tests of a scenario, one for every Node.js, to `t`. */
export function testScenario(t: Test, scenario: Scenario): void {
  for (const [index, node] of (
    scenario.nodes ?? (scenario.hasAllPreloads === true ? nodeBinaries() : nodeLines())
  ).entries()) {
    t.test(titleOf(scenario, node), async (t) => {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const forms = formsFor(scenario, index);
      const bare = await run(scenario, node, { preload: 'none', file: fileOf(scenario, forms[0] ?? 'cjs') });
      t.match(bare, { code: 0, signal: null, stderr: /^(\(.*\n)*$/ }, 'the application works without the agent');
      for (const [position, form] of forms.entries()) {
        for (const preload of preloadsFor(scenario, index + position)) {
          collector.clear();
          const traced = await run(scenario, node, {
            preload,
            file: fileOf(scenario, form),
            env: envFor(scenario, collector),
          });
          await t.test(`${preload}, ${form}`, async (t) => {
            t.strictSame(
              withoutWarning(t, scenario, traced),
              bare,
              'exit code, signal and output are those of a bare run',
            );
            compare(t, scenario, collector);
          });
        }
      }
    });
  }
}

function titleOf({ name, protocol, execArgv }: Scenario, node: NodeBinary): string {
  const variant = [...(protocol === undefined ? [] : ['exported over', protocol]), ...(execArgv?.(node) ?? [])];
  return [`${name} on Node ${node.version}`, ...variant].join(' ');
}

function fileOf({ folder, name }: Scenario, form: string): string {
  return join(folder ?? 'apps', `${name}.${form}`);
}

/**
 * Neighbouring cells get different preloads, so that each meets every form and most lines; how an agent is preloaded says
 * nothing about a library, and process/module-systems runs every combination.
 */
function preloadsFor({ name, hasAllPreloads }: Scenario, position: number): readonly Preload[] {
  if (hasAllPreloads === true) return PRELOADS;
  const preload = PRELOADS[(position + name.length) % PRELOADS.length];
  return preload === undefined ? [] : [preload];
}

/** Where there are several lines, each gets one of the entries: what a library does differs by the one or by the other. */
function formsFor({ forms = ['cjs', 'mjs'], hasAllPreloads, nodes }: Scenario, index: number): readonly string[] {
  const lines = nodes ?? nodeLines();
  const form = forms[index % forms.length];
  return hasAllPreloads === true || lines.length < forms.length || form === undefined ? forms : [form];
}

function envFor({ protocol }: Scenario, collector: Collector): Record<string, string> {
  const destination =
    protocol === 'grpc'
      ? { OTEL_EXPORTER_OTLP_ENDPOINT: collector.grpcUrl, OTEL_EXPORTER_OTLP_PROTOCOL: protocol }
      : { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl };
  // Warnings are wanted: they would show as a difference from the bare run.
  return { ...destination, OTEL_SERVICE_NAME: 'app', OTEL_LOG_LEVEL: 'warn' };
}

async function run(scenario: Scenario, binary: NodeBinary, options: RunOptions) {
  const execArgv = scenario.execArgv?.(binary) ?? [];
  const env = { ...scenario.env, ...options.env };
  const app = runApp({ ...options, node: binary.node, execArgv, env });
  // A hanging application must not hold the test up until the runner's own limit.
  const timer = setTimeout(() => app.kill('SIGKILL'), 30_000);
  const { code, signal } = await app.exited;
  clearTimeout(timer);
  return { code, signal, stdout: app.stdout(), stderr: withoutPid(app.stderr()) };
}

function withoutWarning<T extends { stderr: string }>(t: Test, { warning }: Scenario, output: T): T {
  if (warning === undefined) return output;
  t.match(output.stderr, warning);
  return { ...output, stderr: output.stderr.replace(warning, '') };
}

/** Node.js's own warnings start with the process id. */
function withoutPid(stderr: string): string {
  return stderr.replaceAll(/^\(node:\d+\)/gm, '(node)');
}

function compare(t: Test, scenario: Scenario, collector: Collector): void {
  const spans = setAside(t, scenario, inOrder(collector.spans()));
  t.equal(sketch(spans), withoutRemarks(scenario.traces), 'the drawn traces');
  golden(t, `traces/${scenario.name}`, spans, scenario.normalise);
  t.strictSame(leaks(spans), [], 'no parameter, value or literal is recorded');
  t.strictSame(collector.duplicates(), [], 'no span arrives twice');
  t.strictSame(impossibleTimes(spans), [], 'no span ends before it starts or starts before its parent');
  t.strictSame(wrongFlags(spans), [], 'every span is sampled, and says whether its parent is remote');
}

/** Returns the others. */
function setAside(t: Test, { aside }: Scenario, spans: readonly SpanRecord[]): readonly SpanRecord[] {
  if (aside === undefined) return spans;
  const traces = new Map<string, SpanRecord[]>();
  for (const span of spans) {
    const trace = traces.get(span.traceId);
    if (trace === undefined) traces.set(span.traceId, [span]);
    else trace.push(span);
  }
  const apart = [...traces.values()].filter((trace) => aside.includes(trace));
  aside.check?.(t, apart);
  const ids = new Set(apart.map(([span]) => span?.traceId));
  return spans.filter((span) => !ids.has(span.traceId));
}

/** The applications put the word `secret` into everything that must not leave the process. */
function leaks(spans: readonly SpanRecord[]): string[] {
  return spans
    .flatMap(({ name, attributes, events, status }) => inspect({ name, attributes, events, status }, { depth: null }))
    .filter((text) => text.includes('secret'));
}

function withoutRemarks(traces: string): string {
  const lines = traces.split('\n').map((line) => line.replace(/#.*$/, '').trimEnd());
  const indent = Math.min(...lines.filter((line) => line !== '').map((line) => line.search(/\S/)));
  return lines
    .map((line) => line.slice(indent))
    .join('\n')
    .trim();
}

/**
 * The SDK takes start times from a clock of milliseconds. Of spans that started in the same one, the first to end (they
 * arrive in that order) counts as the first: true for everything that runs in sequence.
 */
export function inOrder(spans: readonly SpanRecord[]): SpanRecord[] {
  return spans.map((span, index) => ({
    ...span,
    startTimeUnixNano: span.startTimeUnixNano * 1_000_000n + BigInt(index),
    endTimeUnixNano: span.endTimeUnixNano * 1_000_000n + BigInt(index),
  }));
}

function parentsOf(spans: readonly SpanRecord[]): Map<SpanRecord, SpanRecord> {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pairs = spans.map((span) => [span, byId.get(span.parentSpanId)] as const);
  return new Map(pairs.filter((pair): pair is [SpanRecord, SpanRecord] => pair[1] !== undefined));
}

const MILLISECOND = 1_000_000n * 1_000_000n;

function impossibleTimes(spans: readonly SpanRecord[]): string[] {
  const parents = parentsOf(spans);
  return spans
    .filter((span) => {
      const parent = parents.get(span);
      const startsEarly = parent !== undefined && span.startTimeUnixNano < parent.startTimeUnixNano - MILLISECOND;
      return startsEarly || span.endTimeUnixNano < span.startTimeUnixNano;
    })
    .map((span) => span.name);
}

/** Spec: OTLP span flags, bits 0-7 are the W3C flags, bit 8 says that bit 9 (the parent is remote) is known. */
function wrongFlags(spans: readonly SpanRecord[]): string[] {
  const parents = parentsOf(spans);
  return spans
    .filter((span) => {
      const parent = parents.get(span);
      const isRemote = parent !== undefined && (span.kind === 'SERVER' || parent.kind === 'PRODUCER');
      return span.flags !== (isRemote ? 0x301 : 0x101);
    })
    .map((span) => `${span.kind} ${span.name} has flags ${span.flags.toString(16)}`);
}
