/**
 * What the user is told, on a clock of the test's own; and which spans are known to be open.
 */
import type { Span } from '@opentelemetry/sdk-trace-base';
import t from 'tap';
import { createLog } from '../../src/diag/log.js';
import { createExportReport, describeUrl } from '../../src/pipeline/export-report.js';
import { OpenSpans } from '../../src/pipeline/open-spans.js';
import type { FailureClass } from '../../src/pipeline/protocol.js';

function createReport(url = 'http://user:secret@collector:4318/v1/traces?key=secret') {
  const lines: string[] = [];
  const clock = { now: 0 };
  const log = createLog('info', { write: (line) => lines.push(line.trim()), now: () => clock.now });
  return { lines, clock, report: createExportReport(log, url) };
}

const failure = (failureClass: FailureClass, detail = 'connect ECONNREFUSED 127.0.0.1:4318') => ({
  verb: 'REPORT' as const,
  kind: 'failure' as const,
  failure: { failureClass, detail },
  willRetry: true,
});

t.test('one line per class of failure, with cause, address and advice, without secrets', async (t) => {
  const { lines, clock, report } = createReport();
  report.report(failure('refused'));
  report.report(failure('refused'));
  report.report(failure('timeout', 'no answer after 10000 ms'));
  t.strictSame(lines, [
    'trace-agent error TA3001: cannot send spans to http://collector:4318/v1/traces: connect ECONNREFUSED 127.0.0.1:4318 (will retry); nothing listens there; check that the collector runs and OTEL_EXPORTER_OTLP_ENDPOINT names it',
    'trace-agent error TA3005: cannot send spans to http://collector:4318/v1/traces: no answer after 10000 ms (will retry); no answer within OTEL_EXPORTER_OTLP_TIMEOUT; check the collector and the network policy',
  ]);
  clock.now = 61_000;
  report.report({ verb: 'REPORT', kind: 'recovered', outageMillis: 61_000 });
  t.equal(lines[2], 'trace-agent info TA3023: spans reach http://collector:4318/v1/traces again after 61 s');
});

t.test('an outage right after another one is told when it lasts', async (t) => {
  const { lines, clock, report } = createReport();
  const recovered = { verb: 'REPORT', kind: 'recovered', outageMillis: 1000 } as const;
  report.report(failure('refused'));
  report.report(recovered);
  report.report(failure('refused'));
  report.report(recovered);
  t.equal(lines.length, 2, 'a short second outage is not told, and so is not its end');
  clock.now = 10_000;
  report.report(failure('refused'));
  clock.now = 59_999;
  report.flush(false);
  t.equal(lines.length, 2);
  clock.now = 60_000;
  report.flush(false);
  t.match(lines[2], /TA3001: cannot send .* \(and 2 more like this before\)/);
  report.flush(false);
  report.report(recovered);
  t.match(lines[3], /TA3023/);
  t.equal(lines.length, 4);
});

t.test('a partial success and a warning of the collector are told apart', async (t) => {
  const { lines, report } = createReport();
  report.report({ verb: 'REPORT', kind: 'rejected', detail: 'rejected 3 spans: too old' });
  report.report({ verb: 'REPORT', kind: 'warning', detail: 'deprecated' });
  t.strictSame(lines, [
    'trace-agent warn TA3032: the collector at http://collector:4318/v1/traces rejected 3 spans: too old',
    'trace-agent warn TA3024: the collector at http://collector:4318/v1/traces says: deprecated',
  ]);
});

t.test('drops: counted, one line now and then, the rest at the end', async (t) => {
  const { lines, clock, report } = createReport();
  report.flush(false);
  t.equal(lines.length, 0, 'nothing to say');
  report.dropped('queue_full', 3);
  report.dropped('queue_full', 4);
  report.dropped('export_timeout', 1);
  report.flush(false);
  t.match(lines, [/dropped 8 spans: 7 because the queue was full .*, 1 because no answer came/]);
  report.dropped('queue_full', 1);
  clock.now = 59_999;
  report.flush(false);
  t.equal(lines.length, 1);
  report.flush(true);
  t.match(lines[1], /dropped 1 span: 1 because/);
});

t.test('an address that is no URL does not leak', async (t) => {
  t.equal(describeUrl('not a url with secret'), 'an invalid address');
  t.equal(describeUrl('https://user:pass@host:1/?q=1'), 'https://host:1');
});

class FakeSpan {
  isOpen = true;
  isRecording(): boolean {
    return this.isOpen;
  }
}

t.test('open spans: followed while young, weakly afterwards', async (t) => {
  const open = new OpenSpans();
  const spans = Array.from({ length: 4 }, () => new FakeSpan());
  const [a, b, c, d] = spans as unknown as [Span, Span, Span, Span];
  const end = (span: Span): void => {
    (span as unknown as FakeSpan).isOpen = false;
    open.ended(span);
  };
  open.started(a);
  open.started(b);
  end(b);
  open.sweep();
  open.started(c);
  t.strictSame(new Set(open.list()), new Set([a, c]));
  open.sweep();
  open.started(d);
  open.sweep();
  t.strictSame(open.list(), [a, c, d], 'oldest first');
  end(a);
  end(c);
  t.strictSame(open.list(), [d]);
  open.sweep();
  end(d);
  t.strictSame(open.list(), []);
});

t.test('open spans: in the order of their start, whatever place of an ended one they have', async (t) => {
  const open = new OpenSpans();
  const start = (nanos: number): Span => {
    const span = { startTime: [1, nanos], isRecording: () => true } as unknown as Span;
    open.started(span);
    return span;
  };
  const [first, second, third] = [start(1), start(2), start(3)];
  open.ended(first);
  open.ended(first);
  const fourth = start(4);
  t.strictSame(open.list(), [second, third, fourth]);
  open.sweep();
  const fifth = start(5);
  open.ended(third);
  t.strictSame(open.list(), [second, fourth, fifth], 'one that settled frees no place among the young');
  open.ended({});
  open.ended(second);
  open.ended(fourth);
  t.strictSame(open.list(), [fifth]);
});

t.test('open spans: a leak of 10,000 is followed, and no more', async (t) => {
  const open = new OpenSpans();
  const start = (): Span => {
    const span = { startTime: [1, 0], isRecording: () => true } as unknown as Span;
    open.started(span);
    return span;
  };
  const spans = Array.from({ length: 10_000 }, start);
  const beyond = start();
  t.equal(open.list().length, 10_000);
  open.ended(beyond);
  t.equal(open.list().length, 10_000);
  open.ended(spans[17] as Span);
  const next = start();
  t.ok(open.list().includes(next), 'where one has ended');
  t.equal(open.list().length, 10_000);
});

t.test('spans that are never ended are not kept alive', async (t) => {
  const open = new OpenSpans();
  let isCollected = false;
  const registry = new FinalizationRegistry(() => {
    isCollected = true;
  });
  (() => {
    const forgotten = new FakeSpan();
    registry.register(forgotten, undefined);
    open.started(forgotten as unknown as Span);
  })();
  open.sweep();
  open.sweep();
  const { setFlagsFromString } = await import('node:v8');
  const { runInNewContext } = await import('node:vm');
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  while (!isCollected) {
    collect();
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.strictSame(open.list(), []);
});
