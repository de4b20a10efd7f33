/**
 * Time drawn with characters: the bar of a span, to an eighth of a character, and the axis above the bars. Pure.
 */
import type { SpanRecord } from './span-record.js';
import { formatDuration, lengthOf, type Paint } from './terminal-text.js';

/** What the whole width stands for. */
export interface TimeWindow {
  start: bigint;
  durationNano: bigint;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const FULL = '█';
const GUIDE = '┊';

/** Draws one span into `width` cells. The bar starts at a whole cell and is never invisible. */
export function drawBar(span: SpanRecord, window: TimeWindow, width: number, paint: Paint, dim: Paint): string {
  const eighthsOf = (time: bigint) => Math.round(fraction(time - window.start, window.durationNano) * width * 8);
  const startCell = Math.min(width - 1, Math.floor(eighthsOf(span.startTimeUnixNano) / 8));
  const end = Math.max(startCell * 8 + 1, eighthsOf(span.endTimeUnixNano));
  const bar = FULL.repeat(Math.floor(end / 8) - startCell) + (EIGHTHS[end % 8] ?? '');
  const after = startCell + lengthOf(bar);
  const [before, behind] = [guides(0, startCell, width), guides(after, width, width)];
  return (before && dim(before)) + paint(bar) + (behind && dim(behind));
}

/** Draws times at the quarters, as many as fit: `0 … 24.1 ms … 48.2 ms`. */
export function drawAxis({ durationNano }: TimeWindow, width: number): string {
  const end = formatDuration(durationNano);
  const quarters = width >= 56 ? [1, 2, 3] : width >= 28 ? [2] : [];
  let line = '0';
  for (const quarter of quarters) {
    line = line.padEnd(Math.floor((width * quarter) / 4)) + formatDuration((durationNano * BigInt(quarter)) / 4n);
  }
  return line.padEnd(width - lengthOf(end)) + end;
}

/** Blank cells from `from` to `to`, with a mark at each quarter to lead the eye up to the axis. */
function guides(from: number, to: number, width: number): string {
  const marks = width >= 56 ? [1, 2, 3] : width >= 28 ? [2] : [];
  const cells = new Set(marks.map((quarter) => Math.floor((width * quarter) / 4)));
  let text = '';
  for (let cell = from; cell < to; cell++) text += cells.has(cell) ? GUIDE : ' ';
  return text;
}

function fraction(part: bigint, whole: bigint): number {
  if (whole <= 0n) return 0;
  return Math.min(1, Math.max(0, Number(part) / Number(whole)));
}
