/**
 * Below a caller that is not sampled a call asks for no span, and whom it calls learns of the caller all the same, but for
 * what is excluded, which learns nothing.
 */
import t from 'tap';
import { runScenario } from '../helpers/lean.js';
import { nodeLines } from '../helpers/node-versions.js';

const PARENT = 'b'.repeat(16);
const TRACEPARENT = `00-${'a'.repeat(32)}-${PARENT}-00`;
/** Http calls hear of a response and of its end, `fetch` goes on once. */
const SEEN = [...new Array(2 * 3 + 1).fill(PARENT), 'ERR_INVALID_URL', ...new Array(2 * 2).fill(PARENT)];

for (const { node, version } of nodeLines()) {
  for (const excluded of [[], ['/excluded'], ['http://127.0.0.1*/excluded', '/elsewhere']]) {
    t.test(`Node ${version}, excluded: ${excluded.join(' ') || 'nothing'}`, async (t) => {
      const report = await runScenario(node, 'unsampled-clients.cjs', ...excluded);
      const others = new Array(4).fill(['/', TRACEPARENT]);
      const excludable = new Array(3).fill(['/excluded', excluded.length === 0 ? TRACEPARENT : null]);
      t.strictSame(report.received, [...others, ...excludable], 'as the caller was');
      t.equal(report.asked, 0, 'nobody asks for a span');
      t.strictSame(report.seen, SEEN, "the caller's context");
      t.equal(report.open, 0);
      t.strictSame(report.messages, []);
    });
  }
}
