/** Runs a scenario of test/fixtures/lean and reads what it reported. */
import { describeOutput, type RunningApp, runApp } from './run-app.js';

export interface LeanSpan {
  name: string;
  kind: 'SERVER' | 'CLIENT' | 'INTERNAL';
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  scope: string;
  status: { code: number; message?: string };
  attributes: Record<string, unknown>;
  events: { name: string; type?: string }[];
}

export interface Received {
  url: string;
  headers: Record<string, string | string[] | undefined>;
  /** Names and values in turn. */
  raw: string[];
}

export interface LeanCase {
  result?: unknown;
  status?: number;
  text?: string;
  spans: LeanSpan[];
  parent: { traceId: string; spanId: string };
  received: Received[];
  /** What ran, and the span that was active then. */
  seen?: [string, string | undefined][];
}

export interface LeanReport {
  /** Spans that never ended. */
  open: number;
  /** What the instrumentations logged; empty unless something is wrong. */
  messages: string[];
  cases: Record<string, LeanCase>;
  [fact: string]: unknown;
}

export const UNSET = 0;
export const ERROR = 2;

/** Rejects with the whole output when the scenario does not end well. */
export async function runScenario(node: string, file: string, ...args: string[]): Promise<LeanReport> {
  return readReport(runApp({ node, preload: 'none', file: `lean/${file}`, args }), file);
}

/** What a scenario printed last; rejects with the whole output when it did not end well. */
export async function readReport(app: RunningApp, file: string): Promise<LeanReport> {
  const { code, signal } = await app.exited;
  if (code !== 0) throw new Error(`${file} ended with ${signal ?? code}\n${describeOutput(outputOf(app))}`);
  const last = app.stdout().trim().split('\n').at(-1) ?? '';
  return JSON.parse(last) as LeanReport;
}

function outputOf(app: { stdout(): string; stderr(): string }): { stdout: string; stderr: string } {
  return { stdout: app.stdout(), stderr: app.stderr() };
}

/** The case of that name; throws when the scenario has none, so that no assertion is skipped in silence. */
export function caseOf(report: LeanReport, name: string): LeanCase {
  const found = report.cases[name];
  if (found === undefined) throw new Error(`no case "${name}" in ${Object.keys(report.cases).join(', ')}`);
  return found;
}

/** The one span of a case; throws when there are none or several. */
export function onlySpan(report: LeanReport, name: string): LeanSpan {
  const { spans } = caseOf(report, name);
  const [span] = spans;
  if (span === undefined || spans.length > 1) throw new Error(`"${name}" made ${spans.length} spans`);
  return span;
}
