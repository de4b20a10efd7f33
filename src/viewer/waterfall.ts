/**
 * One trace drawn for a terminal: a tree of spans on the left, their time as bars on the right. Pure.
 *
 *     service    name in the tree      kind     duration   0        bars        48.2 ms
 *                details of the span
 */
import { detailsOf } from './span-facts.js';
import type { SpanRecord } from './span-record.js';
import {
  type Colors,
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
import { drawAxis, drawBar, type TimeWindow } from './time-bar.js';
import { summarise } from './trace-store.js';
import { buildTree, type SpanNode, serviceOf } from './trace-tree.js';

export interface WaterfallOptions {
  /** Width of the terminal; lines are never longer. Default 100, at least 50. */
  columns?: number;
  isColored?: boolean;
  /** A second line per span with its result and key attributes. Default true. */
  hasDetails?: boolean;
  /** Spans drawn at most; the rest is counted in a last line. Default 200. */
  maxSpans?: number;
}

interface Row {
  span: SpanRecord;
  /** Tree lines in front of the name. */
  branch: string;
  /** Tree lines in front of the details: what continues below this span. */
  continuation: string;
  /** What is wrong with its place in the tree. */
  fault: string | undefined;
}

interface Layout {
  serviceWidth: number;
  nameWidth: number;
  kindWidth: number;
  chartWidth: number;
  columns: number;
}

const DURATION_WIDTH = 8;
const NARROW_COLUMNS = 80;

/** Draws the spans of one trace. Returns lines without a final line break. Throws when there are none. */
export function renderWaterfall(spans: readonly SpanRecord[], options: WaterfallOptions = {}): string {
  const { isColored = false, hasDetails = true, maxSpans = 200 } = options;
  const columns = Math.max(50, options.columns ?? 100);
  const colors = colorsWhen(isColored);
  const paintOf = servicePainter(colors);
  const summary = summarise(spans);
  const window = { start: summary.startTimeUnixNano, durationNano: summary.durationNano };
  const { roots, cyclic } = buildTree(spans);
  // A cycle has no root; its spans are shown side by side rather than not at all.
  const shown = [...roots, ...cyclic.map((span) => ({ span, children: [] }))];
  const rows = rowsOf(shown, cyclic, maxSpans);
  const layout = layOut(rows, columns);

  const lines = [...headline(summary, colors, columns), '', axisLine(layout, window, colors)];
  for (const row of rows) {
    const paint = paintOf(serviceOf(row.span));
    lines.push(spanLine(row, layout, window, colors, paint));
    const details = hasDetails ? detailLine(row, layout, colors) : undefined;
    if (details !== undefined) lines.push(details);
  }
  const hidden = spans.length - rows.length;
  if (hidden > 0) lines.push(colors.dim(`… and ${countOf(hidden, 'more span')}`));
  return lines.map((line) => line.trimEnd()).join('\n');
}

function headline(summary: ReturnType<typeof summarise>, colors: Colors, columns: number): string[] {
  const { traceId, name, service, services, spanCount, errorCount, durationNano } = summary;
  const facts = [
    `trace ${traceId}`,
    countOf(spanCount, 'span'),
    countOf(services.length, 'service'),
    formatDuration(durationNano),
  ];
  const errors = errorCount > 0 ? colors.red(` · ${countOf(errorCount, 'error')}`) : '';
  const title = colors.bold(fit(`${printable(name)} in ${printable(service)}`, columns));
  return [title, colors.dim(fit(facts.join(' · '), columns - (errorCount > 0 ? 12 : 0))) + errors];
}

/** Depth first, without recursion: a broken loop in an application can make a chain of thousands. */
function rowsOf(roots: readonly SpanNode[], cyclic: readonly SpanRecord[], limit: number): Row[] {
  const rows: Row[] = [];
  const pending = roots.map((node) => ({ node, indent: '', isRoot: true, isLast: true })).reverse();
  for (let next = pending.pop(); next && rows.length < limit; next = pending.pop()) {
    const { node, indent, isRoot, isLast } = next;
    const below = isRoot ? '' : `${indent}${isLast ? '   ' : '│  '}`;
    rows.push({
      span: node.span,
      branch: isRoot ? '' : `${indent}${isLast ? '└─ ' : '├─ '}`,
      continuation: below + (node.children.length > 0 ? '│  ' : '   '),
      fault: isRoot ? faultOf(node.span, cyclic) : undefined,
    });
    const children = node.children.map((child, index) => ({
      node: child,
      indent: below,
      isRoot: false,
      isLast: index === node.children.length - 1,
    }));
    pending.push(...children.reverse());
  }
  return rows;
}

function faultOf(span: SpanRecord, cyclic: readonly SpanRecord[]): string | undefined {
  if (span.parentSpanId === '') return undefined;
  return `its parent ${span.parentSpanId} ${cyclic.includes(span) ? 'also hangs below it' : 'is missing'}`;
}

function layOut(rows: readonly Row[], columns: number): Layout {
  const isNarrow = columns < NARROW_COLUMNS;
  const widest = (texts: string[]) => Math.max(4, ...texts.map(lengthOf));
  const services = widest(rows.map((row) => printable(serviceOf(row.span))));
  const names = widest(rows.map((row) => row.branch + printable(row.span.name)));
  const serviceWidth = Math.min(services, isNarrow ? 12 : 20);
  const kindWidth = isNarrow ? 0 : 9;
  const rest = columns - serviceWidth - kindWidth - DURATION_WIDTH - 6;
  const nameWidth = Math.min(names, Math.max(16, Math.floor(rest * 0.5)));
  return { serviceWidth, nameWidth, kindWidth, chartWidth: rest - nameWidth, columns };
}

function axisLine(
  { serviceWidth, nameWidth, kindWidth, chartWidth }: Layout,
  window: TimeWindow,
  colors: Colors,
): string {
  const left = ' '.repeat(serviceWidth + 1 + nameWidth + 1 + kindWidth + DURATION_WIDTH + 4);
  return left + colors.dim(drawAxis(window, chartWidth));
}

function spanLine(
  row: Row,
  layout: Layout,
  window: TimeWindow,
  colors: Colors,
  paint: (text: string) => string,
): string {
  const { span } = row;
  const isError = span.status.code === 'ERROR';
  const branch = shorten(row.branch, layout.nameWidth);
  const name = padEnd(printable(span.name), layout.nameWidth - lengthOf(branch));
  const kind = layout.kindWidth > 0 ? padEnd(span.kind.toLowerCase(), layout.kindWidth) : '';
  const duration = padStart(formatDuration(span.endTimeUnixNano - span.startTimeUnixNano), DURATION_WIDTH);
  const mark = isError ? colors.red('✗') : span.status.code === 'OK' ? colors.green('✓') : ' ';
  return [
    paint(padEnd(printable(serviceOf(span)), layout.serviceWidth)),
    ` ${colors.dim(branch)}${isError ? colors.red(name) : colors.bold(name)}`,
    ` ${colors.dim(kind)}${duration} ${mark}  `,
    drawBar(span, window, layout.chartWidth, isError ? colors.red : paint, colors.dim),
  ].join('');
}

function detailLine(row: Row, layout: Layout, colors: Colors): string | undefined {
  const details = detailsOf(row.span).map(printable);
  if (row.fault !== undefined) details.unshift(row.fault);
  if (details.length === 0) return undefined;
  // Shortened only when the branch above it is, so that the lines of the tree meet.
  const isShortened = lengthOf(row.branch) > Math.floor(layout.nameWidth / 2);
  const branch = isShortened ? shorten(row.continuation, layout.nameWidth + 6) : row.continuation;
  const width = layout.columns - layout.serviceWidth - 1 - lengthOf(branch);
  const text = fit(details.join(' · '), width);
  const paint = row.span.status.code === 'ERROR' || row.fault !== undefined ? colors.red : colors.dim;
  return `${' '.repeat(layout.serviceWidth + 1)}${colors.dim(branch)}${paint(text)}`;
}

/** Keeps half of the column for the name, however deep the tree. */
function shorten(branch: string, nameWidth: number): string {
  const limit = Math.floor(nameWidth / 2);
  return lengthOf(branch) <= limit ? branch : `…${branch.slice(1 - limit)}`;
}
