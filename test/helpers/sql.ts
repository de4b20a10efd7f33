/** Runs the scenarios of test/fixtures/sql: a database library of some version, bare, under ours or the official one. */
import { join } from 'node:path';
import type { Test } from 'tap';
import { ERROR, type LeanCase, type LeanReport, type LeanSpan, runScenario } from './lean.js';
import { ROOT } from './paths.js';

export interface SqlCase extends LeanCase {
  /** What ran in another context than that of the call. */
  lost: string[];
  /** Spans that it did not end. */
  open: number;
}

export interface SqlReport extends LeanReport {
  cases: Record<string, SqlCase>;
  /** Names, lengths and descriptors of the library's methods. */
  shape: Record<string, unknown>;
}

/** Folder of a package, or of one of the versions that package.json names. */
export function folderOf(name: string): string {
  return join(ROOT, 'node_modules', name);
}

export async function runSql(node: string, file: string, ...args: string[]): Promise<SqlReport> {
  return (await runScenario(node, `../sql/${file}`, ...args)) as SqlReport;
}

/** The spans of the library in a case; the others are the application's. */
export function clientSpans({ spans }: LeanCase): LeanSpan[] {
  return spans.filter(({ kind }) => kind === 'CLIENT');
}

/** As `SELECT items ERROR 23505`. */
function describeSpan({ name, status, attributes }: LeanSpan): string {
  return status.code === ERROR ? `${name} ERROR ${String(attributes['error.type'])}` : name;
}

/** The name of a span's parent within its case: `parent` for the case's own. */
export function parentOf({ parentSpanId }: LeanSpan, { parent, spans }: LeanCase): string {
  if (parentSpanId === parent.spanId) return 'parent';
  return spans.find(({ spanId }) => spanId === parentSpanId)?.name ?? 'nobody';
}

function checkCase(t: Test, name: string, own: SqlCase, bare: SqlCase | undefined, expected: readonly string[]): void {
  t.strictSame(own.result, bare?.result, `${name}: the result of a bare run`);
  t.strictSame(own.lost, [], `${name}: all in the context of the call`);
  t.strictSame(clientSpans(own).map(describeSpan), expected, `${name}: spans`);
  const parents = clientSpans(own).map((span) => parentOf(span, own));
  const isOther = (parent: string, index: number) => {
    if (name === 'without parent') return parent !== 'nobody';
    return parent !== (name.startsWith('waiting') ? `waiting ${index + 1}` : 'parent');
  };
  t.strictSame(parents.filter(isOther), [], `${name}: parents`);
}

/**
 * Runs a scenario bare and under ours: the same results and shapes, no context lost, no span open, and in each case the
 * spans `expected`. Resolves with the report of ours.
 */
export async function compareWithBare(
  t: Test,
  node: string,
  file: string,
  parameters: readonly string[],
  expected: Readonly<Record<string, readonly string[]>>,
): Promise<SqlReport> {
  const bare = await runSql(node, file, 'bare', ...parameters);
  const own = await runSql(node, file, 'own', ...parameters);
  t.strictSame(own.messages, []);
  t.equal(own.open, 0, 'every span has ended');
  t.strictSame(own.shape, bare.shape, 'methods look the same');
  t.strictSame(Object.keys(own.cases), Object.keys(bare.cases));
  for (const [name, found] of Object.entries(own.cases)) {
    checkCase(t, name, found, bare.cases[name], expected[name] ?? ['a case that nobody expects']);
  }
  t.notMatch(JSON.stringify(Object.values(own.cases).map(({ spans }) => spans)), /canary/, 'no value is recorded');
  return own;
}
