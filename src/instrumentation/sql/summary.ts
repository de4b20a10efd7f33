/**
 * Operations and targets of a query in the order in which they stand, as the application wrote them:
 * `INSERT shipping_details SELECT orders`. Is told every token by the one pass over the text. Pure; never throws.
 *
 * Spec: semantic-conventions 1.44, database spans, "Generating a summary of the query".
 */
import {
  BEFORE_NESTED,
  FILES,
  LIST_ENDS,
  MODIFIERS,
  OBJECTS,
  ROLES,
  type Role,
  SKIPPED,
  SKIPPED_AFTER_INTO,
} from './keywords.js';
import { classOf, type Dialect, DOT, endOfQuoted, endOfWord, nameQuoteOf, SPACE, WORD } from './scanner.js';

export const MAX_SUMMARY_LENGTH = 255;

/** What the words of one depth of parentheses may mean. */
interface Scope {
  /** FROM names targets; not the one of `EXTRACT(year FROM created)`. */
  allowsFrom: boolean;
  allowsUsing: boolean;
  /** A comma separates targets. */
  isList: boolean;
  /** A statement other than SELECT may begin. */
  mayBegin: boolean;
}

function scopeOf({ allowsFrom = false, allowsUsing = false, isList = false, mayBegin = false }: Partial<Scope>): Scope {
  return { allowsFrom, allowsUsing, isList, mayBegin };
}

/** PostgreSQL: `FROM ROWS FROM (a(), b())` names two functions; elsewhere a table may be called so. */
const ROWS_FROM = /^rows\s+from\s*\(/i;
/** Of what is looked at, with some blanks. */
const ROWS_FROM_LENGTH = 16;

/** Stands for a token that is neither a word nor a mark. */
const OPERAND = 'operand';

export class Summary {
  readonly #text: string;
  readonly #dialect: Dialect;
  #summary = '';
  #isFull = false;
  /** Undefined before the first token: it decides whether the text is SQL. */
  #isKnown: boolean | undefined;
  /** Nothing more of this statement counts. */
  #isOver = false;
  #expects: 'nothing' | 'target' | 'object' = 'nothing';
  /** The token before: a word in upper case, a mark, or OPERAND. */
  #last = '';
  /** End of the last target with its qualifiers. */
  #targetEnd = 0;
  #scope = scopeOf({ mayBegin: true });
  #outer: Scope[] = [];

  constructor(text: string, dialect: Dialect) {
    this.#text = text;
    this.#dialect = dialect;
  }

  /** Undefined when it would be a guess. */
  toText(): string | undefined {
    return this.#isKnown === true && this.#summary !== '' ? this.#summary : undefined;
  }

  /** A literal or a placeholder. */
  operand(): void {
    this.#isKnown ??= false;
    this.#expects = 'nothing';
    this.#last = OPERAND;
  }

  /** A quoted name. */
  identifier(start: number, end: number): void {
    this.#isKnown ??= false;
    if (this.#expects === 'target') this.#target(start, end);
    this.#last = OPERAND;
  }

  mark(mark: string): void {
    if (mark === ';') this.#restart();
    else if (mark === '(') this.#open();
    else if (mark === ')') this.#close();
    else if (mark === ',') this.#expects = this.#scope.isList ? 'target' : 'nothing';
    else if (mark !== '.') this.#expects = 'nothing';
    this.#last = mark;
  }

  /** `word` is what `keywordAt` says of the text from `start` to `end`. */
  word(word: string, start: number, end: number): void {
    const isPartOfName = this.#last === '.' || this.#last === '@' || this.#last === ':';
    if (isPartOfName || this.#isOver || start < this.#targetEnd) {
      this.#last = OPERAND;
      return;
    }
    this.#read(word, start, end);
    if (LIST_ENDS.has(word)) this.#scope.isList = false;
    this.#last = word;
  }

  #read(word: string, start: number, end: number): void {
    const role = ROLES.get(word);
    this.#isKnown ??= role !== undefined && this.#isStatement(role);
    if (this.#expects === 'object') this.#object(word, start, end);
    else if (role === undefined) this.#name(word, start, end);
    else if (!this.#isStatement(role)) this.#clause(role, word, end);
    else if (role === 'select' || this.#mayBegin(role, end)) this.#statement(role, word, start, end);
    else this.#name(word, start, end);
  }

  #isStatement(role: Role): boolean {
    return role !== 'from' && role !== 'join' && role !== 'into' && role !== 'using' && role !== 'clause';
  }

  /** Without parentheses anything may, until the statement's own operation is there; inside of them little. */
  #mayBegin(role: Role, end: number): boolean {
    // Functions of MySQL: REPLACE(...), INSERT(...), TRUNCATE(...).
    if (!this.#scope.mayBegin || this.#text.charAt(end) === '(') return false;
    if (this.#outer.length > 0) return this.#last === '(' && (role === 'write' || role === 'delete');
    return this.#last !== 'EXPLAIN' || role !== 'command';
  }

  #statement(role: Role, word: string, start: number, end: number): void {
    if (word !== 'WITH') this.#append(start, end);
    this.#expects = role === 'define' ? 'object' : role === 'write' || role === 'command' ? 'target' : 'nothing';
    this.#isOver = role === 'opaque';
    const isUpdate = word === 'UPDATE';
    this.#scope = scopeOf({
      allowsFrom: role === 'select' || role === 'delete' || isUpdate,
      allowsUsing: role === 'delete' || word === 'MERGE',
      isList: role === 'command' || isUpdate || word === 'DROP',
      mayBegin: role === 'prelude' && word !== 'VALUES',
    });
  }

  #clause(role: Role, word: string, end: number): void {
    const scope = this.#scope;
    if (role === 'from' && scope.allowsFrom && this.#last !== 'DISTINCT') this.#expectTargets();
    else if (role === 'join' && scope.isList) this.#expectTargets();
    else if (role === 'using' && scope.allowsUsing && !this.#isFollowedByParenthesis(end)) this.#expectTargets();
    else if (role === 'into') this.#expects = this.#expects === 'target' || scope.allowsFrom ? 'target' : 'nothing';
    else if (!SKIPPED.has(word)) this.#expects = 'nothing';
  }

  #expectTargets(): void {
    this.#expects = 'target';
    this.#scope.isList = true;
  }

  #isFollowedByParenthesis(end: number): boolean {
    let index = end;
    while (classOf(this.#text.charCodeAt(index)) === SPACE) index++;
    return this.#text.charAt(index) === '(';
  }

  #object(word: string, start: number, end: number): void {
    if (MODIFIERS.has(word)) return;
    const isObject = OBJECTS.has(word);
    if (isObject || word === 'TRANSACTION') this.#append(start, end);
    this.#expects = isObject ? 'target' : 'nothing';
  }

  #name(word: string, start: number, end: number): void {
    if (this.#expects !== 'target' || SKIPPED.has(word)) return;
    if (SKIPPED_AFTER_INTO.has(word) && this.#last === 'INTO') return;
    if (FILES.has(word) || LIST_ENDS.has(word)) this.#expects = 'nothing';
    else if (!ROWS_FROM.test(this.#text.slice(start, start + ROWS_FROM_LENGTH))) this.#target(start, end);
  }

  #target(start: number, end: number): void {
    this.#targetEnd = this.#endOfName(end);
    this.#append(start, this.#targetEnd);
    this.#expects = 'nothing';
  }

  /** Index after `schema.table` when the part in front of the first dot ends at `end`. */
  #endOfName(end: number): number {
    const text = this.#text;
    let last = end;
    while (text.charCodeAt(last) === DOT) {
      const code = text.charCodeAt(last + 1);
      const isQuoted = code === nameQuoteOf(this.#dialect);
      if (!isQuoted && classOf(code) !== WORD) break;
      const next = isQuoted ? endOfQuoted(text, last + 1, code, false) : endOfWord(text, last + 1);
      if (next === -1) break;
      last = next;
    }
    return last;
  }

  #append(start: number, end: number): void {
    const separator = this.#summary === '' ? '' : ' ';
    const length = this.#summary.length + separator.length + end - start;
    if (this.#isFull || length > MAX_SUMMARY_LENGTH) this.#isFull = true;
    else this.#summary += separator + this.#text.slice(start, end);
  }

  #open(): void {
    const isJoined = this.#expects === 'target' && this.#scope.isList;
    if (!isJoined) this.#expects = 'nothing';
    this.#outer.push(this.#scope);
    this.#scope = scopeOf({ isList: isJoined, mayBegin: BEFORE_NESTED.has(this.#last) });
  }

  #close(): void {
    this.#scope = this.#outer.pop() ?? this.#scope;
    this.#expects = 'nothing';
  }

  #restart(): void {
    this.#scope = scopeOf({ mayBegin: true });
    this.#outer = [];
    this.#expects = 'nothing';
    this.#isOver = false;
  }
}
