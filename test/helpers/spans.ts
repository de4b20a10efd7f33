/**
 * Whole traces in a form that is the same in every run: trees instead of ids, no times, placeholders for what varies.
 */
import type { Test } from 'tap';
import type { Attributes, SpanRecord } from '../../src/viewer/span-record.js';
import { buildTree, flatten, type SpanNode, serviceOf } from '../../src/viewer/trace-tree.js';
import { goldenFile } from './golden.js';
import { ROOT } from './paths.js';

/** A span as a golden file has it: JSON only, absent where empty. Its `label` is what links point to. */
export interface StableSpan {
  label: string;
  service: string;
  scope: string;
  kind: string;
  name: string;
  status?: string;
  /** What the span says of a parent that did not arrive: `missing`. */
  parent?: string;
  attributes?: Attributes;
  events?: { name: string; attributes?: Attributes }[];
  /** Labels of the linked spans, `elsewhere` for spans that did not arrive. */
  links?: { to: string; attributes?: Attributes }[];
  children?: StableSpan[];
}

export interface NormaliseOptions {
  /** Attributes to leave out. */
  omit?: readonly (string | RegExp)[];
  /** Further replacements in strings, after the built-in ones. */
  replace?: readonly (readonly [pattern: RegExp, placeholder: string])[];
  /** Order of siblings: by start time (default), or by name where an application does things in parallel. */
  siblings?: 'start' | 'name';
}

/** A span is a root and everything under it; spans of one trace that do not hang together give several. */
export type StableTrace = StableSpan[];

/** Groups spans by trace (in order of first start) and normalises each. */
export function normalise(spans: readonly SpanRecord[], options: NormaliseOptions = {}): StableTrace[] {
  const trees = groupByTrace(spans).map((trace) => {
    const { roots, cyclic } = buildTree(trace);
    if (cyclic.length > 0) throw new Error(`spans in a cycle: ${cyclic.map((span) => span.name).join(', ')}`);
    return roots;
  });
  if (options.siblings === 'name') for (const { children } of trees.flat(1).flatMap(flatten)) children.sort(byName);
  const labels = new Map<string, string>();
  for (const [index, roots] of trees.entries()) {
    const nodes = roots.flatMap(flatten);
    for (const [position, { span }] of nodes.entries()) labels.set(span.spanId, `${index + 1}.${position + 1}`);
  }
  return trees.map((roots) => roots.map((node) => stableSpan(node, labels, options)));
}

/** Compares normalised traces with test/golden/<name>.json as one assertion of `t`; see `goldenFile`. */
export function golden(t: Test, name: string, spans: readonly SpanRecord[], options: NormaliseOptions = {}): void {
  const json = JSON.stringify(normalise(spans, options), null, 2);
  goldenFile(t, `${name}.json`, `${json}\n`, (text) => JSON.parse(text));
}

/**
 * Draws traces as indented lines `service KIND name [ERROR]`, one blank line between traces: the expected tree of a
 * test in a form a reader can check.
 */
export function sketch(spans: readonly SpanRecord[]): string {
  const lineOf = (node: SpanNode, depth: number): string[] => {
    const { span } = node;
    const marks = `${span.status.code === 'ERROR' ? ' ERROR' : ''}${depth === 0 && span.parentSpanId ? ' (orphan)' : ''}`;
    const line = `${'  '.repeat(depth)}${serviceOf(span)} ${span.kind} ${stableText(span.name, {})}${marks}`;
    return [line, ...node.children.flatMap((child) => lineOf(child, depth + 1))];
  };
  return groupByTrace(spans)
    .map((trace) => buildTree(trace).roots.flatMap((root) => lineOf(root, 0)))
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

/** Spans by trace, traces in order of their first start. */
export function groupByTrace(spans: readonly SpanRecord[]): SpanRecord[][] {
  const traces = new Map<string, SpanRecord[]>();
  for (const span of [...spans].sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano))) {
    const trace = traces.get(span.traceId);
    if (trace) trace.push(span);
    else traces.set(span.traceId, [span]);
  }
  return [...traces.values()];
}

function byName(a: SpanNode, b: SpanNode): number {
  const key = ({ span }: SpanNode) => `${serviceOf(span)} ${span.name} ${span.kind}`;
  return key(a).localeCompare(key(b));
}

function stableSpan(node: SpanNode, labels: Map<string, string>, options: NormaliseOptions): StableSpan {
  const { span, children } = node;
  const { status } = span;
  const attributes = (from: Attributes) => optional('attributes', stableAttributes(from, options));
  const statusText =
    status.code === 'UNSET' ? undefined : `${status.code} ${stableText(status.message, options)}`.trim();
  return {
    label: labels.get(span.spanId) ?? '',
    service: serviceOf(span),
    scope: span.scope.name,
    kind: span.kind,
    name: stableText(span.name, options),
    ...optional('status', statusText),
    ...optional('parent', span.parentSpanId !== '' && !labels.has(span.parentSpanId) ? 'missing' : undefined),
    ...attributes(span.attributes),
    ...optional(
      'events',
      span.events.map((event) => ({ name: event.name, ...attributes(event.attributes) })),
    ),
    ...optional(
      'links',
      span.links.map((link) => ({ to: labels.get(link.spanId) ?? 'elsewhere', ...attributes(link.attributes) })),
    ),
    ...optional(
      'children',
      children.map((child) => stableSpan(child, labels, options)),
    ),
  };
}

/** `{ [key]: value }`, or nothing when the value is undefined or empty. */
function optional<K extends string, V>(key: K, value: V | undefined): Record<K, V> | Record<string, never> {
  if (value === undefined || Object.keys(value as object).length === 0) return {};
  return { [key]: value } as Record<K, V>;
}

function stableAttributes(attributes: Attributes, options: NormaliseOptions): Attributes {
  const omitted = options.omit ?? [];
  const isOmitted = (key: string) =>
    omitted.some((pattern) => (typeof pattern === 'string' ? pattern === key : pattern.test(key)));
  const entries = Object.entries(attributes)
    .filter(([key]) => !isOmitted(key))
    .map(([key, value]) => [key, stableValue(key, value, options)] as const);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Attributes that differ from run to run or from Node to Node, whatever their value. */
const VOLATILE: readonly (readonly [key: RegExp, placeholder: string])[] = [
  [/(^|[._])port$/, '<port>'],
  [/^exception\.stacktrace$/, '<stack>'],
  [/^(thread|process)\.(id|pid)$/, '<id>'],
  [/^user_agent\.original$|^http\.user_agent$/, '<user agent>'],
  [/(?<!^network\.protocol)\.version$/, '<version>'],
];

function stableValue(key: string, value: unknown, options: NormaliseOptions): unknown {
  const volatile = VOLATILE.find(([pattern]) => pattern.test(key));
  if (volatile) return volatile[1];
  if (typeof value === 'string') return stableText(value, options);
  if (typeof value === 'bigint') return `${value}`;
  if (value instanceof Uint8Array) return `<${value.length} bytes>`;
  if (Array.isArray(value)) return value.map((item) => stableValue('', item, options));
  if (typeof value === 'object' && value !== null) return stableAttributes(value as Attributes, options);
  return value;
}

function stableText(text: string, options: NormaliseOptions): string {
  const loopback = text
    .replaceAll(ROOT, '<root>')
    .replace(/(\b127\.0\.0\.1|\blocalhost|\[::1\]|::1):\d{2,5}\b/g, '$1:<port>');
  return (options.replace ?? []).reduce(
    (result, [pattern, placeholder]) => result.replace(pattern, placeholder),
    loopback,
  );
}
