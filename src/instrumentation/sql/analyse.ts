/**
 * One pass over an SQL text: the text with every literal masked and its comments left out, and its summary. Pure;
 * never throws; the time it takes is bounded by MAX_TEXT_LENGTH.
 */
import { keywordAt } from './keywords.js';
import {
  COLON,
  classOf,
  DASH,
  DIGIT,
  type Dialect,
  DOLLAR,
  DOUBLE_QUOTE,
  endOfAlternativeQuoted,
  endOfComment,
  endOfDigits,
  endOfDollarQuoted,
  endOfEscapeString,
  endOfNumber,
  endOfQuoted,
  endOfWord,
  isUnclear,
  nameQuoteOf,
  PLUS,
  QUOTE,
  SPACE,
  WORD,
} from './scanner.js';
import { Summary } from './summary.js';

/** Longer texts are cut where a token begins. In UTF-16 units. */
export const MAX_TEXT_LENGTH = 8192;

export interface QueryDescription {
  /** Literals are `?`, comments are gone; the given text itself when it has neither. */
  readonly sanitized: string;
  /** Undefined when the text is not SQL that we know. */
  readonly summary: string | undefined;
  /** How much of the given text was looked at. */
  readonly length: number;
}

const PLACEHOLDER = '?';

/** Where in `IN (1, 2, 3)` we are: such a list becomes `IN (?)`. */
type List = 'none' | 'in' | 'open' | 'item' | 'comma';

class Analysis {
  readonly #text: string;
  readonly #isMysql: boolean;
  readonly #isPostgres: boolean;
  readonly #isOracle: boolean;
  readonly #dialect: Dialect;
  readonly #isCut: boolean;
  readonly #summary: Summary;
  #out = '';
  /** What stands before this index is in `#out`. */
  #copied = 0;
  #list: List = 'none';
  /** TRUE is part of an operator behind IS and IS NOT. */
  #isAfterIs = false;
  #hasComments = false;

  constructor(text: string, dialect: Dialect, isCut: boolean) {
    this.#text = text;
    this.#dialect = dialect;
    this.#isMysql = dialect === 'mysql';
    this.#isPostgres = dialect === 'postgresql';
    this.#isOracle = dialect === 'oracle.db';
    this.#isCut = isCut;
    this.#summary = new Summary(text, dialect);
  }

  run(): QueryDescription {
    const { length } = this.#text;
    let start = 0;
    while (start < length) {
      const end = this.#token(start);
      // Nobody knows how this token would go on.
      if (this.#isCut && end === length) break;
      start = end;
    }
    return { sanitized: this.#sanitized(start), summary: this.#summary.toText(), length: start };
  }

  #sanitized(length: number): string {
    const rest = this.#text.slice(this.#copied, length);
    return this.#hasComments ? (this.#out + rest).trim() : this.#out + rest;
  }

  /** Takes the token that starts at `start` and returns its end. */
  #token(start: number): number {
    const text = this.#text;
    const code = text.charCodeAt(start);
    const kind = classOf(code);
    if (kind === SPACE) return start + 1;
    if (kind === WORD) return this.#word(start);
    if (kind === DIGIT) return this.#literal(start, endOfNumber(text, start));
    if (code === QUOTE) return this.#literal(start, endOfQuoted(text, start, QUOTE, this.#isMysql));
    if (code === nameQuoteOf(this.#dialect)) return this.#name(start, endOfQuoted(text, start, code, false));
    if (code === DOUBLE_QUOTE) return this.#literal(start, endOfQuoted(text, start, code, true));
    if (code === DOLLAR) return this.#dollar(start);
    if (code === COLON && this.#isOracle) return this.#parameter(start) ?? this.#mark(start, code);
    const comment = endOfComment(text, start, this.#dialect);
    return comment > start ? this.#comment(start, comment) : this.#mark(start, code);
  }

  #word(start: number): number {
    const text = this.#text;
    const end = endOfWord(text, start);
    const word = keywordAt(text, start, end);
    if (this.#isOracle && (word === 'Q' || word === 'NQ') && text.charCodeAt(end) === QUOTE) {
      return this.#literal(start, endOfAlternativeQuoted(text, end));
    }
    if (word.length === 1 && text.charCodeAt(end) === QUOTE) {
      if (word === 'E' && this.#isPostgres) return this.#literal(start, endOfEscapeString(text, end));
      if (word === 'B' || word === 'N' || word === 'X') {
        return this.#literal(start, endOfQuoted(text, end, QUOTE, this.#isMysql));
      }
    }
    if ((word === 'TRUE' || word === 'FALSE') && !this.#isAfterIs) return this.#literal(start, end);
    this.#isAfterIs = word === 'IS' || (word === 'NOT' && this.#isAfterIs);
    this.#list = word === 'IN' ? 'in' : 'none';
    if (!this.#isCut || end < text.length) this.#summary.word(word, start, end);
    return end;
  }

  /** An end of -1 means that the closing quote is missing. */
  #literal(start: number, end: number): number {
    const isRepeated = this.#list === 'comma';
    if (!isRepeated) this.#out += this.#text.slice(this.#copied, start) + PLACEHOLDER;
    this.#list = isRepeated || this.#list === 'open' ? 'item' : 'none';
    this.#copied = end === -1 ? this.#text.length : end;
    this.#isAfterIs = false;
    this.#summary.operand();
    return this.#copied;
  }

  #name(start: number, end: number): number {
    // Without its closing quote it may hold anything.
    if (end === -1) return this.#literal(start, end);
    this.#list = 'none';
    this.#isAfterIs = false;
    if (!this.#isCut || end < this.#text.length) this.#summary.identifier(start, end);
    return end;
  }

  #dollar(start: number): number {
    if (!this.#isPostgres) return this.#word(start);
    const parameter = this.#parameter(start);
    if (parameter !== undefined) return parameter;
    const end = endOfDollarQuoted(this.#text, start);
    return end > start ? this.#literal(start, end) : this.#mark(start, DOLLAR);
  }

  /** PostgreSQL's `$1`, Oracle's `:1`. */
  #parameter(start: number): number | undefined {
    const digits = endOfDigits(this.#text, start + 1);
    if (digits === start + 1) return undefined;
    this.#list = 'none';
    this.#summary.operand();
    return digits;
  }

  #comment(start: number, end: number): number {
    const text = this.#text;
    if (this.#isMysql && isUnclear(text, start, end)) return this.#literal(start, -1);
    const isApart = classOf(text.charCodeAt(start - 1)) === SPACE || classOf(text.charCodeAt(end)) === SPACE;
    this.#out += text.slice(this.#copied, start) + (isApart ? '' : ' ');
    this.#copied = end;
    this.#hasComments = true;
    return end;
  }

  #mark(start: number, code: number): number {
    const next = start + 1;
    const isSign = (code === DASH || code === PLUS) && (this.#list === 'open' || this.#list === 'comma');
    if (isSign && classOf(this.#text.charCodeAt(next)) === DIGIT) {
      return this.#literal(start, endOfNumber(this.#text, next));
    }
    const mark = this.#text.charAt(start);
    this.#list = afterMark(this.#list, mark);
    this.#isAfterIs = false;
    this.#summary.mark(mark);
    return next;
  }
}

function afterMark(list: List, mark: string): List {
  if (mark === '(' && list === 'in') return 'open';
  return mark === ',' && list === 'item' ? 'comma' : 'none';
}

/** Describes the text of a query. */
export function analyse(text: string, dialect: Dialect): QueryDescription {
  const isCut = text.length > MAX_TEXT_LENGTH;
  return new Analysis(isCut ? text.slice(0, MAX_TEXT_LENGTH) : text, dialect, isCut).run();
}
