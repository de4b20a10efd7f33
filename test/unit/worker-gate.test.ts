/**
 * Back-off and circuit breaker on a clock of the test's own.
 */
import t from 'tap';
import { Gate } from '../../src/worker/gate.js';
import { parseRetryAfter } from '../../src/worker/retry-after.js';

function createGate(random = () => 0.5) {
  const clock = { now: 1000 };
  const gate = new Gate(() => clock.now, random);
  const fail = (retryAfterMillis?: number): void => gate.failed(gate.begin(), retryAfterMillis);
  const pass = (): number => {
    const wait = gate.waitMillis;
    clock.now += wait;
    return wait;
  };
  return { clock, gate, fail, pass };
}

t.test('waits grow, then one attempt per 5 s exactly', async (t) => {
  const { fail, pass } = createGate();
  const waits: number[] = [];
  for (let i = 0; i < 6; i++) {
    fail();
    waits.push(pass());
  }
  t.strictSame(waits, [500, 1000, 5000, 5000, 5000, 5000]);
});

t.test('the growing waits are jittered by half', async (t) => {
  for (const [random, expected] of [
    [0, 250],
    [0.999999, 750],
  ] as const) {
    const { fail, pass } = createGate(() => random);
    fail();
    t.equal(Math.round(pass()), expected);
  }
});

t.test('an attempt that hangs does not put off the next one, nor bring it forward', async (t) => {
  const { clock, gate, fail, pass } = createGate();
  fail();
  pass();
  gate.begin();
  t.equal(gate.waitMillis, 5000);
  clock.now += 4999;
  t.equal(gate.waitMillis, 1);
});

t.test('requests that were under way together fail as one', async (t) => {
  const { gate } = createGate();
  const attempts = [gate.begin(), gate.begin(), gate.begin()];
  for (const attempt of attempts) gate.failed(attempt, undefined);
  t.equal(gate.waitMillis, 500, 'one step, not three');
});

t.test('success closes it at once', async (t) => {
  const { gate, fail } = createGate();
  t.equal(gate.isSuspicious, true, 'nothing is known yet');
  fail();
  fail();
  gate.succeeded();
  t.equal(gate.waitMillis, 0);
  t.equal(gate.isSuspicious, false);
  fail();
  t.equal(gate.waitMillis, 500, 'and the steps start over');
});

t.test('a named time is kept to the millisecond or a little more', async (t) => {
  const { gate, fail } = createGate(() => 0.999);
  fail(60_000);
  t.ok(gate.waitMillis >= 60_000 && gate.waitMillis <= 60_250);
  t.equal(gate.namedWaitMillis, gate.waitMillis);
});

t.test('a named time beyond an hour is an hour', async (t) => {
  const { gate, fail } = createGate(() => 0);
  fail(1e12);
  t.equal(gate.waitMillis, 3_600_000);
});

t.test('a named time from one of several requests counts, whichever ends first', async (t) => {
  const { gate } = createGate(() => 0);
  const [first, second] = [gate.begin(), gate.begin()];
  gate.failed(first, undefined);
  gate.failed(second, 30_000);
  t.equal(gate.waitMillis, 30_000);
});

t.test('a named zero means at once, once', async (t) => {
  const { fail, pass } = createGate();
  fail(0);
  t.equal(pass(), 0);
  fail(0);
  t.equal(pass(), 1000, 'the second in a row waits like any other');
  fail(0);
  t.equal(pass(), 5000);
});

t.test('Retry-After in seconds, as a date, and as nonsense', async (t) => {
  const now = Date.parse('2026-09-01T10:00:00Z');
  const cases: [string | undefined, number | undefined][] = [
    ['0', 0],
    ['7', 7000],
    [' 12 ', 12_000],
    ['Tue, 01 Sep 2026 10:00:30 GMT', 30_000],
    ['Tue, 01 Sep 2026 09:00:00 GMT', 0],
    ['', undefined],
    [undefined, undefined],
    ['-5', undefined],
    ['1.5', undefined],
    ['soon', undefined],
  ];
  for (const [text, expected] of cases) t.equal(parseRetryAfter(text, now), expected, `${text}`);
});
