/** Below a caller that is not sampled a call costs no span, and whom it calls learns of the caller all the same. */
import t from 'tap';
import { runScenario } from '../helpers/lean.js';
import { nodeLines } from '../helpers/node-versions.js';

const CALLS = 4;
const PARENT = 'b'.repeat(16);

for (const { node, version } of nodeLines()) {
  t.test(`Node ${version}`, async (t) => {
    const report = await runScenario(node, 'unsampled-clients.cjs');
    const traceparent = `00-${'a'.repeat(32)}-${PARENT}-00`;
    t.strictSame(report.received, new Array(CALLS).fill(traceparent), 'as the caller was');
    t.strictSame(report.spans, []);
    t.strictSame(
      report.seen,
      [...new Array(2 * (CALLS - 1) + 1).fill(PARENT), 'ERR_INVALID_URL'],
      "the caller's context",
    );
    t.equal(report.open, 0);
    t.strictSame(report.messages, []);
  });
}
