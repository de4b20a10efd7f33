/**
 * Starts one installed server program on a free loopback port in a folder of its own, and ends it for certain.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { accessSync, chmodSync, chownSync, constants, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { findFreePort } from './ports.js';

export interface Account {
  uid: number;
  gid: number;
}

/** What a server's recipe gets to work with. */
export interface Place {
  /** Empty folder that the server's account owns. */
  folder: string;
  /** Free when it was looked up. */
  port: number;
  /** The account to run as; undefined when the tests do not run as root. */
  account: Account | undefined;
  /** Clean environment with PATH and HOME. */
  env: Record<string, string>;
}

export interface Program {
  command: string;
  args: string[];
  /** Line of its output that means it accepts connections. */
  ready: RegExp;
  env?: Record<string, string>;
  /** What makes it stop quickly and orderly. Default SIGTERM. */
  stopSignal?: NodeJS.Signals;
}

export interface ServerProcess {
  port: number;
  /** Stops the server and removes its folder. */
  stop(): Promise<void>;
}

const START_TIMEOUT_MILLIS = 60_000;
const STOP_TIMEOUT_MILLIS = 5_000;
const ATTEMPTS = 3;

/** Debian keeps these out of PATH. */
const EXTRA_FOLDERS = [
  '/usr/sbin',
  '/usr/local/sbin',
  '/usr/lib/rabbitmq/bin',
  '/opt/homebrew/bin',
  '/opt/homebrew/sbin',
];

/** Finds a program in PATH and the usual other places; undefined when it is not installed. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...EXTRA_FOLDERS, ...postgresFolders()];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** Starts a server; `prepare` makes its files and says how to run it. A port lost to somebody else is tried again. */
export async function startServer(
  name: string,
  prepare: (place: Place) => Program | Promise<Program>,
): Promise<ServerProcess> {
  for (let attempt = 1; ; attempt++) {
    const place = await findPlace(name);
    try {
      return await startAt(place, await prepare(place));
    } catch (error) {
      rmSync(place.folder, { recursive: true, force: true });
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

/** Runs a program to its end in the server's account, as for creating a database. Throws with its output. */
export function runOnce(place: Place, command: string, args: string[]): void {
  const options = { cwd: place.folder, env: place.env, encoding: 'utf8' as const, ...place.account };
  const { status, error, stdout, stderr } = spawnSync(command, args, options);
  if (error ?? status !== 0) throw new Error(`${command} failed: ${error?.message ?? status}\n${stdout}\n${stderr}`);
}

async function findPlace(name: string): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), `trace-agent-${name}-`));
  const account = process.getuid?.() === 0 ? unprivilegedAccount() : undefined;
  if (account) chownSync(folder, account.uid, account.gid);
  chmodSync(folder, 0o700);
  const env = { PATH: [process.env.PATH, ...EXTRA_FOLDERS].join(delimiter), HOME: folder, LANG: 'C', LC_ALL: 'C' };
  return { folder, port: await findFreePort(), account, env };
}

/** PostgreSQL and MariaDB refuse to run as root. */
function unprivilegedAccount(): Account {
  const numberOf = (flag: string) => Number(execFileSync('id', [flag, 'nobody'], { encoding: 'utf8' }));
  return { uid: numberOf('-u'), gid: numberOf('-g') };
}

async function startAt(place: Place, program: Program): Promise<ServerProcess> {
  const child = spawn(program.command, program.args, {
    cwd: place.folder,
    env: { ...place.env, ...program.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: RabbitMQ is a shell script with children.
    detached: true,
    ...place.account,
  });
  const killGroup = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // ESRCH: it has ended.
    }
  };
  const killAtExit = () => killGroup('SIGKILL');
  process.on('exit', killAtExit);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async () => {
    killGroup(program.stopSignal ?? 'SIGTERM');
    const timer = setTimeout(killGroup, STOP_TIMEOUT_MILLIS, 'SIGKILL');
    await ended;
    clearTimeout(timer);
    process.removeListener('exit', killAtExit);
    rmSync(place.folder, { recursive: true, force: true });
  };
  try {
    await untilReady(child, program);
  } catch (error) {
    await stop();
    throw error;
  }
  return { port: place.port, stop };
}

function untilReady(child: ChildProcess, { command, ready }: Program): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = (why: string) => reject(new Error(`${command} ${why}\n${output}`));
    const timer = setTimeout(() => fail('did not become ready'), START_TIMEOUT_MILLIS);
    const look = (chunk: Buffer) => {
      output += chunk.toString();
      if (!ready.test(output)) return;
      clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream?.removeListener('data', look).resume();
      resolve();
    };
    child.stdout?.on('data', look);
    child.stderr?.on('data', look);
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${signal ?? `code ${code}`}`);
    });
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function postgresFolders(): string[] {
  const base = '/usr/lib/postgresql';
  if (!existsSync(base)) return [];
  const newestFirst = readdirSync(base).sort((a, b) => Number(b) - Number(a));
  return newestFirst.map((version) => join(base, version, 'bin'));
}
