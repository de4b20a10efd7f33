/**
 * Traces in memory, bounded by number of traces and of spans: what is oldest goes first, and what went is counted.
 */
import type { SpanRecord } from './span-record.js';
import { buildTree, serviceOf } from './trace-tree.js';

export interface TraceStoreOptions {
  /** Default 1,000. */
  maxTraces?: number;
  /** Of all traces together. Default 100,000. */
  maxSpans?: number;
}

export interface TraceSummary {
  traceId: string;
  /** Name and service of the earliest root; a span without its parent counts when there is no true root. */
  name: string;
  service: string;
  /** In order of first start. */
  services: string[];
  spanCount: number;
  errorCount: number;
  startTimeUnixNano: bigint;
  /** From the first start to the last end. */
  durationNano: bigint;
}

export class TraceStore {
  readonly #maxTraces: number;
  readonly #maxSpans: number;
  /** Insertion order is the order of last arrival: a trace that still grows is the last to go. */
  readonly #traces = new Map<string, Map<string, SpanRecord>>();
  #spanCount = 0;
  #droppedSpans = 0;

  constructor({ maxTraces = 1_000, maxSpans = 100_000 }: TraceStoreOptions = {}) {
    this.#maxTraces = maxTraces;
    this.#maxSpans = maxSpans;
  }

  get spanCount(): number {
    return this.#spanCount;
  }

  /** Spans that the limits pushed out, all in all. */
  get droppedSpans(): number {
    return this.#droppedSpans;
  }

  /** Adds spans of any traces. A span that arrives again replaces its first copy. */
  add(spans: readonly SpanRecord[]): void {
    for (const span of spans) {
      const trace = this.#traces.get(span.traceId) ?? new Map<string, SpanRecord>();
      this.#traces.delete(span.traceId);
      this.#traces.set(span.traceId, trace);
      if (!trace.has(span.spanId)) this.#spanCount++;
      trace.set(span.spanId, span);
      this.#evict();
    }
  }

  /** The spans of a trace in order of arrival; empty when it is unknown. */
  spansOf(traceId: string): SpanRecord[] {
    return [...(this.#traces.get(traceId)?.values() ?? [])];
  }

  /** All spans kept, trace by trace. */
  allSpans(): SpanRecord[] {
    return [...this.#traces.keys()].flatMap((traceId) => this.spansOf(traceId));
  }

  /** One line per trace, the one that grew last first. */
  summaries(): TraceSummary[] {
    return [...this.#traces.values()].map((trace) => summarise([...trace.values()])).reverse();
  }

  clear(): void {
    this.#traces.clear();
    this.#spanCount = 0;
    this.#droppedSpans = 0;
  }

  #evict(): void {
    for (const [traceId, trace] of this.#traces) {
      const isOver = this.#traces.size > this.#maxTraces || this.#spanCount > this.#maxSpans;
      if (!isOver) return;
      if (this.#traces.size > 1) {
        this.#traces.delete(traceId);
        this.#forget(trace.size);
      } else {
        // One endless trace: it loses its oldest spans.
        const [oldest] = trace.keys();
        if (oldest !== undefined && trace.delete(oldest)) this.#forget(1);
      }
    }
  }

  #forget(count: number): void {
    this.#spanCount -= count;
    this.#droppedSpans += count;
  }
}

/** Sums up the spans of one trace. Throws on none. */
export function summarise(spans: readonly SpanRecord[]): TraceSummary {
  const { roots } = buildTree(spans);
  const root = (roots.find((node) => node.span.parentSpanId === '') ?? roots[0])?.span ?? spans[0];
  if (!root) throw new Error('a trace without spans');
  const inOrder = [...spans].sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano));
  const ends = spans.map((span) => span.endTimeUnixNano).sort((a, b) => Number(a - b));
  const start = inOrder[0]?.startTimeUnixNano ?? 0n;
  const end = ends.at(-1) ?? start;
  return {
    traceId: root.traceId,
    name: root.name,
    service: serviceOf(root),
    services: [...new Set(inOrder.map(serviceOf))],
    spanCount: spans.length,
    errorCount: spans.filter((span) => span.status.code === 'ERROR').length,
    startTimeUnixNano: start,
    durationNano: end - start,
  };
}
