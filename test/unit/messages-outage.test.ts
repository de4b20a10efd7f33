/**
 * A day of trouble in no time: the real export loop, report and log on one mocked clock. However long the collector is
 * down, and however it is down, the agent's lines are few.
 */
import { mock } from 'node:test';
import t from 'tap';
import { createLog } from '../../src/diag/log.js';
import { createExportReport, type ExportReport } from '../../src/pipeline/export-report.js';
import type { FailureClass } from '../../src/pipeline/protocol.js';
import { ExportLoop } from '../../src/worker/export-loop.js';
import type { Outcome } from '../../src/worker/outcome.js';

const SECOND = 1000;
const HOUR = 3600 * SECOND;
const SWEEP_MILLIS = 20 * SECOND;
const MAX_LINES = 30;

interface Job {
  readonly spanCount: number;
}

function failing(failureClass: FailureClass): Outcome {
  const failure = { failureClass, detail: `what happens when ${failureClass}` };
  return { kind: 'retryable', failure, retryAfterMillis: undefined, hasAnswered: false };
}

const refused = failing('refused');

const unauthorized: Outcome = {
  kind: 'failed',
  failure: { failureClass: 'unauthorized', detail: 'HTTP 401' },
  dropReason: 'collector_rejected',
};
const delivered: Outcome = { kind: 'delivered', rejectedSpans: 0, message: undefined };

/** One batch every five seconds for `hours`; `answer` says what becomes of a request at a time. */
async function simulate(hours: number, answer: (now: number) => Outcome): Promise<{ lines: string[]; sent: number }> {
  const clock = { now: 0 };
  const lines: string[] = [];
  const log = createLog('info', { write: (line) => lines.push(line), now: () => clock.now });
  const report: ExportReport = createExportReport(log, 'http://collector:4318/v1/traces');
  let sent = 0;
  mock.timers.enable({ apis: ['setTimeout'] });
  const loop = new ExportLoop<Job>({
    timeoutMillis: 10 * SECOND,
    maxConcurrentExports: 4,
    send: () => {
      sent++;
      return Promise.resolve(answer(clock.now));
    },
    report: (message) => report.report(message),
    onSettled: (_job, _exported, dropped) => {
      for (const [reason, count] of Object.entries(dropped)) report.dropped(reason as 'export_timeout', count);
    },
    onFlushed: () => {},
    now: () => clock.now,
  });
  for (; clock.now < hours * HOUR; clock.now += 2.5 * SECOND) {
    if (clock.now % (5 * SECOND) === 0 && clock.now % HOUR < 600 * SECOND) loop.push({ spanCount: 1 });
    // What the queue could not hold.
    else report.dropped('queue_full', 1);
    mock.timers.tick(2.5 * SECOND);
    await Promise.resolve();
    await Promise.resolve();
    if (clock.now % SWEEP_MILLIS === 0) report.flush(false);
  }
  report.flush(true);
  loop.stop();
  mock.timers.reset();
  return { lines, sent };
}

for (const [name, answer] of [
  ['refused', () => refused],
  ['401', () => unauthorized],
  [
    'by turns',
    (now) => failing((['refused', 'dns', 'timeout', 'unreachable'] as const)[(now / 2500) % 4] ?? 'refused'),
  ],
  ['flapping', (now) => (Math.floor(now / (300 * SECOND)) % 2 === 0 ? refused : delivered)],
] as [string, (now: number) => Outcome][]) {
  t.test(`a collector that is down for a day (${name}) yields at most ${MAX_LINES} lines`, async (t) => {
    const { lines, sent } = await simulate(24, answer);
    t.ok(sent > 500, `${sent} requests were made`);
    t.ok(lines.length >= 5 && lines.length <= MAX_LINES, `${lines.length} lines\n${lines.join('')}`);
    t.match(lines[0], /^trace-agent error TA30\d\d: /, 'the first failure is told');
    t.match(lines.at(-1), /TA3025: dropped \d+ spans/, 'the last drops are told');
  });
}
