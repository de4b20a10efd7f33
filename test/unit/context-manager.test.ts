/**
 * Our context manager next to the official one, on every line of Node.js, which have several kinds of AsyncLocalStorage:
 * the same programs see the same contexts.
 */
import t from 'tap';
import { runScenario } from '../helpers/lean.js';
import { nodeLines } from '../helpers/node-versions.js';

interface Seen {
  readonly official: readonly string[];
  readonly own: readonly string[];
}

/** In which context, at least: the two could be wrong together. */
const SEEN: Readonly<Record<string, readonly string[]>> = {
  'with: this, parameters, result, error, nesting': ["[ 'inner', 'a', true, 1, 'two', undefined ]", "[ 'b', 'b' ]"],
  'with: what the call starts': ["[ 'in a timer', 'a' ]", "[ 'in a tick', 'a' ]", "[ 'in a microtask', 'a' ]"],
  'bind: functions': ["[ 'in add', 'a', 4 ]", "[ 'result', undefined, 5, 5 ]"],
  'bind: emitters': ["[ 'kept', 'a', 1 ]", "[ 'first', 'a' ]"],
  attach: ["[ 'attached twice', 'b' ]", "[ 'started meanwhile', 'b' ]", "[ 'later', 'outer' ]"],
  disable: ["[ 'a', 'a' ]", "[ 'none', undefined ]"],
};

for (const { node, version } of nodeLines()) {
  t.test(`Node ${version}`, async (t) => {
    const report = await runScenario(node, 'contexts.cjs');
    const programs = report.programs as Readonly<Record<string, Seen>>;
    t.strictSame(Object.keys(programs), Object.keys(SEEN));
    for (const [name, { official, own }] of Object.entries(programs)) {
      t.strictSame(own, official, name);
      t.strictSame(
        SEEN[name]?.filter((line) => !own.includes(line)),
        [],
        name,
      );
    }
    t.strictSame(report.runIn, [[true, 'a', 1, 2], true], 'runIn is with, with the parameters in a list');
  });
}
