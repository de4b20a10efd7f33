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
  const log = createLog('info', (line) => lines.push(line.trim()));
  return { lines, clock, report: createExportReport(log, url, () => clock.now) };
}

const failure = (failureClass: FailureClass, detail = 'connect ECONNREFUSED 127.0.0.1:4318') => ({
  verb: 'REPORT' as const,
  kind: 'failure' as const,
  failure: { failureClass, detail },
  willRetry: true,
});

t.test('one line per class of failure and minute, with cause, address and advice, without secrets', async (t) => {
  const { lines, clock, report } = createReport();
  report.report(failure('refused'));
  report.report(failure('refused'));
  report.report(failure('timeout', 'no answer after 10000 ms'));
  t.strictSame(lines, [
    'trace-agent error: cannot send spans to http://collector:4318/v1/traces: connect ECONNREFUSED 127.0.0.1:4318; nothing listens there; check that the collector runs and OTEL_EXPORTER_OTLP_ENDPOINT names it (will retry)',
    'trace-agent error: cannot send spans to http://collector:4318/v1/traces: no answer after 10000 ms; no answer within OTEL_EXPORTER_OTLP_TIMEOUT (will retry)',
  ]);
  clock.now = 59_999;
  report.report(failure('refused'));
  t.equal(lines.length, 2);
  clock.now = 60_000;
  report.report(failure('refused'));
  t.equal(lines.length, 3);
  report.report({ verb: 'REPORT', kind: 'recovered', outageMillis: 61_000 });
  t.equal(lines[3], 'trace-agent: spans reach http://collector:4318/v1/traces again after 61 s');
});

t.test('drops: counted, one line a minute, the rest at the end', async (t) => {
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
