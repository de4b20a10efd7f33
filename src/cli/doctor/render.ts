/** The report for a terminal: readable without colour, in any width from 60 columns. Command line program. */
import cliui from 'cliui';
import { createColors } from 'picocolors';
import type { Finding, Report, Section, Status, Table } from './report.js';

export interface RenderOptions {
  readonly width: number;
  readonly isColored: boolean;
}

const LABELS: Readonly<Record<Status, string>> = { ok: 'ok', note: '--', warning: 'warning', problem: 'PROBLEM' };
const LABEL_WIDTH = 9;
const INDENT = 2;
const MIN_WIDTH = 60;
const MAX_WIDTH = 140;
const MIN_COLUMN = 8;

type Colors = ReturnType<typeof createColors>;

function paintOf(colors: Colors, status: Status): (text: string) => string {
  if (status === 'problem') return (text) => colors.bold(colors.red(text));
  if (status === 'warning') return colors.yellow;
  return status === 'ok' ? colors.green : colors.dim;
}

/** Widths as wide as the content, the widest column cut down until the table fits. */
export function columnWidths(table: Table, width: number): number[] {
  const lines = [table.header, ...table.rows];
  const widths = table.header.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)) + 2);
  for (let excess = widths.reduce((sum, one) => sum + one, 0) - width; excess > 0; ) {
    const widest = widths.indexOf(Math.max(...widths));
    const cut = Math.min(excess, Math.max(0, (widths[widest] ?? 0) - MIN_COLUMN));
    if (cut === 0) break;
    // A little at a time, so that two wide columns share the loss.
    const step = Math.min(cut, 4);
    widths[widest] = (widths[widest] ?? 0) - step;
    excess -= step;
  }
  return widths;
}

class Renderer {
  readonly #colors: Colors;
  readonly #width: number;

  constructor({ width, isColored }: RenderOptions) {
    this.#colors = createColors(isColored);
    this.#width = Math.min(MAX_WIDTH, Math.max(MIN_WIDTH, width));
  }

  /** cliui counts what it wraps, so text is painted after it was laid out: the first occurrence of a label in a line. */
  #finding({ status, text, fix, code }: Finding): string {
    const ui = cliui({ width: this.#width, wrap: true });
    const label = { text: LABELS[status], width: LABEL_WIDTH + INDENT, padding: [0, 0, 0, INDENT] };
    const width = this.#width - LABEL_WIDTH - INDENT;
    ui.div(label, { text: code === undefined ? text : `${text} [${code}]`, width, padding: [0, 0, 0, 0] });
    if (fix !== undefined) {
      ui.div(
        { text: '', width: LABEL_WIDTH + INDENT, padding: [0, 0, 0, 0] },
        { text: `-> ${fix}`, width, padding: [0, 0, 0, 0] },
      );
    }
    return ui.toString().replace(LABELS[status], paintOf(this.#colors, status)(LABELS[status]));
  }

  #table(table: Table): string {
    const ui = cliui({ width: this.#width, wrap: true });
    const indent = LABEL_WIDTH + INDENT;
    const widths = columnWidths(table, this.#width - indent);
    for (const line of [table.header, ...table.rows]) {
      const cells = line.map((text, column) => ({
        text,
        width: (widths[column] ?? MIN_COLUMN) + (column === 0 ? indent : 0),
        padding: [0, 1, 0, column === 0 ? indent : 0],
      }));
      ui.div(...cells);
    }
    const [header = '', ...rows] = ui.toString().split('\n');
    return [this.#colors.dim(header), ...rows].join('\n');
  }

  section({ title, findings, tables = [] }: Section): string {
    const parts = [...findings.map((finding) => this.#finding(finding)), ...tables.map((table) => this.#table(table))];
    return [this.#colors.bold(title), ...parts].join('\n');
  }

  summary({ problems, warnings }: Report): string {
    const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
    const text = `${count(problems, 'problem')}, ${count(warnings, 'warning')}`;
    if (problems > 0) return `${this.#colors.bold(this.#colors.red('Not healthy'))}: ${text}`;
    return `${this.#colors.bold(this.#colors.green('Healthy'))}: ${text}`;
  }
}

/** The whole report with a final line break. */
export function renderText(report: Report, options: RenderOptions): string {
  const renderer = new Renderer(options);
  const sections = report.sections.map((section) => renderer.section(section));
  return `${[...sections, renderer.summary(report)].join('\n\n')}\n`;
}
