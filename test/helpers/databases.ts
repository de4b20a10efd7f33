/** Runs a workload of test/fixtures/databases and tells what its spans say. */

import { ERROR, type LeanReport, type LeanSpan, readReport } from './lean.js';
import { runApp } from './run-app.js';

export type Variant = 'own' | 'official' | 'bare' | 'broken' | 'streams';

export interface DatabaseReport extends LeanReport {
  readonly port: number;
  /** Spans of a command that was sent where no span is active. */
  readonly roots: readonly LeanSpan[];
  /** Number of spans in a trace that is not sampled. */
  readonly unsampled: number;
}

/** Runs `<workload>.cjs`; rejects with the whole output when it does not end well. */
export async function runWorkload(
  node: string,
  workload: string,
  variant: Variant,
  library: string,
  ...args: string[]
): Promise<DatabaseReport> {
  const file = `databases/${workload}.cjs`;
  const app = runApp({ node, preload: 'none', file, args: [variant, library, ...args] });
  return (await readReport(app, file)) as DatabaseReport;
}

/** Without what differs from run to run. */
export const steady = (value: unknown): string =>
  JSON.stringify(value ?? null)
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1')
    .replace(/connection \d+/g, 'connection');

/** `SET@3 x2 | SET name ?! ERR`: operation, database, size of a batch, text, error. Spans of no command by their name. */
export function describeRedisSpan({ name, attributes, status }: LeanSpan): string {
  const operation = attributes['db.operation.name'];
  if (operation === undefined) return name;
  const database = attributes['db.namespace'] === '0' ? '' : `@${attributes['db.namespace']}`;
  const size = attributes['db.operation.batch.size'];
  const batch = size === undefined ? '' : ` x${size}`;
  const text = attributes['db.query.text'];
  const shown = text === undefined ? '' : ` | ${String(text).replace(/[0-9a-f]{40}/g, 'sha')}`;
  return `${operation}${database}${batch}${shown}${status.code === ERROR ? ` ! ${attributes['error.type']}` : ''}`;
}
