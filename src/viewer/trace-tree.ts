/**
 * Spans of one trace as a tree. Pure; tolerates what a broken trace brings: missing parents, repeated ids, cycles.
 */
import type { SpanRecord } from './span-record.js';

export interface SpanNode {
  span: SpanRecord;
  /** By start time, then name. */
  children: SpanNode[];
}

export interface TraceTree {
  /** Spans without a parent among the given ones, by start time. */
  roots: SpanNode[];
  /** Those of `roots` that name a parent which is not there. */
  orphans: SpanRecord[];
  /** Spans that come back to themselves through their parents, or hang below such spans. */
  cyclic: SpanRecord[];
  /** Spans whose id another span has too; only the first of each id is in the tree. */
  repeated: SpanRecord[];
}

/** Builds the tree. `spans` should be those of one trace; ids of different traces are not told apart. */
export function buildTree(spans: readonly SpanRecord[]): TraceTree {
  const nodes = new Map<string, SpanNode>();
  const repeated: SpanRecord[] = [];
  for (const span of [...spans].sort(byStart)) {
    if (nodes.has(span.spanId)) repeated.push(span);
    else nodes.set(span.spanId, { span, children: [] });
  }
  const roots: SpanNode[] = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.span.parentSpanId);
    (parent ? parent.children : roots).push(node);
  }
  const reachable = new Set<SpanNode>(roots.flatMap(flatten));
  return {
    roots,
    orphans: roots.map((node) => node.span).filter((span) => span.parentSpanId !== ''),
    cyclic: [...nodes.values()].filter((node) => !reachable.has(node)).map((node) => node.span),
    repeated,
  };
}

/** The node and everything below it, depth first. Without recursion: a trace may be a chain of 10,000 spans. */
export function flatten(root: SpanNode): SpanNode[] {
  const nodes: SpanNode[] = [];
  const pending = [root];
  for (let node = pending.pop(); node; node = pending.pop()) {
    nodes.push(node);
    pending.push(...[...node.children].reverse());
  }
  return nodes;
}

/** The service that made a span, as its resource says. */
export function serviceOf(span: SpanRecord): string {
  return String(span.resource['service.name'] ?? 'unknown');
}

function byStart(a: SpanRecord, b: SpanRecord): number {
  if (a.startTimeUnixNano !== b.startTimeUnixNano) return a.startTimeUnixNano < b.startTimeUnixNano ? -1 : 1;
  return a.name.localeCompare(b.name);
}
