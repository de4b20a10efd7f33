/** Runs library cases: few cells each, because what they show of a library does not depend on how the agent gets in. */
import { satisfies } from 'semver';
import type { Test } from 'tap';
import type { LibraryCase } from '../libraries/library-case.js';
import { type NodeBinary, nodeBinaries, nodeLines } from './node-versions.js';
import { testScenario } from './scenario.js';

/** The oldest and the newest of the Node.js binaries to test with that are in the range. */
export function oldestAndNewest(range = '*'): NodeBinary[] {
  const fitting = nodeBinaries().filter(({ version }) => satisfies(version, range));
  return [...new Set([fitting[0], fitting.at(-1)])].filter((node): node is NodeBinary => node !== undefined);
}

/** The case of that library; throws when there is none. */
export function caseOf(cases: readonly LibraryCase[], library: string): LibraryCase {
  const found = cases.find((item) => item.library === library);
  if (found === undefined) throw new Error(`no case for ${library}`);
  return found;
}

/** Every line of Node.js, for the libraries that matter most. `env` is what the server adds. */
export function testEverywhere(t: Test, { scenario, needsNode }: LibraryCase, env: Record<string, string> = {}): void {
  const all = scenario.hasAllPreloads === true ? nodeBinaries() : nodeLines();
  const nodes = all.filter(({ version }) => satisfies(version, needsNode ?? '*'));
  testScenario(t, { ...scenario, env: { ...scenario.env, ...env }, nodes });
}

/** The oldest and the newest Node.js, one preload a cell. */
export function testLibrary(t: Test, { scenario, needsNode }: LibraryCase, env: Record<string, string> = {}): void {
  const nodes = oldestAndNewest(needsNode);
  if (nodes.length === 0) t.pass(scenario.name, { skip: `needs Node.js ${needsNode}` });
  testScenario(t, { hasAllPreloads: false, ...scenario, env: { ...scenario.env, ...env }, nodes });
}
