/**
 * Runs the user's command under the agent for a while and reads what became of it, or reads a process that runs already.
 * Command line program. The agent tells by a local socket while a process runs and leaves a file when it ends.
 */
import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { childEnvironment, readCommandLineEnvironment } from '../../config/command-line.js';
import type { Code } from '../../diag/catalogue.js';
import type { PipelineSnapshot, Snapshot } from '../../observation/snapshot.js';
import { DROP_TEXT } from '../../pipeline/export-report.js';
import { DROP_REASONS } from '../../pipeline/protocol.js';
import { type Exit, exitOf, start } from '../child.js';
import { withAgent } from '../preload.js';
import { type Finding, note, ok, type Section, type Status, type Table } from './report.js';

/** Between the request to end and the order to. */
const GRACE_MILLIS = 5000;
const SOCKET_MILLIS = 2000;
const POLL_MILLIS = 500;

interface Document {
  readonly isStale: boolean;
  readonly snapshot: Snapshot | null;
}

/** What a process says over its socket. Rejects when nobody listens there any more. */
export function readSocket(path: string): Promise<Document> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = connect(path);
    const timer = setTimeout(() => socket.destroy(new Error('no answer')), SOCKET_MILLIS);
    socket.setEncoding('utf8').on('data', (part) => {
      text += part;
    });
    socket.on('error', reject);
    socket.on('close', () => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(text) as Document);
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** The newest snapshot of every process that has used the directory: its last words, or what it said while it ran. */
class Observer {
  readonly #directory: string;
  readonly #byName = new Map<string, Snapshot>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  async look(): Promise<void> {
    const files = existsSync(this.#directory) ? readdirSync(this.#directory) : [];
    for (const file of files.filter((name) => name.endsWith('.sock'))) {
      const document = await readSocket(join(this.#directory, file)).catch(() => undefined);
      if (document?.snapshot) this.#byName.set(basename(file, '.sock'), document.snapshot);
    }
    for (const file of files.filter((name) => name.endsWith('.json'))) {
      const text = readFileSync(join(this.#directory, file), 'utf8');
      this.#byName.set(basename(file, '.json'), JSON.parse(text) as Snapshot);
    }
  }

  get snapshots(): readonly Snapshot[] {
    return [...this.#byName.values()];
  }
}

const STATE_TEXT: Readonly<Record<string, string>> = { loaded: 'nothing to patch in the files loaded' };

function libraryTable({ libraries }: Snapshot): Table[] {
  if (libraries.length === 0) return [];
  const rows = libraries.map(({ module, version, state, reason }) => [
    module,
    version ?? 'built-in',
    state === 'patched' ? 'patched' : 'skipped',
    state === 'patched' ? '' : (reason ?? STATE_TEXT[state] ?? state),
  ]);
  return [{ header: ['Library', 'Version', 'State', 'Why'], rows }];
}

function pipelineFindings(pipeline: PipelineSnapshot): Finding[] {
  const { counters, url, exports, workerRestarts, exporter } = pipeline;
  const dropped = DROP_REASONS.reduce((sum, reason) => sum + counters.dropped[reason], 0);
  const findings: Finding[] = [];
  const text = `${counters.exported} of ${counters.created} ended spans exported to ${url}`;
  if (dropped === 0)
    findings.push(counters.queued === 0 ? ok(text) : note(`${text}, ${counters.queued} still waiting`));
  else {
    const reasons = DROP_REASONS.filter((reason) => counters.dropped[reason] > 0);
    const why = reasons.map((reason) => `${counters.dropped[reason]} because ${DROP_TEXT[reason]}`).join(', ');
    findings.push({ status: 'problem', text: `${text}; ${dropped} dropped: ${why}`, code: 'TA3025' });
  }
  if (exports !== undefined && exports.requests > 0) {
    const mean = Math.round(exports.sumMillis / exports.requests);
    const failures = exports.requests - exports.delivered;
    findings.push(
      note(
        `${exports.requests} requests, ${failures} failed, ${mean} ms on average, ${Math.round(exports.maxMillis)} ms at most`,
      ),
    );
  }
  if (exporter === 'in-process') findings.push(note('spans are sent from the thread of the application'));
  if (workerRestarts > 0)
    findings.push({
      status: 'warning',
      text: `the exporting thread was started again ${workerRestarts} times`,
      code: 'TA3028',
    });
  return findings;
}

const SEVERITY_STATUS: Readonly<Record<string, Status>> = { error: 'problem', warn: 'warning' };

/** Said by the counters, with the numbers of the end. */
const COUNTED: ReadonlySet<string> = new Set(['TA3025', 'TA2005']);
/** The configuration has been looked at before the application was started. */
const isConfiguration = (code: string): boolean => code.startsWith('TA11');

function messageFindings(snapshot: Snapshot): Finding[] {
  return snapshot.messages
    .filter(({ code }) => !COUNTED.has(code) && !isConfiguration(code))
    .map(({ code, severity, text, count }) => ({
      status: SEVERITY_STATUS[severity] ?? 'note',
      text: count > 1 ? `${text} (${count} times)` : text,
      code: code as Code,
    }));
}

function spanFindings(snapshot: Snapshot): Finding[] {
  const { RECORD_AND_SAMPLE: recorded = 0, DROP: unsampled = 0 } = snapshot.started;
  if (recorded + unsampled > 0) {
    const lost = unsampled > 0 ? `, ${unsampled} not sampled (${snapshot.sampler})` : '';
    return [recorded > 0 ? ok(`${recorded} spans made${lost}`) : { status: 'warning', text: `no span made${lost}` }];
  }
  const isPatched = snapshot.libraries.some(({ state }) => state === 'patched');
  const text = isPatched
    ? 'no span was made: no call of a traced library in that time'
    : 'no library that the agent traces was loaded';
  return [{ status: 'warning', text, code: 'TA2010' }];
}

/** Everything about one process. */
export function describeProcess(snapshot: Snapshot, isStale = false): Section {
  const { pid, entry, uptimeSeconds, nodeVersion } = snapshot.process;
  const stale: Finding = { status: 'warning', text: 'its event loop is busy: these are older numbers' };
  const faults = Object.entries(snapshot.faults).map(([name, count]): Finding => {
    return { status: 'problem', text: `${count} faults in the instrumentation ${name}`, code: 'TA2005' };
  });
  return {
    title: `Process ${pid}: ${entry ?? 'no entry file'}`,
    findings: [
      note(
        `agent ${snapshot.agentVersion}, Node.js ${nodeVersion}, service "${snapshot.service.name}", ${uptimeSeconds} s`,
      ),
      ...(isStale ? [stale] : []),
      ...spanFindings(snapshot),
      ...snapshot.pipelines.flatMap(pipelineFindings),
      ...faults,
      ...messageFindings(snapshot),
    ],
    tables: libraryTable(snapshot),
  };
}

/** A process that was started with OTEL_NODE_DIAGNOSTICS_DIRECTORY. Rejects when it cannot be read. */
export async function readProcess(pid: number, directory: string | undefined): Promise<Section> {
  const folder = directory ?? directoryOf(pid) ?? readCommandLineEnvironment().diagnosticsDirectory;
  if (folder === undefined) throw new Error('the process was started without OTEL_NODE_DIAGNOSTICS_DIRECTORY');
  const last = join(folder, `${pid}.json`);
  if (existsSync(last)) return describeProcess(JSON.parse(readFileSync(last, 'utf8')) as Snapshot);
  const { snapshot, isStale } = await readSocket(join(folder, `${pid}.sock`));
  if (snapshot === null) throw new Error('the process has not said anything yet');
  return describeProcess(snapshot, isStale);
}

/** What the process itself was told. Linux. */
function directoryOf(pid: number): string | undefined {
  try {
    const variables = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    const name = 'OTEL_NODE_DIAGNOSTICS_DIRECTORY=';
    return variables.find((text) => text.startsWith(name))?.slice(name.length) || undefined;
  } catch {
    return undefined;
  }
}

export interface ApplicationOptions {
  readonly words: readonly string[];
  readonly seconds: number;
  /** Where the application's output goes; the report has stdout for itself. */
  readonly isQuiet: boolean;
  /** The preload entry of this very package. */
  readonly registerFile: string;
}

async function runFor(child: ChildProcess, seconds: number, observer: Observer): Promise<Exit | 'ended by the doctor'> {
  const exited = exitOf(child);
  let exit: Exit | undefined;
  void exited.then((value) => {
    exit = value;
  });
  const end = Date.now() + seconds * 1000;
  while (exit === undefined && Date.now() < end) {
    await Promise.race([
      exited,
      new Promise((resolve) => setTimeout(resolve, Math.min(POLL_MILLIS, end - Date.now()))),
    ]);
    await observer.look();
  }
  if (exit !== undefined) return exit;
  signalGroup(child, 'SIGTERM');
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), GRACE_MILLIS);
  await exited;
  clearTimeout(timer);
  return 'ended by the doctor';
}

/** The command may be a launcher: its children have to go with it. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-(child.pid as number), signal);
  } catch {
    child.kill(signal);
  }
}

function describeEnd(exit: Exit | 'ended by the doctor', seconds: number): Finding {
  if (exit === 'ended by the doctor') return note(`ended by the doctor after ${seconds} s`);
  if (exit.kind === 'not started') return { status: 'problem', text: `cannot be started: ${exit.error.message}` };
  if (exit.kind === 'signal') return { status: 'warning', text: `ended by ${exit.signal}` };
  return exit.code === 0
    ? ok('ended with exit code 0')
    : { status: 'warning', text: `ended with exit code ${exit.code}` };
}

/** Runs the command and tells about every process in which the agent was. */
export async function checkApplication(options: ApplicationOptions): Promise<Section[]> {
  const { words, seconds, isQuiet, registerFile } = options;
  const directory = mkdtempSync(join(tmpdir(), 'ta-'));
  const observer = new Observer(directory);
  try {
    const child = start(words, {
      // The report has stdout for itself.
      stdio: isQuiet ? ['ignore', 'ignore', 'ignore'] : ['inherit', process.stderr, process.stderr],
      detached: true,
      env: childEnvironment({
        NODE_OPTIONS: withAgent(readCommandLineEnvironment().nodeOptions, registerFile),
        OTEL_NODE_DIAGNOSTICS_DIRECTORY: directory,
      }),
    });
    const exit = await runFor(child, seconds, observer);
    await observer.look();
    const findings: Finding[] = [describeEnd(exit, seconds)];
    const { snapshots } = observer;
    if (snapshots.length === 0 && !(typeof exit === 'object' && exit.kind === 'not started')) {
      const fix = 'does the command start Node.js, and does it keep NODE_OPTIONS? Is OTEL_NODE_AGENT_DISABLED set?';
      findings.push({ status: 'problem', text: 'the agent was in none of its processes', fix });
    }
    return [
      { title: `Command: ${words.join(' ')}`, findings },
      ...snapshots.map((snapshot) => describeProcess(snapshot)),
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
