/**
 * One child process of the demo: started, awaited until it listens, its output kept aside, stopped with SIGTERM.
 * Runner process only; knows nothing of services or tracing.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const READY = /listening on (\S+)/;
const READY_TIMEOUT_MILLIS = 30_000;
const STOP_TIMEOUT_MILLIS = 5_000;
const KEPT_LINES = 200;
const KEPT_LINE_LENGTH = 300;

export interface ChildSpec {
  readonly name: string;
  /** Arguments of `node`: flags, then the file. */
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** Gets every line of output; used for `--verbose`. */
  readonly onLine?: ((name: string, line: string) => void) | undefined;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface Child {
  readonly name: string;
  readonly exited: Promise<Exit>;
  /** What the child printed after "listening on". Rejects when it ends, or stays silent for 30 s. */
  readonly address: Promise<string>;
  /** The last lines of stdout and stderr, oldest first. */
  tail(lines?: number): string;
  /** SIGTERM, and SIGKILL after 5 s. Resolves to a complaint, or undefined when the child ended as it should. */
  stop(): Promise<string | undefined>;
  kill(signal: NodeJS.Signals): void;
}

/** "exit code 1", "signal SIGKILL". */
export function describeExit({ code, signal }: Exit): string {
  return signal === null ? `exit code ${code}` : `signal ${signal}`;
}

/** Starts `node` with the arguments. Never throws; a failed start rejects `address` and resolves `exited`. */
export function startChild(spec: ChildSpec): Child {
  const child = spawn(process.execPath, spec.args, {
    cwd: spec.cwd,
    env: { ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  const tail = (count = 25): string => lines.slice(-count).join('\n');
  const exited = waitForExit(child, lines);
  const address = waitForAddress(child, spec, lines, exited);
  address.catch(() => undefined);
  return {
    name: spec.name,
    exited,
    address,
    tail,
    stop: () => stopChild(child, exited),
    kill: (signal) => child.kill(signal),
  };
}

function waitForExit(child: ChildProcess, lines: string[]): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      lines.push(error.message);
      if (child.pid === undefined) resolve({ code: null, signal: null });
    });
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
}

function waitForAddress(child: ChildProcess, spec: ChildSpec, lines: string[], exited: Promise<Exit>): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`${spec.name} did not listen within ${READY_TIMEOUT_MILLIS / 1000} s`)),
      READY_TIMEOUT_MILLIS,
    );
    exited.then((exit) => {
      clearTimeout(timer);
      reject(new Error(`${spec.name} ended before it listened (${describeExit(exit)})`));
    });
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lines.push(line.slice(0, KEPT_LINE_LENGTH));
        if (lines.length > KEPT_LINES) lines.shift();
        spec.onLine?.(spec.name, line);
        const address = stream === child.stdout ? READY.exec(line)?.[1] : undefined;
        if (address === undefined) return;
        clearTimeout(timer);
        resolve(address);
      });
    }
  });
}

async function stopChild(child: ChildProcess, exited: Promise<Exit>): Promise<string | undefined> {
  let isKilled = false;
  child.kill('SIGTERM');
  const timer = setTimeout(() => {
    isKilled = true;
    child.kill('SIGKILL');
  }, STOP_TIMEOUT_MILLIS);
  const exit = await exited;
  clearTimeout(timer);
  if (isKilled) return `was still running ${STOP_TIMEOUT_MILLIS / 1000} s after SIGTERM`;
  if (exit.code === 0 || exit.signal === 'SIGTERM') return undefined;
  return `ended with ${describeExit(exit)}`;
}
