/**
 * Runs a scenario of test/transparency bare and under the agent and lists every difference: what the scenario noted,
 * standard output and error, exit code and signal. Frames of stack traces are not compared, the lines above them are.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from './paths.js';
import { type RunOptions, runApp } from './run-app.js';

export const TRANSPARENCY = join(ROOT, 'test', 'transparency');

export interface ScenarioRun {
  readonly scenario: string;
  /** `run`, `namespace` (what ES modules see) or the name of a crash. */
  readonly part: string;
  readonly node: string;
  readonly env: Readonly<Record<string, string>>;
}

export interface Outcome {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stdout: string;
  readonly stderr: string;
  /** What the agent said. */
  readonly messages: readonly string[];
  /** Label and value, in order. */
  readonly notes: readonly (readonly [string, unknown])[];
}

/** One observation that is not the same; `at` is its label and the path inside it. */
export interface Difference {
  readonly at: string;
  readonly bare: unknown;
  readonly traced: unknown;
}

const TIMEOUT_MILLIS = 30_000;

function commandOf({ scenario, part }: ScenarioRun, output: string): Pick<RunOptions, 'file' | 'args'> {
  if (part === 'namespace') return { file: join(TRANSPARENCY, 'namespace.mjs'), args: [output, scenario] };
  return { file: join(TRANSPARENCY, 'program.cjs'), args: [output, scenario, ...(part === 'run' ? [] : [part])] };
}

function readNotes(file: string): [string, unknown][] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as [string, unknown]);
}

const AGENT_LINE = /^trace-agent.*\n/gm;

/** Node's warnings name the process; frames name files of whoever wraps. */
function comparable(text: string): string {
  return text
    .replaceAll(/^\(node:\d+\)/gm, '(node)')
    .replaceAll(/^\s+at .*\n/gm, '')
    .replaceAll(/\b1[0-9]{12}\b/g, '<time>')
    .replaceAll(/(127\.0\.0\.1):\d{4,5}\b/g, '$1:<port>')
    .replaceAll(/\b(port|size): \d{4,}\b/g, '$1: <number>');
}

/** Runs it once. A program that does not end by itself is killed and has the signal to show for it. */
export async function runOnce(run: ScenarioRun, preload: NonNullable<RunOptions['preload']>): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'trace-agent-transparency-'));
  const output = join(folder, 'notes');
  try {
    const app = runApp({ ...commandOf(run, output), node: run.node, preload, env: run.env, cwd: TRANSPARENCY });
    const timer = setTimeout(() => app.kill('SIGKILL'), TIMEOUT_MILLIS);
    const { code, signal } = await app.exited;
    clearTimeout(timer);
    const [stdout, all] = [comparable(app.stdout()), comparable(app.stderr())];
    const messages = all.match(AGENT_LINE) ?? [];
    return { code, signal, stdout, stderr: all.replaceAll(AGENT_LINE, ''), messages, notes: readNotes(output) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');

/** Long lists of lines (surfaces): what is missing and what is new, so that one addition is one difference. */
function compareLines(at: string, bare: readonly string[], traced: readonly string[]): Difference[] {
  const [before, after] = [new Set(bare), new Set(traced)];
  const missing = bare.filter((line) => !after.has(line));
  const added = traced.filter((line) => !before.has(line));
  const pathOf = (line: string): string => line.split(' ')[0] ?? '';
  const differences = missing.map((line) => {
    const partner = added.findIndex((other) => pathOf(other) === pathOf(line));
    const [other] = partner === -1 ? [undefined] : added.splice(partner, 1);
    return { at: `${at} ${pathOf(line)}`, bare: line, traced: other };
  });
  differences.push(...added.map((line) => ({ at: `${at} ${pathOf(line)}`, bare: undefined as never, traced: line })));
  if (differences.length > 0) return differences;
  const moved = bare.findIndex((line, index) => line !== traced[index]);
  return moved === -1 ? [] : [{ at: `${at}, order`, bare: bare[moved], traced: traced[moved] }];
}

/** Every leaf that differs. The order of keys counts: an application sees it. */
export function compareValues(at: string, bare: unknown, traced: unknown): Difference[] {
  if (isTextList(bare) && isTextList(traced) && at.includes('surface')) return compareLines(at, bare, traced);
  if (!isRecord(bare) || !isRecord(traced) || Array.isArray(bare) !== Array.isArray(traced)) {
    return Object.is(bare, traced) ? [] : [{ at, bare, traced }];
  }
  const [left, right] = [Object.keys(bare), Object.keys(traced)];
  const keys = [...new Set([...left, ...right])];
  const inner = keys.flatMap((key) => compareValues(`${at} ${key}`, bare[key], traced[key]));
  if (inner.length > 0 || left.join() === right.join()) return inner;
  return [{ at: `${at}, order of keys`, bare: left, traced: right }];
}

/** The labels in order; one that comes again gets a number. */
function labelled({ notes }: Outcome): Map<string, unknown> {
  const seen = new Map<string, unknown>();
  for (const [label, value] of notes) {
    let name = label;
    for (let count = 2; seen.has(name); count++) name = `${label} (${count})`;
    seen.set(name, value);
  }
  return seen;
}

/** Everything in which a run under the agent differs from a bare one. */
export function compareOutcomes(bare: Outcome, traced: Outcome): Difference[] {
  const differences = (['code', 'signal', 'stdout', 'stderr', 'messages'] as const).flatMap((key) =>
    compareValues(key, bare[key], traced[key]),
  );
  const [left, right] = [labelled(bare), labelled(traced)];
  if ([...left.keys()].join() !== [...right.keys()].join()) {
    differences.push({ at: 'order of what was noted', bare: [...left.keys()], traced: [...right.keys()] });
  }
  for (const [label, value] of left) {
    if (right.has(label)) differences.push(...compareValues(label, value, right.get(label)));
  }
  return differences;
}
