/**
 * Who calls whom, from the spans of any number of traces, and the map as text. Pure.
 */
import { type FarEnd, farEndOf, isDatabase, isQuery, protocolOf } from './span-facts.js';
import type { SpanRecord } from './span-record.js';
import {
  colorsWhen,
  countOf,
  fit,
  formatDuration,
  lengthOf,
  padEnd,
  padStart,
  printable,
  servicePainter,
} from './terminal-text.js';
import { serviceOf } from './trace-tree.js';

export type Callee = { type: 'service'; name: string } | FarEnd;

export interface Edge {
  /** Service name; undefined for callers that are not traced. */
  caller: string | undefined;
  callee: Callee;
  protocol: string;
  count: number;
  /** Calls where the caller's or the callee's span has status ERROR. */
  errorCount: number;
  medianDurationNano: bigint;
}

export interface ServiceMap {
  /** In order of first start. */
  services: string[];
  edges: Edge[];
}

interface Call {
  caller: string | undefined;
  callee: Callee;
  protocol: string;
  isError: boolean;
  durationNano: bigint;
}

/**
 * Builds the map. An edge is a pair of spans of two processes (parent and child, or linked), an entry without a traced
 * caller, or an outgoing span that no traced service answered. Connecting to a database counts only when it fails.
 */
export function buildServiceMap(spans: readonly SpanRecord[]): ServiceMap {
  const inOrder = [...spans].sort((a, b) => Number(a.startTimeUnixNano - b.startTimeUnixNano));
  const bySpanId = new Map(spans.map((span) => [`${span.traceId}/${span.spanId}`, span]));
  const answered = new Set<SpanRecord>();
  const calls: Call[] = [];
  for (const span of inOrder) {
    if (span.kind !== 'SERVER' && span.kind !== 'CONSUMER') continue;
    const callers = callersOf(span, bySpanId);
    for (const caller of callers) answered.add(caller);
    for (const caller of callers.length > 0 ? callers : [undefined]) calls.push(incomingCall(span, caller));
  }
  for (const span of inOrder) if (isLeafCall(span) && !answered.has(span)) calls.push(outgoingCall(span));
  return { services: [...new Set(inOrder.map(serviceOf))], edges: toEdges(calls) };
}

function callersOf(span: SpanRecord, bySpanId: Map<string, SpanRecord>): SpanRecord[] {
  const parent = bySpanId.get(`${span.traceId}/${span.parentSpanId}`);
  if (parent) return [parent];
  return span.links.flatMap((link) => bySpanId.get(`${link.traceId}/${link.spanId}`) ?? []);
}

function incomingCall(span: SpanRecord, caller: SpanRecord | undefined): Call {
  const ownProtocol = protocolOf(span);
  return {
    caller: caller && serviceOf(caller),
    callee: { type: 'service', name: serviceOf(span) },
    protocol: ownProtocol === 'call' && caller ? protocolOf(caller) : ownProtocol,
    isError: span.status.code === 'ERROR' || caller?.status.code === 'ERROR',
    durationNano: durationOf(caller?.kind === 'CLIENT' ? caller : span),
  };
}

function isLeafCall(span: SpanRecord): boolean {
  if (span.kind === 'PRODUCER') return true;
  if (span.kind !== 'CLIENT') return false;
  return !isDatabase(span) || isQuery(span) || span.status.code === 'ERROR';
}

function outgoingCall(span: SpanRecord): Call {
  return {
    caller: serviceOf(span),
    callee: farEndOf(span),
    protocol: protocolOf(span),
    isError: span.status.code === 'ERROR',
    durationNano: durationOf(span),
  };
}

function toEdges(calls: readonly Call[]): Edge[] {
  const groups = new Map<string, Call[]>();
  for (const call of calls) {
    const key = JSON.stringify([call.caller, call.callee.type, call.callee.name, call.protocol]);
    const group = groups.get(key);
    if (group) group.push(call);
    else groups.set(key, [call]);
  }
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (!first) return [];
    const { caller, callee, protocol } = first;
    const errorCount = group.filter((call) => call.isError).length;
    return [{ caller, callee, protocol, count: group.length, errorCount, medianDurationNano: medianOf(group) }];
  });
}

function medianOf(calls: readonly Call[]): bigint {
  const sorted = calls.map((call) => call.durationNano).sort((a, b) => Number(a - b));
  return sorted[Math.floor((sorted.length - 1) / 2)] ?? 0n;
}

function durationOf(span: SpanRecord): bigint {
  return span.endTimeUnixNano - span.startTimeUnixNano;
}

export interface MapOptions {
  /** Width of the terminal. Default 100. */
  columns?: number;
  isColored?: boolean;
}

const OUTSIDE = 'outside';
const NARROW_COLUMNS = 80;

/** Draws the map: one block per caller, one line per edge, figures in columns. Ends without a line break. */
export function renderServiceMap(map: ServiceMap, { columns = 100, isColored = false }: MapOptions = {}): string {
  const colors = colorsWhen(isColored);
  const paintOf = servicePainter(colors);
  for (const service of map.services) paintOf(service);
  const callers = [undefined, ...map.services].filter((caller) => map.edges.some((edge) => edge.caller === caller));

  const protocolWidth = Math.max(0, ...map.edges.map((edge) => lengthOf(edge.protocol)));
  const arrowWidth = protocolWidth + 10;
  const isNarrow = columns < NARROW_COLUMNS;
  const durationWidth = isNarrow ? 10 : 17;
  const figuresWidth = 22 + durationWidth;
  const widest = Math.max(0, ...map.edges.map((edge) => lengthOf(calleeText(edge.callee))));
  const calleeWidth = Math.max(10, Math.min(widest, columns - arrowWidth - figuresWidth));

  const lineOf = (edge: Edge, isLast: boolean): string => {
    const arrow = `${edge.protocol} ${'─'.repeat(protocolWidth - lengthOf(edge.protocol) + 2)}▶`;
    const paintCallee = edge.callee.type === 'service' ? paintOf(edge.callee.name) : colors.bold;
    const errors = edge.errorCount > 0 ? `${edge.errorCount} failed` : '';
    const paintErrors = edge.errorCount > 0 ? colors.red : colors.dim;
    return [
      `${colors.dim(isLast ? '└─' : '├─')} ${colors.dim(arrow)} `,
      paintCallee(padEnd(calleeText(edge.callee), calleeWidth)),
      padStart(countOf(edge.count, 'call'), 11),
      paintErrors(padStart(errors, 11)),
      colors.dim(padStart(durationText(edge, isNarrow), durationWidth)),
    ].join('');
  };
  const blocks = callers.map((caller) => {
    const edges = map.edges.filter((edge) => edge.caller === caller);
    const title = caller === undefined ? colors.dim(OUTSIDE) : paintOf(caller)(fit(printable(caller), columns));
    return [title, ...edges.map((edge, index) => lineOf(edge, index === edges.length - 1))].join('\n');
  });
  return [colors.bold(headline(map)), '', ...blocks].join('\n');
}

function headline(map: ServiceMap): string {
  const number = (type: Callee['type']) =>
    new Set(map.edges.flatMap(({ callee, protocol }) => (callee.type === type ? [`${protocol} ${callee.name}`] : [])))
      .size;
  const parts = [countOf(map.services.length, 'service')];
  if (number('database') > 0) parts.push(countOf(number('database'), 'database'));
  if (number('queue') > 0) parts.push(countOf(number('queue'), 'queue'));
  if (number('host') > 0) parts.push(countOf(number('host'), 'untraced host'));
  return `Service map: ${parts.join(', ')}`;
}

function durationText({ count, medianDurationNano }: Edge, isNarrow: boolean): string {
  const text = formatDuration(medianDurationNano);
  return count > 1 && !isNarrow ? `median ${text}` : text;
}

function calleeText(callee: Callee): string {
  const name = printable(callee.name);
  if (callee.type === 'database') return `[( ${name} )]`;
  if (callee.type === 'queue') return `[= ${name} =]`;
  return callee.type === 'host' ? `< ${name} >` : name;
}
