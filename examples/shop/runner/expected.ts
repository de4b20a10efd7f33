/**
 * Finds the trace of each request among the spans, and says what it still lacks: spans that hang together, from every
 * service that took part, with every query. Pure.
 */
import { checkCompleteness } from '../../../src/viewer/completeness.js';
import { isDatabase, isQuery } from '../../../src/viewer/span-facts.js';
import type { SpanRecord } from '../../../src/viewer/span-record.js';
import { serviceOf } from '../../../src/viewer/trace-tree.js';
import type { Step } from './traffic.js';

export interface StepTrace {
  readonly step: Step;
  /** Empty when no root span fits the request. */
  readonly spans: readonly SpanRecord[];
  /** One sentence per thing that is missing; empty when the trace is whole. */
  readonly lacks: readonly string[];
}

/** The trace of each step, in the order of the steps. Requests are told apart by method, path and status. */
export function tracesOf(steps: readonly Step[], spans: readonly SpanRecord[]): StepTrace[] {
  return steps.map((step) => {
    const root = spans.find((span) => isRootOf(step, span));
    const own = spans.filter((span) => span.traceId === root?.traceId);
    const { reasons } = checkCompleteness(own);
    return { step, spans: own, lacks: own.length === 0 ? reasons : [...reasons, ...missingWork(step, own)] };
  });
}

function isRootOf(step: Step, { kind, parentSpanId, attributes }: SpanRecord): boolean {
  return (
    kind === 'SERVER' &&
    parentSpanId === '' &&
    attributes['http.request.method'] === step.method &&
    attributes['url.path'] === step.path &&
    attributes['http.response.status_code'] === step.expectedStatus
  );
}

function missingWork(step: Step, spans: readonly SpanRecord[]): string[] {
  return Object.entries(step.expectedWork).flatMap(([service, { served, queries }]) => {
    const own = spans.filter((span) => serviceOf(span) === service);
    return [
      ...shortfall(service, 'server', served, own.filter((span) => span.kind === 'SERVER').length),
      ...shortfall(service, 'query', queries, own.filter((span) => isDatabase(span) && isQuery(span)).length),
    ];
  });
}

function shortfall(service: string, what: string, expected: number, found: number): string[] {
  return found >= expected ? [] : [`${service}: ${found} of ${expected} ${what} spans arrived`];
}
