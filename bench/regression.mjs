/**
 * CI's gate. It compares ratios of this agent to bare with recorded ones, because absolute figures belong to one machine
 * and one moment. What counts is the share that the agent adds to bare. Both processes of a pair are alive together and
 * are measured in many short turns, of which the quickest tenth counts: other work on the machine makes a turn dearer,
 * never cheaper, and misses some of them.
 */
import { measureShortWindows } from './measure/request.mjs';
import { Turns } from './measure/turns.mjs';
import { format, OURS, table } from './report/figures.mjs';
import { bareOf, Results } from './results.mjs';
import { identityOf, reasonOf, runStep } from './run-plan.mjs';
import { quantile, rounded } from './statistics.mjs';

/** What every request of most users takes, and the start: group/scenario/mode. */
const GATED = [
  'startup/hello/always',
  'startup/big/always',
  'request/http-server/always',
  'request/http-server/1%',
  'request/http-server/excluded',
  'request/express/always',
  'request/grpc/always',
  'request/express-pg-http/always',
];
const QUICKEST = 0.1;
/** A cost may grow by a third. */
const GROWTH = 4 / 3;
/** And by this much of bare in any case: below it a machine with other work on it tells nothing. */
const FLOORS = { startup: 0.3, request: 0.2 };
/** A cell over its limit is measured again, with all samples counted, before it fails. */
const EXTRA_ROUNDS = 3;
/** CPU time in total. Its division into user and system is sampled by the kernel's clock: noise in a short turn. */
const METRICS = { startup: 'cpuMillis', request: 'cpuMicros' };

export const isGated = ({ group, scenario, mode, system, nodeVersion }) =>
  system === 'cjs' && nodeVersion === undefined && GATED.includes(`${group}/${scenario.name}/${mode}`);

/** The share of bare that the agent adds: 0.5 is half of bare on top. NaN without figures. */
export function addedShare(results, cell) {
  const quickest = (identity) => {
    const samples = results.samples(identity, METRICS[cell.group]).filter((value) => value !== null);
    return samples.length === 0 ? Number.NaN : quantile(samples, QUICKEST);
  };
  return quickest({ ...cell, agent: OURS }) / quickest(bareOf(cell)) - 1;
}

export const limitOf = (group, recorded) => Math.max(recorded * GROWTH, recorded + FLOORS[group]);

/** Whether a cell costs more than its recorded share allows. One without a record cannot regress: it is new. */
export function judge(results, cell, recorded) {
  const share = addedShare(results, cell);
  const baseline = recorded?.cells.find((other) => Object.keys(cell).every((key) => other[key] === cell[key]));
  const limit = baseline === undefined ? undefined : limitOf(cell.group, baseline.share);
  return {
    ...cell,
    share: rounded(share),
    recorded: baseline?.share,
    limit,
    isRegressed: limit !== undefined && !(share <= limit),
  };
}

/** Adds the windows of one pair of processes, or the failure of one. */
async function runTogether(step, agents, results) {
  const { scenario, mode, system, node } = step;
  const turns = new Turns(agents.length);
  const runs = agents.map(async (agent) => {
    const cell = identityOf(step, agent);
    try {
      const windows = await measureShortWindows({ scenario, mode, system, agent, node }, turns);
      for (const { cpuMicros } of windows) results.add(cell, { cpuMicros });
    } catch (error) {
      results.addFailure(cell, reasonOf(error));
    }
  });
  await Promise.all(runs);
}

function runOnce(step, agents, round, results) {
  return step.group === 'request' ? runTogether(step, agents, results) : runStep(step, agents, round, results);
}

function render(verdicts) {
  const rows = verdicts.map(({ group, scenario, mode, share, recorded, limit, isRegressed }) => [
    `${group}/${scenario} ${mode}`,
    format(share),
    format(recorded),
    format(limit),
    isRegressed ? '**regressed**' : recorded === undefined ? 'new' : 'ok',
  ]);
  return `Added over bare, as share of bare:\n\n${table(['', 'now', 'recorded', 'limit', ''], rows)}\n`;
}

/** @returns {Promise<{results, verdicts, text}>} */
export async function runGate({ steps, agents, rounds, recorded, about }) {
  const results = new Results(about);
  const verdicts = [];
  for (const step of steps.filter(isGated)) {
    const cell = { group: step.group, scenario: step.scenario.name, mode: step.mode, system: step.system };
    let verdict;
    for (let round = 0; round < rounds || (verdict.isRegressed && round < rounds + EXTRA_ROUNDS); round++) {
      await runOnce(step, agents, round, results);
      verdict = judge(results, cell, recorded);
    }
    verdicts.push(verdict);
  }
  return { results, verdicts, text: render(verdicts) };
}
