/** What a recorded run leaves outside this folder: the README's table and its chart. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../agents.mjs';
import { renderChart } from './chart.mjs';
import { withSummary } from './summary.mjs';

const README = join(ROOT, 'README.md');
const CHART = join(ROOT, 'docs/benchmark.svg');

export function publish(results) {
  writeFileSync(CHART, renderChart(results));
  writeFileSync(README, withSummary(readFileSync(README, 'utf8'), results));
}
