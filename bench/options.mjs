/** The command line. */
import { parseArgs } from 'node:util';
import { AGENTS, BARE, OURS } from './agents.mjs';

const USAGE = `npm run bench -- [options]

  --record             writes bench/results, the chart and the README's tables; without it results/latest.* alone
  --ci                 short form: bare and this agent, compared with bench/results/ci.json; exits 1 when the
                       share that it adds has grown too much (README.md, The gate). With --record: writes that file
  --quick              one round
  --rounds <n>         rounds, default 3
  --scenarios <list>   groups (startup, request, standing), scenarios (express), or both (request/express)
  --modes <list>       always, 1%, excluded, disabled; without it every scenario runs in all of its
  --agents <list>      ${AGENTS.map(({ name }) => name).join(', ')}; bare is always measured
  --node <binary>      that the measured processes run on, default this one
  --no-latency         without the half loaded phase
  --help
`;
const DEFAULT_ROUNDS = 3;
const CI_ROUNDS = 2;
/** What later runs are compared with is worth more care. */
const CI_RECORD_ROUNDS = 4;

const OPTIONS = {
  record: { type: 'boolean', default: false },
  ci: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  rounds: { type: 'string' },
  scenarios: { type: 'string' },
  modes: { type: 'string' },
  agents: { type: 'string' },
  node: { type: 'string' },
  'no-latency': { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
};

function agentsNamed(names) {
  const unknown = names.filter((name) => !AGENTS.some((agent) => agent.name === name));
  if (unknown.length > 0) throw new Error(`no such agent: ${unknown.join(', ')}`);
  return AGENTS.filter((agent) => agent === BARE || names.includes(agent.name));
}

function roundsOf({ rounds, quick, ci, record }) {
  if (rounds === undefined) return quick ? 1 : ci ? (record ? CI_RECORD_ROUNDS : CI_ROUNDS) : DEFAULT_ROUNDS;
  if (!/^[1-9]\d*$/.test(rounds)) throw new Error('--rounds must be a whole number from 1');
  return Number(rounds);
}

/** Throws with a sentence for the user. */
export function readOptions(args) {
  const { values } = parseArgs({ args, options: OPTIONS });
  if (values.help) return { usage: USAGE };
  const list = (name) => values[name]?.split(',').map((item) => item.trim());
  const isPartial = ['scenarios', 'modes', 'agents', 'node'].some((name) => values[name] !== undefined);
  if (values.record && isPartial)
    throw new Error('--record takes everything: no --scenarios, --modes, --agents, --node');
  const options = {
    isRecording: values.record,
    rounds: roundsOf(values),
    wanted: list('scenarios'),
    modes: list('modes'),
    agents: values.agents === undefined ? AGENTS : agentsNamed(list('agents')),
    node: values.node ?? process.execPath,
    hasLatency: !values['no-latency'],
  };
  return values.ci ? { ...options, ...CI } : options;
}

/** The short form: what it overrides. */
const CI = { isCi: true, agents: [BARE, OURS], wanted: undefined, modes: undefined, hasLatency: false };

/** After a recorded run: the options of the short form's own record. */
export const ciRecord = (options) => ({ ...options, ...CI, rounds: CI_RECORD_ROUNDS });
