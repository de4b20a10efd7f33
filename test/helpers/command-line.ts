/** Runs the built command line program in a known environment, plain or in a pseudo-terminal. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { Report } from '../../src/cli/doctor/report.js';
import { ROOT } from './paths.js';

export const PROGRAM = join(ROOT, 'dist/trace-agent.js');

export interface ProgramOptions {
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly node?: string;
}

export interface ProgramResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

function environment(env: Readonly<Record<string, string>> = {}): Record<string, string> {
  const { PATH = '', HOME = '', TMPDIR = '' } = process.env;
  return { PATH, HOME, ...(TMPDIR === '' ? {} : { TMPDIR }), ...env };
}

function collect(file: string, args: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    // `env -i`: whatever runs the tests preloads itself into children.
    const variables = Object.entries(environment(options.env)).map(([name, value]) => `${name}=${value}`);
    const child = spawn('/usr/bin/env', ['-i', ...variables, file, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      cwd: options.cwd,
    });
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        output[name] += text;
      });
    }
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
}

export function runProgram(options: ProgramOptions): Promise<ProgramResult> {
  return collect(options.node ?? process.execPath, [PROGRAM, ...options.args], options);
}

/** The same with a terminal of 100 columns as standard output; both outputs are in `stdout`. */
export function runInTerminal(options: ProgramOptions): Promise<ProgramResult> {
  const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
  const command = [options.node ?? process.execPath, PROGRAM, ...options.args].map(quote).join(' ');
  return collect('script', ['-qec', `stty cols 100 rows 40; ${command}`, '/dev/null'], options);
}

/** Runs `doctor --json` and reads its report. */
export async function runDoctor(options: ProgramOptions): Promise<ProgramResult & { readonly report: Report }> {
  const result = await runProgram({ ...options, args: ['doctor', '--json', ...options.args] });
  try {
    return { ...result, report: JSON.parse(result.stdout) as Report };
  } catch {
    throw new Error(`no report: exit code ${result.code}\n${result.stdout}\n${result.stderr}`);
  }
}

/** The codes of all findings that are a warning or a problem. */
export function codesOf(report: Report): string[] {
  return report.sections
    .flatMap(({ findings }) => findings)
    .filter(({ status, code }) => (status === 'problem' || status === 'warning') && code !== undefined)
    .map(({ code }) => code as string);
}

/** All texts, one a line, with their status. */
export function textOf(report: Report): string {
  return report.sections
    .flatMap(({ title, findings }) => [
      title,
      ...findings.map(({ status, text, fix }) => `${status}: ${text} -> ${fix}`),
    ])
    .join('\n');
}
