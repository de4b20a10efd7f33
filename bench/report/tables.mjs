/** The tables of the full report: one for each metric, scenarios down, agents across. */
import { AGENTS, FLOOR } from '../agents.mjs';
import { figureOf, format, OURS, signed, table, times, timesOurs } from './figures.mjs';

const SYSTEMS = { cjs: '', esm: ', ES module' };
const MODES = { always: '', '1%': ', 1 % sampled', excluded: ', excluded URL', disabled: ', agent disabled' };

/** `isShare`: not a cost: more is better, and only ratios say something. */
const SECTIONS = [
  {
    group: 'startup',
    heading: 'Start-up',
    metrics: [
      { name: 'wallMillis', title: 'whole process, wall ms' },
      { name: 'cpuMillis', title: 'whole process, CPU ms of all threads' },
      { name: 'peakMiB', title: 'whole process, peak memory MiB' },
      { name: 'answeredMillis', title: 'from exec to the answer to the first request, ms' },
      { name: 'requestMillis', title: 'request 1 alone, ms' },
    ],
  },
  {
    group: 'request',
    heading: 'Requests',
    metrics: [
      { name: 'cpuMicros', title: 'CPU µs per request, all threads' },
      { name: 'mainMicros', title: 'CPU µs per request, main thread' },
      { name: 'perSecond', title: 'requests per second, saturated', isShare: true },
      { name: 'p50Millis', title: 'latency p50 at half load, ms' },
      { name: 'p99Millis', title: 'latency p99 at half load, ms' },
      { name: 'rssMiB', title: 'RSS after the saturated phase, MiB (queues made large)' },
    ],
  },
  {
    group: 'standing',
    heading: 'Standing cost',
    metrics: [
      { name: 'delayP99Millis', title: 'event-loop delay p99 at 2,000 spans/s, ms' },
      { name: 'bytesPerRequest', title: 'bytes allocated on the heap of the main thread per request' },
      { name: 'rssMiB', title: 'RSS after that load, MiB' },
      { name: 'idleCpuMillis', title: 'idle process, CPU ms per second' },
      { name: 'promiseNanos', title: 'an awaited promise, ns' },
      { name: 'timerNanos', title: 'a timer, ns' },
      { name: 'workerMillis', title: 'new Worker() until its first message, ms' },
      { name: 'workerMiB', title: 'a worker, MiB of RSS' },
      { name: 'requirePackageNanos', title: 'cached require of a package, ns' },
      { name: 'requireBuiltinNanos', title: 'cached require of a built-in, ns' },
    ],
  },
];

const sameRow = (one, other) =>
  ['scenario', 'mode', 'system', 'nodeVersion'].every((name) => one[name] === other[name]);

/** Scenarios of a group that have this metric, in the order of the plan. */
function rowsOf(results, group, metric) {
  const rows = [];
  for (const cell of results.cells(group)) {
    if (cell.metrics[metric] !== undefined && !rows.some((row) => sameRow(row, cell))) rows.push(cell);
  }
  return rows;
}

function spread(results, cell, metric) {
  const samples = results.samples(cell, metric).filter((value) => value !== null);
  if (samples.length < 2) return '';
  return ` (${format(Math.min(...samples))}–${format(Math.max(...samples))})`;
}

function describe(results, cell, { name, isShare }) {
  const found = results.find(cell);
  if (found === undefined) return '';
  if (found.failures.length > 0) return '**failed**';
  const { value, added, ratio } = figureOf(results, cell, name);
  const own = `${format(value)}${spread(results, cell, name)}`;
  if (cell.agent === 'bare' || Number.isNaN(ratio)) return own;
  const parts = isShare ? [times(ratio)] : [signed(added), times(ratio)];
  const factor =
    isShare || cell.agent === OURS || cell.agent === FLOOR.name ? undefined : timesOurs(results, cell, name);
  if (factor !== undefined) parts.push(`**${times(factor)} ours**`);
  return `${own} ${parts.join(' · ')}`;
}

function renderMetric(results, group, metric) {
  const agents = AGENTS.filter(
    ({ name, isFloor }) => results.about.agents[name] !== undefined || name === 'bare' || isFloor,
  );
  const rows = rowsOf(results, group, metric.name).map((row) => {
    const node = row.nodeVersion === undefined ? '' : `, Node ${row.nodeVersion}`;
    const { scenario, mode, system, nodeVersion } = row;
    const cells = agents.map(({ name: agent }) =>
      describe(results, { group, scenario, mode, system, nodeVersion, agent }, metric),
    );
    return [`${row.title}${MODES[mode]}${SYSTEMS[system]}${node}`, ...cells];
  });
  if (rows.length === 0) return [];
  return [`### ${metric.title}`, table(['', ...agents.map(({ title }) => title)], rows)];
}

/** Markdown of all tables. */
export function renderTables(results) {
  return SECTIONS.flatMap(({ group, heading, metrics }) => {
    const tables = metrics.flatMap((metric) => renderMetric(results, group, metric));
    return tables.length === 0 ? [] : [`## ${heading}`, ...tables];
  });
}
