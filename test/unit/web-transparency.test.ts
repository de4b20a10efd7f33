/**
 * What an application can see of web frameworks is what it sees bare: its functions in their stacks, names and lengths,
 * keys, answers. A fault of ours changes nothing either, and requests do not mix up their routes.
 */
import t from 'tap';
import { type LeanReport, runScenario } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

/** As text: the facts of some thousand keys, of which a difference is to be seen. */
function factsOf({ facts }: LeanReport, library: string): string {
  return JSON.stringify((facts as Record<string, unknown>)[library], undefined, 1);
}

const nodes = nodeBinaries().filter(({ major }) => major >= 20);

for (const { node, version } of nodes) {
  t.test(`express, koa and connect look as they do bare on Node ${version}`, async (t) => {
    const [bare, own, broken] = await Promise.all([
      runScenario(node, '../web/shape.cjs', 'bare'),
      runScenario(node, '../web/shape.cjs', 'own'),
      runScenario(node, '../web/shape.cjs', 'own', 'fault'),
    ]);
    for (const library of ['express', 'express4', 'connect', 'koa']) {
      const expected = factsOf(bare, library);
      t.ok(expected.length > 1_000, library);
      t.equal(factsOf(own, library), expected, library);
      t.equal(factsOf(broken, library), expected, `${library}, when what we do throws`);
    }
    t.strictSame(own.messages, []);
    for (const name of ['express', 'connect']) {
      t.ok(
        broken.messages.some((line) => line.startsWith(`warn: instrumentation ${name} failed: Error: broken below`)),
      );
      t.ok(broken.messages.includes(`error: instrumentation ${name} is off after 10 faults`));
    }
    t.equal(broken.open, 0);
  });

  t.test(`requests at the same time keep their routes on Node ${version}`, async (t) => {
    const report = await runScenario(node, '../web/interleaved.cjs');
    t.strictSame(report.express, { calls: 150, made: 150, wrong: [] });
    t.strictSame(report.koa, { calls: 100, made: 100, wrong: [] });
    t.strictSame(report.messages, []);
  });
}
