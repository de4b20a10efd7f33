/** One line for each step of a run, so that a person sees that it lives. */
import { format } from './figures.mjs';

const FIRST_METRICS = [
  'cpuMicros',
  'wallMillis',
  'answeredMillis',
  'rssMiB',
  'promiseNanos',
  'requirePackageNanos',
  'idleCpuMillis',
];

/** The latest sample of the metric that says most. */
function latest({ failures, metrics }) {
  const name = FIRST_METRICS.find((metric) => metrics[metric] !== undefined);
  const sample = metrics[name]?.at(-1);
  return sample === undefined || sample === null ? `FAILED ${failures.at(-1)?.split('\n')[0] ?? ''}` : format(sample);
}

export function printProgress({ rounds }) {
  const start = performance.now();
  return ({ round, step, results }) => {
    const { group, scenario, mode, system, nodeVersion } = step;
    const cells = results
      .cells(group)
      .filter((cell) => cell.scenario === scenario.name && cell.mode === mode && cell.system === system)
      .filter((cell) => cell.nodeVersion === nodeVersion)
      .map((cell) => `${cell.agent} ${latest(cell)}`);
    const seconds = Math.round((performance.now() - start) / 1000);
    const name = `${group}/${scenario.name} ${mode} ${system}${nodeVersion === undefined ? '' : ` ${nodeVersion}`}`;
    process.stdout.write(`[${seconds} s, round ${round + 1} of ${rounds}] ${name}: ${cells.join(', ')}\n`);
  };
}
