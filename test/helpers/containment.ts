/**
 * Containment for programs that print what they see: one kind of hook after the other throws, and output and exit are
 * those of a bare run. Used where the servers of a library run already; process/containment has the rest and the rule.
 */
import { join } from 'node:path';
import type { Test } from 'tap';
import { AGENT_ENTRY, FIXTURES } from './paths.js';
import { type RunOptions, runApp } from './run-app.js';

/** `state` is what a span says of itself; `response` and `error` are what is recorded when a call is over. */
export const HOOKS = ['start', 'attributes', 'state', 'inject', 'extract', 'response', 'error', 'end'] as const;
export type Hook = (typeof HOOKS)[number];
/** Instead of a span of its own, an instrumentation of a framework has the context of http's. */
export type Part = Hook | 'context';

/** The hooks of adopted instrumentations: what they meet is their business, and the first would hide the others. */
const HALVES: readonly (readonly Hook[])[] = [
  ['start', 'inject', 'extract'],
  ['attributes', 'state', 'response', 'error', 'end'],
];

export interface ContainmentRow {
  /** Its name in the table of instrumentations, or several. */
  readonly instrumentation: string | readonly string[];
  /** Hooks that it meets in this program; the others throw all at once, and it must not notice. */
  readonly meets: readonly Part[] | 'official';
  /** The program makes no ten calls of any kind. */
  readonly isShort?: boolean;
  /** The runs do not meet in a server. */
  readonly isAlone?: boolean;
  readonly program: Pick<RunOptions, 'file' | 'args' | 'cwd' | 'node' | 'execArgv' | 'env'>;
  /** How many processes it has, each of which says what failed. Default 1. */
  readonly processes?: number;
  /** How the program ends. Default 0. */
  readonly code?: number;
  /** What is not compared of its output: times. */
  readonly varying?: RegExp;
}

/** In the package: those of instrumentations without spans of their own. */
const FILES_OF_FRAMEWORKS = '/dist/(web/libraries|instrumentations/own-(web|fastify|piscina))\\.js';

/** What an agent says when those hooks throw. */
export function breaking(hooks: readonly Part[]): Record<string, string> {
  const flag = `--require ${join(FIXTURES, 'containment', 'break.cjs')}`;
  return { NODE_OPTIONS: flag, BREAK: hooks.join(), BREAK_IN: FILES_OF_FRAMEWORKS, AGENT: AGENT_ENTRY };
}

/** Among the agent's lines, those that say that an instrumentation failed, and that it is off. */
export function faultLines(
  lines: readonly string[],
  instrumentation: string | readonly string[],
): { failed: string[]; off: string[] } {
  const names = [instrumentation].flat();
  const about = lines.filter((line) => names.some((name) => line.includes(`instrumentation ${name} `)));
  return {
    failed: about.filter((line) => line.startsWith('trace-agent warn TA2005: ') && line.includes(' failed: ')),
    off: about.filter(
      (line) => line.startsWith('trace-agent error TA2006: ') && line.includes(' is off after 10 faults'),
    ),
  };
}

/** Hooks that throw; undefined: without the agent; `nothing`: all is well, and there is no context to inject. */
type Run = readonly Part[] | 'nothing' | undefined;

async function run({ program, varying }: ContainmentRow, hooks: Run) {
  const propagators = hooks === 'nothing' ? { OTEL_PROPAGATORS: 'none' } : {};
  const env = {
    ...program.env,
    ...propagators,
    OTEL_SERVICE_NAME: 'app',
    OTEL_LOG_LEVEL: 'warn',
    OTEL_TRACES_EXPORTER: 'none',
  };
  const app =
    hooks === undefined
      ? runApp({ ...program, env, preload: 'none' })
      : runApp({ ...program, env: { ...env, ...breaking(hooks === 'nothing' ? [] : hooks) }, preload: 'NODE_OPTIONS' });
  const { code, signal } = await app.exited;
  const lines = app.stderr().split('\n');
  const isOurs = (line: string): boolean => line.startsWith('trace-agent ') || /^\s+at /.test(line);
  const stderr = lines.filter((line) => !isOurs(line)).map((line) => line.replace(/^\(node:\d+\)/, '(node)'));
  const stdout = varying === undefined ? app.stdout() : app.stdout().replaceAll(varying, '');
  return { observed: { code, signal, stdout, stderr }, lines };
}

async function runAll(row: ContainmentRow, all: readonly Run[]) {
  if (row.isAlone === true) return Promise.all(all.map((hooks) => run(row, hooks)));
  const runs: Awaited<ReturnType<typeof run>>[] = [];
  for (const hooks of all) runs.push(await run(row, hooks));
  return runs;
}

/** The same for an adopted instrumentation: whatever throws, the application does not notice. */
async function testOfficial(t: Test, row: ContainmentRow): Promise<void> {
  const [bare, nothing, ...broken] = await runAll(row, [undefined, 'nothing', ...HALVES]);
  if (bare === undefined || nothing === undefined) throw new Error('no runs');
  t.equal(bare.observed.code, row.code ?? 0, `it works bare: ${bare.lines}`);
  t.strictSame(nothing.observed, bare.observed, 'nothing to inject: output and exit are those of a bare run');
  const names = [row.instrumentation, 'context propagation'].flat();
  let failed = 0;
  for (const [index, { observed, lines }] of broken.entries()) {
    t.strictSame(observed, bare.observed, `${HALVES[index]}: output and exit are those of a bare run`);
    failed += faultLines(lines, names).failed.length;
  }
  t.ok(failed > 0, `what failed is said: ${failed} lines`);
}

/** Adds the row's tests to `t`. */
export async function testContainment(t: Test, row: ContainmentRow): Promise<void> {
  const { instrumentation, meets, processes = 1 } = row;
  if (meets === 'official') {
    await testOfficial(t, row);
    return;
  }
  const others = HOOKS.filter((hook) => !meets.includes(hook));
  const all: Run[] = [undefined, 'nothing', others, ...meets.map((hook) => [hook])];
  const [bare, nothing, besides, ...broken] = await runAll(row, all);
  if (bare === undefined || nothing === undefined || besides === undefined) throw new Error('no runs');
  t.equal(bare.observed.code, row.code ?? 0, `it works bare: ${bare.lines}`);
  t.strictSame(nothing.observed, bare.observed, 'nothing to inject: output and exit are those of a bare run');
  t.strictSame(besides.observed, bare.observed, `${others}: output and exit are those of a bare run`);
  t.strictSame(faultLines(besides.lines, instrumentation).failed, [], `${others}: it has no use for them`);
  let switchedOff = 0;
  for (const [index, { observed, lines }] of broken.entries()) {
    const hook: Part | undefined = meets[index];
    t.strictSame(observed, bare.observed, `${hook}: output and exit are those of a bare run`);
    const { failed, off } = faultLines(lines, instrumentation);
    const isSaid = failed.length >= 1 && failed.length <= processes;
    t.ok(isSaid, `${hook}: one line a process says what failed: ${failed.length} of ${lines}`);
    t.ok(off.length <= processes, `${hook}: at most one line a process says that it is off`);
    switchedOff += off.length;
  }
  if (row.isShort !== true && meets.length > 0)
    t.ok(switchedOff > 0, `off after repeated faults: ${switchedOff} times`);
}
