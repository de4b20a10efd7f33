/**
 * What the demo prints. Text only; runner process only.
 */
import { buildServiceMap, renderServiceMap } from '../../../src/viewer/service-map.js';
import type { SpanRecord } from '../../../src/viewer/span-record.js';
import { serviceOf } from '../../../src/viewer/trace-tree.js';
import { renderWaterfall } from '../../../src/viewer/waterfall.js';
import type { StepTrace } from './expected.js';
import type { Answered } from './traffic.js';

const MAXIMUM_COLUMNS = 150;
const DEFAULT_COLUMNS = 120;

export interface Report {
  title(text: string): void;
  /** A step of the demo that is done, and the time since the one before it. */
  done(text: string): void;
  requests(answers: readonly Answered[]): void;
  /** A heading, a sentence, the waterfall. */
  trace(heading: string, sentence: string, spans: readonly SpanRecord[]): void;
  serviceMap(spans: readonly SpanRecord[]): void;
  summary(traces: readonly StepTrace[]): void;
}

/** Prints through `write`; `columns` and `isColored` describe where that goes. */
export function createReport(
  write: (text: string) => void,
  terminal: { readonly columns: number | undefined; readonly isColored: boolean },
): Report {
  const columns = Math.min(terminal.columns ?? DEFAULT_COLUMNS, MAXIMUM_COLUMNS);
  const { isColored } = terminal;
  const bold = (text: string): string => (isColored ? `\x1b[1m${text}\x1b[22m` : text);
  const dim = (text: string): string => (isColored ? `\x1b[2m${text}\x1b[22m` : text);
  const heading = (text: string): void =>
    write(`\n${bold(text)} ${dim('─'.repeat(Math.max(0, columns - text.length - 1)))}\n`);
  let lastMillis = performance.now();

  return {
    title: (text) => write(`${bold(text)}\n`),
    done(text) {
      const nowMillis = performance.now();
      write(`  ✓ ${text} ${dim(`(${((nowMillis - lastMillis) / 1000).toFixed(1)} s)`)}\n`);
      lastMillis = nowMillis;
    },
    requests(answers) {
      heading('Requests');
      for (const { step, durationMillis } of answers) {
        const request = `${step.method} ${step.path}`.padEnd(20);
        write(
          `  ${step.expectedStatus}  ${request} ${step.title.padEnd(42)} ${durationMillis.toFixed(0).padStart(5)} ms\n`,
        );
      }
    },
    trace(text, sentence, spans) {
      heading(text);
      write(`${sentence}\n\n${renderWaterfall(spans, { columns, isColored })}\n`);
    },
    serviceMap(spans) {
      heading('Who calls whom');
      write(`${renderServiceMap(buildServiceMap(spans), { columns, isColored })}\n`);
    },
    summary(traces) {
      heading('In short');
      write(summaryOf(traces));
    },
  };
}

function summaryOf(traces: readonly StepTrace[]): string {
  const spans = traces.flatMap((trace) => trace.spans);
  const services = new Set(spans.map(serviceOf));
  const failed = traces.filter((trace) => trace.spans.some((span) => span.status.code === 'ERROR'));
  return `
${services.size} services, ${traces.length} traces, ${spans.length} spans, nothing missing; ${failed.length} traces hold an error.

Look next at
  examples/shop/gateway, orders, catalog …   services without one line of tracing code
  examples/shop/runner/services.ts           the preload flags and OTEL_* variables that trace them
  examples/kubernetes                        the same for a cluster

In your own application
  npm install @org/trace-agent
  export OTEL_SERVICE_NAME=my-service OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318
  node --require @org/trace-agent/register app.js      (or --import, or in NODE_OPTIONS)

`.trimStart();
}
