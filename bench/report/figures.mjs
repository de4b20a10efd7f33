/** Figures derived from results: what an agent adds to bare, how often the ratio, and how they are written. */
import { bareOf } from '../results.mjs';
import { median } from '../statistics.mjs';

export const OURS = 'trace-agent';

const identityOf = ({ group, scenario, mode = 'always', system = 'cjs', nodeVersion, agent }) => ({
  group,
  scenario,
  mode,
  system,
  nodeVersion,
  agent,
});

/**
 * The median of the differences between neighbours in time: a round in which the machine is slower is so for both. Where
 * one was measured more often, its samples are spread evenly over those of the other.
 */
function medianDifference(samples, bares) {
  const isMeasured = (value) => value !== undefined && value !== null;
  const differences = samples.map((value, index) => {
    const bare = bares[Math.floor((index * bares.length) / samples.length)];
    return isMeasured(value) && isMeasured(bare) ? value - bare : undefined;
  });
  return median(differences.filter(isMeasured));
}

/** @returns {{value, bare, added, ratio}} medians, that of the differences, and the ratio; NaN where not measured */
export function figureOf(results, cell, metric) {
  const identity = identityOf(cell);
  const value = results.median(identity, metric);
  const bare = results.median(bareOf(identity), metric);
  const isWhole = !Number.isNaN(value) && !Number.isNaN(bare);
  const added = medianDifference(results.samples(identity, metric), results.samples(bareOf(identity), metric));
  return { value, bare, added: isWhole ? added : Number.NaN, ratio: value / bare };
}

/** How many times our added cost a rival adds; undefined when one of them adds nothing that could be told. */
export function timesOurs(results, cell, metric) {
  const ours = figureOf(results, { ...cell, agent: OURS }, metric).added;
  const theirs = figureOf(results, cell, metric).added;
  return ours > 0 && theirs > 0 ? theirs / ours : undefined;
}

/** Share of the time that a main thread waits for a processor above which a run is not to be trusted. */
const BUSY = 0.1;
export const BUSY_WARNING = 'The machine was busy with something else: only large differences say anything.';

/** How long main threads that wanted to run waited for a processor, as share; NaN where the kernel does not tell. */
export function contentionOf(results) {
  const shares = results.cells('request').flatMap(({ metrics }) => metrics.waitShare ?? []);
  const known = shares.filter((share) => share !== null);
  return { median: median(known), worst: Math.max(...known), isBusy: median(known) > BUSY };
}

/** Three significant digits, thousands separated; "-" for what was not measured. */
export function format(value) {
  if (value === undefined || Number.isNaN(value)) return '-';
  const size = Math.abs(value);
  const digits = size >= 100 ? 0 : size >= 10 ? 1 : 2;
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const signed = (value) => (value > 0 ? `+${format(value)}` : format(value));

export const times = (value) => (value === undefined || !Number.isFinite(value) ? '-' : `${format(value)}×`);

/** A Markdown table. */
export function table(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
