/** Ids: valid, all different, each digit as often as any other. */
import { isValidSpanId, isValidTraceId } from '@opentelemetry/api';
import t from 'tap';
import { createIdGenerator } from '../../src/sdk/id-generator.js';
import { toleranceOf } from '../helpers/shares.js';

const COUNT = 100_000;
/** Of the 768 shares below none is so far off by chance. */
const TOLERANCE = 1.2 * toleranceOf(1 / 16, COUNT);
const idGenerator = createIdGenerator(Math.random);

for (const [name, generate, isValid, length] of [
  ['span', idGenerator.generateSpanId, isValidSpanId, 16],
  ['trace', idGenerator.generateTraceId, isValidTraceId, 32],
] as const) {
  t.test(`ids of a ${name}`, async (t) => {
    const ids = Array.from({ length: COUNT }, generate);
    t.equal(ids.filter((id) => !isValid(id) || id.length !== length).length, 0, 'invalid ids');
    t.equal(new Set(ids).size, COUNT, 'different ids');
    for (let place = 0; place < length; place++) {
      const counts = new Map<string, number>();
      for (const id of ids) counts.set(id.charAt(place), (counts.get(id.charAt(place)) ?? 0) + 1);
      t.equal(counts.size, 16, `digits at ${place}`);
      const worst = Math.max(...[...counts.values()].map((count) => Math.abs(count / COUNT - 1 / 16)));
      t.ok(worst < TOLERANCE, `shares at ${place}: ${worst} off`);
    }
  });
}

t.test('zeros are no id', async (t) => {
  const zeros = createIdGenerator(() => 0);
  t.equal(zeros.generateSpanId(), '0000000000000001');
  t.equal(zeros.generateTraceId(), '00000000000000000000000000000001');
});
