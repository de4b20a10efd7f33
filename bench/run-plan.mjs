/** Runs a plan: rounds of steps, every agent in each, each round beginning with another one. */
import { AGENTS, ROOT } from './agents.mjs';
import { Turns } from './measure/turns.mjs';
import { Results } from './results.mjs';

const isRival = (agent) => agent.folder !== undefined;
const rotated = (list, by) => list.map((_, index) => list[(index + by) % list.length]);

/**
 * @param plan {steps, agents, rounds, about}
 * @param {(event: {round, step, results}) => void} onStep called after each step of a round
 * @returns {Promise<Results>}
 */
export async function runPlan({ steps, agents, rounds, about }, onStep = () => {}) {
  const results = new Results(about);
  for (let round = 0; round < rounds; round++) {
    for (const step of steps) {
      await runStep(step, agents, round, results);
      onStep({ round, step, results });
    }
  }
  return results;
}

export async function runStep(step, agents, round, results) {
  for (let repeat = 0; repeat < step.repeats; repeat++) {
    const compared = step.hasNoRivals ? agents.filter((agent) => !isRival(agent)) : agents;
    const order = rotated(compared, round + repeat);
    const turns = new Turns(order.length);
    if (step.isTogether) await Promise.all(order.map((agent) => runCell(step, agent, results, turns)));
    else {
      for (const agent of order) await runCell(step, agent, results);
      const own = order.filter((agent) => !isRival(agent));
      for (let again = 0; again < step.more; again++) for (const agent of own) await runCell(step, agent, results);
    }
  }
}

/** A cell's identity in the results. */
export function identityOf({ group, scenario, mode, system, nodeVersion }, agent) {
  return { group, scenario: scenario.name, mode, system, nodeVersion, agent: agent.name };
}

/** What a result file may say: no path of the machine that it was made on. */
export const reasonOf = (error) => error.message.replaceAll(ROOT, '.');

async function runCell(step, agent, results, turns) {
  const { scenario, mode, system, node, measure } = step;
  const cell = { ...identityOf(step, agent), title: scenario.title };
  try {
    results.add(cell, await measure({ scenario, mode, system, agent, node }, turns));
  } catch (error) {
    results.addFailure(cell, reasonOf(error));
  }
}

/** Failures that make a run worthless: of ours, or of the bare process that everything is compared with. */
export function fatalFailures(results) {
  const rivals = new Set(AGENTS.filter(isRival).map(({ name }) => name));
  return results.cells().filter((cell) => cell.failures.length > 0 && !rivals.has(cell.agent));
}
