/** The full report, as Markdown. */
import { BUSY_WARNING, contentionOf } from './figures.mjs';
import { renderGoals } from './goals.mjs';
import { renderTables } from './tables.mjs';

const LEGEND = `Each cell: median of all rounds (least–most), then what the agent adds to bare, its ratio to bare, and for a rival how
many times our added cost it adds. README.md in this folder's parent says how it is measured.`;

function renderAbout({ date, command, rounds, node, commit, machine, loadAverage, agents, libraries }) {
  const list = (versions) =>
    Object.entries(versions)
      .filter(([, version]) => version !== undefined)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ');
  return [
    `${date}, Node ${node}, ${machine}, load average at the start ${loadAverage}, ${rounds} rounds${commit === undefined ? '' : `, commit ${commit}`}.`,
    `Agents: ${list(agents)}. Libraries: ${list(libraries)}.`,
    `Made by \`${command}\`.`,
  ].join('\n');
}

/** How busy the machine was with something else. */
function renderContention(results) {
  const { median, worst, isBusy } = contentionOf(results);
  if (Number.isNaN(median)) return [];
  const percent = (share) => `${Math.round(share * 100)} %`;
  const verdict = isBusy ? ` **${BUSY_WARNING}**` : '';
  return [
    `Main threads waited for a processor for ${percent(median)} of the time that they wanted to run (median; worst ${percent(worst)}).${verdict}`,
  ];
}

function renderFailures(results) {
  const failed = results.cells().filter(({ failures }) => failures.length > 0);
  if (failed.length === 0) return [];
  const lines = failed.map(({ agent, group, scenario, mode, system, failures, runs }) => {
    const reason = failures[0].replaceAll(/\s+/g, ' ').slice(0, 300);
    return `- ${agent}, ${group}/${scenario} ${mode} ${system}, ${failures.length} of ${runs} runs: ${reason}`;
  });
  return ['## Failed', lines.join('\n')];
}

/** Rivals whose exporter lost spans under load: their cost is that of less work. */
function renderLosses(results) {
  const rows = results.cells().flatMap(({ agent, scenario, mode, metrics }) => {
    const delivered = metrics.delivered?.filter((share) => share !== null && share < 0.999) ?? [];
    if (delivered.length === 0 || mode === '1%') return [];
    return [`- ${agent}, ${scenario}: ${Math.round(Math.min(...delivered) * 100)} %`];
  });
  return rows.length === 0
    ? []
    : ['## Spans that did not arrive', 'Worst round of cells that delivered less than all:', rows.join('\n')];
}

/** Share of one processor above which the load and not the application decides the throughput. */
const BUSY = 0.95;

function renderLoad(results) {
  const rows = results.cells('request').flatMap(({ agent, scenario, mode, metrics }) => {
    const share = Math.max(0, ...(metrics.loadShare ?? []));
    return share < BUSY ? [] : [`- ${agent}, ${scenario} ${mode}: ${Math.round(share * 100)} %`];
  });
  if (rows.length === 0) return [];
  return ['## Load at its limit', 'Throughput of these is the least that it may be:', rows.join('\n')];
}

export function renderReport(results) {
  const parts = [
    '# Benchmark',
    renderAbout(results.about),
    ...renderContention(results),
    LEGEND,
    ...renderGoals(results),
    ...renderTables(results),
    ...renderLosses(results),
    ...renderLoad(results),
    ...renderFailures(results),
  ];
  return `${parts.join('\n\n')}\n`;
}
