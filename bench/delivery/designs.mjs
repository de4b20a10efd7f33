/** Table 4: the two ways to hand spans to a worker, each in a process of its own. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { quantile } from '../statistics.mjs';

const APP = join(dirname(fileURLToPath(import.meta.url)), 'design-app.cjs');
const DESIGNS = ['none', 'clone', 'encode'];
const ROUNDS = 3;
const run = promisify(execFile);

/** Medians of interleaved rounds. */
export async function measureDesigns() {
  const runs = new Map(DESIGNS.map((design) => [design, []]));
  for (let round = 0; round < ROUNDS; round++) {
    for (const design of DESIGNS) {
      const { stdout } = await run(process.execPath, ['--expose-gc', APP, design]);
      runs.get(design).push(JSON.parse(stdout));
    }
  }
  return [...runs.values()].map(medians);
}

/** One result whose numbers are the medians of several. */
export function medians(results) {
  const entries = Object.entries(results[0]).map(([key, value]) => [
    key,
    typeof value === 'number'
      ? quantile(
          results.map((result) => result[key]),
          0.5,
        )
      : value,
  ]);
  return Object.fromEntries(entries);
}
