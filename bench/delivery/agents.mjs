/** The agents under test, from the benchmark's list, in the short form that these measurements need. */
import * as bench from '../agents.mjs';

const UPSTREAM = bench.RIVALS.find(({ name }) => name === 'auto-instrumentations-node');

/** `--require` and its file, without the endpoint: each measurement has its own. */
const short = (name, agent) => ({ name, preload: agent.preload.cjs[1], env: bench.QUIET_OPENTELEMETRY });

export const { ROOT } = bench;
export const BARE = { name: 'bare', preload: undefined, env: {} };
export const OURS = short('trace-agent', bench.OURS);

/** auto-instrumentations-node; throws with the command when it is not installed. */
export function upstream() {
  const version = bench.versionOf(UPSTREAM);
  if (version === undefined) throw new Error('run "node bench/install.mjs" first');
  return short(`${UPSTREAM.name} ${version}`, UPSTREAM);
}
