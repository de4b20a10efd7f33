/**
 * Runs a real application as a child process with a known environment, whatever runs the tests: tap preloads itself
 * into children through NODE_OPTIONS, and `env -i` is what reliably removes that.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import t from 'tap';
import { AGENT_ENTRY, FIXTURES } from './paths.js';

export interface RunOptions {
  /** Path of the Node binary; default the one that runs the tests. */
  node?: string;
  /** How the agent gets in. Default `require`. */
  preload?: 'require' | 'import' | 'NODE_OPTIONS' | 'none';
  /** Application file; relative ones are looked up in test/fixtures. Undefined: what `execArgv` and `stdin` say. */
  file: string | undefined;
  args?: string[];
  /** Added to the clean environment (PATH, HOME, TMPDIR, LANG, TZ); undefined values are left out. */
  env?: Record<string, string | undefined>;
  /** Further Node flags, before the file. */
  execArgv?: string[];
  cwd?: string;
  /** Preload entry; default dist/register.js. */
  agent?: string;
  /** Text for the child's standard input, which is then closed. Default: no standard input. */
  stdin?: string;
  /** Adds an IPC channel (`child.send`, 'message'). */
  ipc?: boolean;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** From spawn to exit. */
  millis: number;
}

export interface RunningApp {
  child: ChildProcess;
  pid: number;
  stdout(): string;
  stderr(): string;
  /** Resolves when the process has ended and its output is complete. Never rejects for a bad exit. */
  exited: Promise<Exit>;
  /**
   * Resolves with the match of the first line (stdout or stderr, past lines included) that matches.
   * Rejects with the whole output when the process ends first or after `timeoutMillis` (default 20,000).
   */
  waitForLine(pattern: RegExp, timeoutMillis?: number): Promise<RegExpMatchArray>;
  kill(signal?: NodeJS.Signals): void;
}

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ'];
const OUTPUT_GRACE_MILLIS = 1_000;

const groups = new Set<number>();
let isCleanupRegistered = false;

/** Starts an application. Whatever still runs at the end of the test file is killed with all its children. */
export function runApp(options: RunOptions): RunningApp {
  registerCleanup();
  const startedAtMillis = performance.now();
  const child = spawn('/usr/bin/env', ['-i', ...environment(options), ...commandLine(options)], {
    cwd: options.cwd,
    stdio: [
      options.stdin === undefined ? 'ignore' : 'pipe',
      'pipe',
      'pipe',
      ...(options.ipc ? (['ipc'] as const) : []),
    ],
    // A process group of its own lets the clean-up reach grandchildren that outlive the child.
    detached: true,
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error('could not spawn /usr/bin/env');
  groups.add(pid);
  if (options.stdin !== undefined) child.stdin?.end(options.stdin);

  const output = collectOutput(child);
  const exited = awaitExit(child, startedAtMillis);
  return {
    child,
    pid,
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    exited,
    waitForLine: (pattern, timeoutMillis = 20_000) => output.waitForLine(pattern, timeoutMillis, exited),
    kill: (signal = 'SIGTERM') => void child.kill(signal),
  };
}

function environment(options: RunOptions): string[] {
  const variables: Record<string, string | undefined> = {};
  for (const name of INHERITED) variables[name] = process.env[name];
  Object.assign(variables, options.env);
  if (options.preload === 'NODE_OPTIONS') {
    const flag = `--require ${quoteForNodeOptions(options.agent ?? AGENT_ENTRY)}`;
    variables.NODE_OPTIONS = [flag, options.env?.NODE_OPTIONS].filter(Boolean).join(' ');
  }
  if (options.ipc) variables.NODE_CHANNEL_FD = '3';
  return Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`]));
}

function quoteForNodeOptions(path: string): string {
  return /[\s"\\]/.test(path) ? `"${path.replace(/(["\\])/g, '\\$1')}"` : path;
}

function commandLine(options: RunOptions): string[] {
  const agent = options.agent ?? AGENT_ENTRY;
  const preload = options.preload ?? 'require';
  const flags =
    preload === 'require' ? ['--require', agent] : preload === 'import' ? ['--import', pathToFileURL(agent).href] : [];
  return [
    options.node ?? process.execPath,
    ...flags,
    ...(options.execArgv ?? []),
    ...(options.file === undefined ? [] : [resolve(FIXTURES, options.file)]),
    ...(options.args ?? []),
  ];
}

interface Output {
  stdout: string;
  stderr: string;
  waitForLine(pattern: RegExp, timeoutMillis: number, exited: Promise<Exit>): Promise<RegExpMatchArray>;
}

function collectOutput(child: ChildProcess): Output {
  const lines: string[] = [];
  const watchers = new Set<(line: string) => void>();
  const output: Output = { stdout: '', stderr: '', waitForLine };
  for (const name of ['stdout', 'stderr'] as const) {
    const stream = child[name];
    if (!stream) continue;
    stream.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const watch of watchers) watch(line);
    });
  }
  return output;

  function waitForLine(pattern: RegExp, timeoutMillis: number, exited: Promise<Exit>): Promise<RegExpMatchArray> {
    for (const line of lines) {
      const match = line.match(pattern);
      if (match) return Promise.resolve(match);
    }
    return new Promise((resolveMatch, reject) => {
      const fail = (why: string) => {
        stopWatching();
        reject(new Error(`no line matches ${pattern}: ${why}\n${describeOutput(output)}`));
      };
      const timer = setTimeout(() => fail(`waited ${timeoutMillis} ms`), timeoutMillis);
      const watch = (line: string) => {
        const match = line.match(pattern);
        if (!match) return;
        stopWatching();
        resolveMatch(match);
      };
      const stopWatching = () => {
        clearTimeout(timer);
        watchers.delete(watch);
      };
      watchers.add(watch);
      void exited.then(({ code, signal }) => {
        if (watchers.has(watch)) fail(`the process ended with ${signal ?? `code ${code}`}`);
      });
    });
  }
}

/** Both outputs, for a failure message. */
export function describeOutput(output: { stdout: string; stderr: string }): string {
  return `--- stdout\n${output.stdout}\n--- stderr\n${output.stderr}`;
}

function awaitExit(child: ChildProcess, startedAtMillis: number): Promise<Exit> {
  return new Promise((resolveExit, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      const exit = { code, signal, millis: performance.now() - startedAtMillis };
      forgetEmptyGroup(child.pid);
      // 'close' means the output is complete, but a grandchild that holds the pipe would delay it for ever.
      const timer = setTimeout(() => resolveExit(exit), OUTPUT_GRACE_MILLIS);
      child.once('close', () => {
        clearTimeout(timer);
        resolveExit(exit);
      });
    });
  });
}

function registerCleanup(): void {
  if (isCleanupRegistered) return;
  isCleanupRegistered = true;
  t.teardown(killGroups);
  process.on('exit', killGroups);
}

/** A number that the system may hand to somebody else must not be signalled later. */
function forgetEmptyGroup(pid: number | undefined): void {
  if (pid !== undefined && !signalGroup(pid, 0)) groups.delete(pid);
}

function killGroups(): void {
  for (const pid of groups) signalGroup(pid, 'SIGKILL');
  groups.clear();
}

/** Returns false when no process of the group is left. */
function signalGroup(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-pid, signal);
  } catch {
    return false;
  }
}
