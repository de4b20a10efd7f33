/**
 * What a run measured: cells (group, scenario, mode, module system, Node version, agent), each with the samples of all
 * rounds by metric, in the order in which they were measured, so that neighbours can be compared; a failed one is null.
 */
import { median, rounded } from './statistics.mjs';

const IDENTITY = ['group', 'scenario', 'mode', 'system', 'nodeVersion', 'agent'];

const keyOf = (cell) => IDENTITY.map((name) => cell[name] ?? '').join('|');

export class Results {
  #cells = new Map();

  /** @param json the content of a result file */
  static from({ about, cells }) {
    const results = new Results(about);
    for (const cell of cells) results.#cells.set(keyOf(cell), cell);
    return results;
  }

  constructor(about) {
    this.about = about;
  }

  #open(cell) {
    const key = keyOf(cell);
    if (!this.#cells.has(key)) {
      this.#cells.set(key, { ...cell, runs: 0, failures: [], metrics: {} });
    }
    return this.#cells.get(key);
  }

  add(cell, metrics) {
    const kept = this.#open(cell);
    for (const [name, value] of Object.entries(metrics)) {
      if (value === undefined) continue;
      kept.metrics[name] ??= new Array(kept.runs).fill(null);
      kept.metrics[name].push(rounded(value));
    }
    kept.runs++;
  }

  addFailure(cell, reason) {
    const kept = this.#open(cell);
    kept.failures.push(reason);
    for (const samples of Object.values(kept.metrics)) samples.push(null);
    kept.runs++;
  }

  cells(group) {
    return [...this.#cells.values()].filter((cell) => group === undefined || cell.group === group);
  }

  /** The cell with that identity, parts left out being the usual ones; undefined when it was not run. */
  find({ mode = 'always', system = 'cjs', ...rest }) {
    return this.#cells.get(keyOf({ mode, system, ...rest }));
  }

  /** Samples of one metric by round; empty when the cell was not run or does not have it. */
  samples(identity, metric) {
    return this.find(identity)?.metrics[metric] ?? [];
  }

  /** NaN when not measured, or when the cell failed: a figure whose check failed is none. */
  median(identity, metric) {
    const cell = this.find(identity);
    if (cell === undefined || cell.failures.length > 0) return Number.NaN;
    return median((cell.metrics[metric] ?? []).filter((value) => value !== null));
  }

  toJSON() {
    return { about: this.about, cells: this.cells() };
  }
}

/** The identity of the bare run that a cell is compared with. */
export const bareOf = ({ group, scenario, mode, system, nodeVersion }) => ({
  group,
  scenario,
  mode,
  system,
  nodeVersion,
  agent: 'bare',
});
