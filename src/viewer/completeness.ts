/**
 * Is a trace whole? Pure; used by the demo to wait, and by tests.
 */
import type { SpanRecord } from './span-record.js';
import { buildTree, serviceOf } from './trace-tree.js';

export interface Completeness {
  isComplete: boolean;
  /** One sentence per fault; empty when complete. */
  reasons: string[];
}

/**
 * Checks the spans of one trace: ids well-formed and unique, one root, every parent present, no cycle, no span that
 * ends before it starts. Clocks of different processes are not compared.
 */
export function checkCompleteness(spans: readonly SpanRecord[]): Completeness {
  const reasons = spans.length === 0 ? ['no span arrived'] : [...idFaults(spans), ...treeFaults(spans)];
  return { isComplete: reasons.length === 0, reasons };
}

function idFaults(spans: readonly SpanRecord[]): string[] {
  const faults: string[] = [];
  const traceIds = new Set(spans.map((span) => span.traceId));
  if (traceIds.size > 1) faults.push(`the spans belong to ${traceIds.size} traces: ${[...traceIds].join(', ')}`);
  for (const span of spans) {
    if (!isId(span.traceId, 32)) faults.push(`${describe(span)} has the trace id "${span.traceId}"`);
    if (!isId(span.spanId, 16)) faults.push(`${describe(span)} has the span id "${span.spanId}"`);
    if (span.endTimeUnixNano < span.startTimeUnixNano) faults.push(`${describe(span)} ends before it starts`);
  }
  return faults;
}

function treeFaults(spans: readonly SpanRecord[]): string[] {
  const { roots, orphans, cyclic, repeated } = buildTree(spans);
  const trueRoots = roots.map((node) => node.span).filter((span) => span.parentSpanId === '');
  const faults: string[] = [];
  if (trueRoots.length === 0) faults.push('there is no root span');
  if (trueRoots.length > 1)
    faults.push(`there are ${trueRoots.length} root spans: ${trueRoots.map(describe).join(', ')}`);
  for (const span of orphans) faults.push(`the parent ${span.parentSpanId} of ${describe(span)} did not arrive`);
  for (const span of cyclic) faults.push(`${describe(span)} is its own ancestor or hangs below such a span`);
  for (const span of repeated) faults.push(`${describe(span)} arrived twice, or two spans share the id ${span.spanId}`);
  return faults;
}

function isId(id: string, length: number): boolean {
  return id.length === length && /^[0-9a-f]+$/.test(id) && !/^0+$/.test(id);
}

function describe(span: SpanRecord): string {
  return `${span.kind} span "${span.name}" of ${serviceOf(span)}`;
}
