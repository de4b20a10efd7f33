/**
 * Typed access to the variables that are set: first valid value of a list of names, else the default of the last one.
 * A bad value becomes one problem and counts as unset.
 */
import type { CodeOf, Severity } from '../diag/catalogue.js';
import { findVariable, type NamesOf, VARIABLES, type VariableName, type VariableTable } from './env-table.js';
import { parseList } from './parse.js';
import { type ExplainWord, parseByRow, parseWords } from './parse-row.js';
import { joinReasons, quote, redactUrl, shorten } from './redact.js';
import type { ConfigProblem, ValueSource } from './types.js';
import type { Variable } from './variable.js';

/** A variable that is set to more than blanks. */
export interface SetValue {
  /** As the user wrote it: may be an alias. */
  readonly name: string;
  /** Untouched text, for messages. */
  readonly raw: string;
  /** Trimmed text. */
  readonly text: string;
  readonly source: ValueSource;
}

type NumberName = NamesOf<'integer' | 'duration' | 'timeout'>;
type WordOf<N extends NamesOf<'enum' | 'enum list'>> = VariableTable[N]['allowed'][number];

/** Names of headers and variables have no limit of their own. */
const MAX_MESSAGE_LENGTH = 2000;

export class Settings {
  readonly #values: ReadonlyMap<string, SetValue>;
  readonly #problems = new Map<string, ConfigProblem>();

  constructor(values: ReadonlyMap<string, SetValue>) {
    this.#values = values;
  }

  /** Every `OTEL_*` variable that is set, known or not. */
  values(): Iterable<SetValue> {
    return this.#values.values();
  }

  get problems(): readonly ConfigProblem[] {
    return [...this.#problems.values()];
  }

  /** Adds a problem; the same message is kept once. */
  report<S extends Severity>(severity: S, code: CodeOf<S>, variable: string, text: string): void {
    const message = shorten(text, MAX_MESSAGE_LENGTH);
    this.#problems.set(message, { variable, severity, code, message } as ConfigProblem);
  }

  /** What the variable, or one of its aliases, is set to. */
  find(name: VariableName): SetValue | undefined {
    const value = this.#values.get(name);
    if (value !== undefined) return value;
    const { aliases } = VARIABLES[name] as Variable;
    if (aliases === undefined) return undefined;
    const alias = aliases.find((other) => this.#values.has(other));
    return alias === undefined ? undefined : this.#values.get(alias);
  }

  /** Trimmed text of the first of the names that is set. */
  text(...names: NonEmpty<NamesOf<'string' | 'path' | 'url' | 'key=value list'>>): string | undefined {
    for (const name of names) {
      const value = this.find(name);
      if (value !== undefined) return value.text;
    }
    return undefined;
  }

  /** True when at least one of the names is set to a value of its type. */
  isValid(...names: NonEmpty<VariableName>): boolean {
    return names.some((name) => {
      const value = this.find(name);
      return value !== undefined && parseByRow(VARIABLES[name], value.text).ok;
    });
  }

  /** True when `none` is among the words of the variable. */
  isNone(name: string): boolean {
    return parseList(this.#values.get(name)?.text.toLowerCase() ?? '').includes('none');
  }

  boolean(...names: NonEmpty<NamesOf<'boolean'>>): boolean {
    return this.#first(names, String);
  }

  number(...names: NonEmpty<NumberName>): number {
    return this.#first(names, showNumber);
  }

  word<N extends NamesOf<'enum'>>(...names: NonEmpty<N>): WordOf<N> {
    return this.#first(names, String) as WordOf<N>;
  }

  list(name: NamesOf<'list'>): readonly string[] | undefined {
    const value = this.find(name);
    const elements = value && parseList(value.text);
    return elements?.length ? elements : undefined;
  }

  /**
   * The known words of a list. Unknown ones are reported; when no known one is left the default is used.
   * `explain` may give the reason for a word, and the word to use instead of it.
   */
  words<N extends NamesOf<'enum list'>>(name: N, explain?: ExplainWord): readonly WordOf<N>[] {
    const row = VARIABLES[name];
    const value = this.find(name);
    if (value === undefined) return row.default as readonly WordOf<N>[];
    const { accepted, reasons } = parseWords(row, value.text, explain);
    const used = accepted.length > 0 ? accepted : row.default;
    if (reasons.length > 0) this.reportBadValue(value, `: ${joinReasons(reasons)}`, used.join(','));
    return used as readonly WordOf<N>[];
  }

  /** Reports a value that cannot be used. `reason` continues the sentence that starts with the variable. */
  reportBadValue(value: SetValue, reason: string, used: string): void {
    this.report('warn', 'TA1101', value.name, describeBadValue(value, reason, used));
  }

  /** The same for the address of the receiver, without which nothing arrives. */
  reportBadEndpoint(value: SetValue, reason: string, used: string): void {
    this.report('error', 'TA1106', value.name, describeBadValue(value, reason, used));
  }

  /** Without more than it takes: most of the hundred calls of a start are for a variable that is not set. */
  #first<T>(names: readonly VariableName[], showValue: (value: T) => string, index = 0): T {
    const name = names[index] as VariableName;
    const row = VARIABLES[name] as Variable;
    const value = this.find(name);
    const parsed = value && parseByRow(row, value.text);
    if (parsed?.ok) return parsed.value as T;
    const fallback = index + 1 < names.length ? this.#first(names, showValue, index + 1) : (row.default as T);
    if (value && parsed) this.reportBadValue(value, parsed.reason, showValue(fallback));
    return fallback;
  }
}

type NonEmpty<N> = [N, ...N[]];

function describeBadValue(value: SetValue, reason: string, used: string): string {
  const gap = reason.startsWith(':') ? '' : ' ';
  return `${show(value)}${gap}${reason}; using ${used}`;
}

/** `NAME="text"` with what must stay secret left out. */
export function show(value: SetValue): string {
  const row = findVariable(value.name);
  if (row?.isSecret) return value.name;
  return `${value.name}=${quote(row?.type === 'url' ? redactUrl(value.raw) : value.raw)}`;
}

function showNumber(value: number): string {
  return value === Number.POSITIVE_INFINITY ? 'no limit' : String(value);
}
