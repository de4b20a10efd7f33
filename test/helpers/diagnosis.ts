/**
 * Runs applications in environments with something wrong and holds what the agent says to a list of codes: these and
 * nothing else, each in time, while the application's own output and exit code are those of a run without the agent.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import type { Code } from '../../src/diag/catalogue.js';
import { type Collector, type CollectorOptions, startCollector } from '../../src/viewer/otlp-receiver.js';
import { type CertificateSet, createCertificates } from './certificates.js';
import { type ForwardProxy, startProxy } from './proxy.js';
import { type RunningApp, type RunOptions, runApp } from './run-app.js';

/** What a scenario can build; all of it is taken down at the end of the test file. */
export interface Stage {
  collector(options?: CollectorOptions): Promise<Collector>;
  proxy(credentials?: string): Promise<ForwardProxy>;
  certificates(): Promise<CertificateSet>;
  /** A temporary folder with these files; names may have folders. */
  folder(files?: Readonly<Record<string, string>>): string;
}

type Environment = Record<string, string | undefined>;
type Run = Partial<Omit<RunOptions, 'env' | 'ipc' | 'stdin'>> & { readonly env?: Environment };

export interface Diagnosis {
  readonly name: string;
  /** How to run; default file test/fixtures/diagnosis/app.cjs. Every run gets a service name and a short batch delay. */
  set(stage: Stage): Run | Promise<Run>;
  /** Codes of all lines while the application runs, besides the start line's. */
  readonly codes: readonly Code[];
  /** Codes of further lines when it ends. */
  readonly atEnd?: readonly Code[];
  /** Each must match one of the lines. */
  readonly says?: readonly RegExp[];
  /** Started after the codes were seen; for what changes meanwhile. */
  act?(app: RunningApp): Promise<void>;
  /** Codes that follow {@link act}. */
  readonly next?: readonly Code[];
  /** Default TA1001; undefined = no start line. */
  readonly start?: Code | undefined;
  /** Time for the codes to appear, from the application's start. Default 10 s, what the agent promises. */
  readonly withinMillis?: number;
}

interface Result {
  readonly lines: readonly string[];
  readonly rest: string;
  readonly stdout: string;
  readonly exit: unknown;
  readonly bare: { readonly stdout: string; readonly exit: unknown };
}

const PROMISED_MILLIS = 10_000;
const LINE = /^trace-agent (?:error|warn|info|debug) (TA\d{4}): /;
const WARNINGS_OF_NODE = /^\((?:node:\d+\)|Use `node --trace-).*\n/gm;

const DEFAULT_ENVIRONMENT: Environment = { OTEL_SERVICE_NAME: 'app', OTEL_BSP_SCHEDULE_DELAY: '50' };

function createStage(t: Test): Stage {
  const folders: string[] = [];
  let certificates: Promise<CertificateSet> | undefined;
  t.teardown(() => {
    for (const folder of folders) rmSync(folder, { recursive: true, force: true });
  });
  return {
    async collector(options) {
      const collector = await startCollector(options);
      t.teardown(() => collector.close());
      return collector;
    },
    proxy: (credentials) => startProxy(t, credentials),
    certificates() {
      certificates ??= createCertificates();
      return certificates;
    },
    folder(files = {}) {
      const folder = mkdtempSync(join(tmpdir(), 'trace-agent-diagnosis-'));
      folders.push(folder);
      for (const [name, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, name)), { recursive: true });
        writeFileSync(join(folder, name), text);
      }
      return folder;
    },
  };
}

/** Resolves when each of the codes was printed as often as it is listed. Rejects when time is up, or it ended first. */
async function waitForCodes(app: RunningApp, codes: readonly Code[], withinMillis: number): Promise<void> {
  const counts = new Map<Code, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  const isThere = (): boolean => [...counts].every(([code, count]) => app.stderr().split(` ${code}: `).length > count);
  if (isThere()) return;
  await new Promise<void>((resolve, reject) => {
    const missing = (why: string) => new Error(`${codes.join(', ')} expected, ${why}\n${app.stderr()}`);
    const timer = setTimeout(() => reject(missing(`${withinMillis} ms over`)), withinMillis);
    const look = (): void => {
      if (!isThere()) return;
      clearTimeout(timer);
      resolve();
    };
    app.child.stderr?.on('data', look);
    void app.exited.then(() => {
      look();
      reject(missing('the application has ended'));
    });
  });
}

function optionsOf(run: Run, { atEnd = [] }: Diagnosis): RunOptions {
  // Where spans are lost at the end, waiting for them proves nothing; elsewhere a busy machine must not lose any.
  const OTEL_NODE_SHUTDOWN_TIMEOUT = atEnd.includes('TA3025') ? '200' : '10000';
  const env = { ...DEFAULT_ENVIRONMENT, OTEL_NODE_SHUTDOWN_TIMEOUT, ...run.env };
  return { file: 'diagnosis/app.cjs', ...run, env, ipc: true };
}

const bareRuns = new Map<string, Promise<Result['bare']>>();

/** The same application without the agent, once for all scenarios that run it in the same way. */
function runBare(options: RunOptions): Promise<Result['bare']> {
  const { NODE_OPTIONS: _, ...env } = options.env ?? {};
  const key = JSON.stringify([options.file, options.args, options.node, options.execArgv]);
  const known = bareRuns.get(key);
  if (known !== undefined) return known;
  const run = (async () => {
    const app = runApp({ ...options, preload: 'none', env });
    await app.waitForLine(/^done$/);
    app.child.disconnect();
    const { code, signal } = await app.exited;
    return { stdout: app.stdout(), exit: { code, signal } };
  })();
  bareRuns.set(key, run);
  return run;
}

async function perform(diagnosis: Diagnosis, stage: Stage): Promise<Result> {
  const options = optionsOf(await diagnosis.set(stage), diagnosis);
  const bare = await runBare(options);
  const app = runApp(options);
  const within = diagnosis.withinMillis ?? PROMISED_MILLIS;
  await Promise.all([app.waitForLine(/^done$/, 20_000 + within), waitForCodes(app, diagnosis.codes, within)]);
  if (diagnosis.act !== undefined) {
    await diagnosis.act(app);
    await waitForCodes(app, diagnosis.next ?? [], PROMISED_MILLIS);
  }
  app.child.disconnect();
  const { code, signal } = await app.exited;
  const text = app.stderr().replace(WARNINGS_OF_NODE, '');
  const lines = text.split('\n').filter((line) => LINE.test(line));
  const rest = text.split('\n').filter((line) => line !== '' && !LINE.test(line));
  return { lines, rest: rest.join('\n'), stdout: app.stdout(), exit: { code, signal }, bare };
}

/** Adds one test for each scenario; `parallel` applications run at once. */
export function testDiagnoses(t: Test, diagnoses: readonly Diagnosis[], parallel = 6): void {
  const stage = createStage(t);
  const waiting = diagnoses.map((diagnosis) => {
    let start: () => void = () => {};
    const started = new Promise<void>((resolve) => {
      start = resolve;
    });
    const result = started.then(() => perform(diagnosis, stage));
    result.catch(() => {});
    return { start, result };
  });
  const next = waiting.values();
  const startNext = (): void => {
    const { value } = next.next();
    if (value === undefined) return;
    value.start();
    value.result.then(startNext, startNext);
  };
  for (let slot = 0; slot < parallel; slot++) startNext();

  for (const [index, diagnosis] of diagnoses.entries()) {
    t.test(diagnosis.name, async (t) => {
      const result = await (waiting[index] as (typeof waiting)[number]).result;
      const { codes, next = [], atEnd = [], says = [] } = diagnosis;
      const start: Code | undefined = 'start' in diagnosis ? diagnosis.start : 'TA1001';
      const expected = [...(start === undefined ? [] : [start]), ...codes, ...next, ...atEnd];
      const found = result.lines.map((line) => LINE.exec(line)?.[1]);
      t.strictSame(found.sort(), expected.sort(), `the codes\n${result.lines.join('\n')}`);
      t.equal(result.rest, '', 'nothing else on stderr');
      for (const pattern of says) t.match(result.lines.join('\n'), pattern);
      t.strictSame(
        { stdout: result.stdout, exit: result.exit },
        result.bare,
        'the application is as without the agent',
      );
    });
  }
}
