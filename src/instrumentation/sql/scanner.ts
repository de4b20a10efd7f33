/**
 * Where the parts of an SQL text end: quoted strings, comments, numbers, words. Knows what PostgreSQL, MySQL, SQLite and Oracle
 * lex differently. Pure; each function looks at each character once and never throws.
 */

/** SQLite has names in double quotes, as PostgreSQL has: libraries build it without the text that MySQL takes them for. */
export type Dialect = 'postgresql' | 'mysql' | 'sqlite' | 'oracle.db';

export const SPACE = 0;
export const WORD = 1;
export const DIGIT = 2;
export const OTHER = 3;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const BLANK = 32;
export const BANG = 33;
export const DOUBLE_QUOTE = 34;
export const HASH = 35;
export const DOLLAR = 36;
export const QUOTE = 39;
export const PLUS = 43;
export const DASH = 45;
export const DOT = 46;
export const SLASH = 47;
export const STAR = 42;
export const COLON = 58;
const UPPER_E = 69;
const UPPER_M = 77;
const BACKSLASH = 92;
const UNDERSCORE = 95;
export const BACKTICK = 96;
const LOWER_E = 101;

const CLASSES = new Uint8Array(128).fill(OTHER);
for (let code = 0; code <= BLANK; code++) CLASSES[code] = SPACE;
for (let code = 48; code <= 57; code++) CLASSES[code] = DIGIT;
for (let code = 65; code <= 90; code++) CLASSES[code] = CLASSES[code + 32] = WORD;
CLASSES[UNDERSCORE] = WORD;

/** What a token that starts with this character is. Everything beyond ASCII belongs to words, as in both databases. */
export function classOf(code: number): number {
  // NaN is what charCodeAt gives beyond the end.
  return code >= 128 ? WORD : (CLASSES[code] ?? OTHER);
}

/** The quote of names with blanks or capitals in them. */
export function nameQuoteOf(dialect: Dialect): number {
  return dialect === 'mysql' ? BACKTICK : DOUBLE_QUOTE;
}

function isWordPart(code: number): boolean {
  const kind = classOf(code);
  return kind === WORD || kind === DIGIT || code === DOLLAR;
}

/** Index after the word that starts at `start`. */
export function endOfWord(text: string, start: number): number {
  let index = start + 1;
  while (index < text.length && isWordPart(text.charCodeAt(index))) index++;
  return index;
}

/** Index after the digits that start at `start`. */
export function endOfDigits(text: string, start: number): number {
  let index = start;
  while (classOf(text.charCodeAt(index)) === DIGIT) index++;
  return index;
}

function isExponentSign(text: string, index: number): boolean {
  const before = text.charCodeAt(index - 1);
  return (before === LOWER_E || before === UPPER_E) && classOf(text.charCodeAt(index + 1)) === DIGIT;
}

/** Index after a number in any notation (`12`, `1.5e-3`, `0xFF`, `1_000`), and after a word that starts with digits. */
export function endOfNumber(text: string, start: number): number {
  let isDecimal = true;
  let index = start;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    const kind = classOf(code);
    if (kind === DIGIT || code === DOT) continue;
    if (code === DASH || code === PLUS) {
      if (isDecimal && isExponentSign(text, index)) continue;
      break;
    }
    if (kind !== WORD) break;
    if (code !== LOWER_E && code !== UPPER_E) isDecimal = false;
  }
  return index;
}

/** Index after the closing quote (a doubled one belongs to the inside), or -1 when there is none. */
export function endOfQuoted(text: string, start: number, quote: number, hasEscapes: boolean): number {
  for (let index = start + 1; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === BACKSLASH && hasEscapes) index++;
    else if (code === quote) {
      if (text.charCodeAt(index + 1) !== quote) return index + 1;
      index++;
    }
  }
  return -1;
}

function endOfLine(text: string, start: number, dialect: Dialect): number {
  for (let index = start; index < text.length; index++) {
    const code = text.charCodeAt(index);
    // MySQL goes on after a carriage return.
    if (code === LINE_FEED || (code === CARRIAGE_RETURN && dialect === 'postgresql')) return index;
  }
  return text.length;
}

/** Index after a block comment. PostgreSQL nests them. */
function endOfBlock(text: string, start: number, isNesting: boolean): number {
  let depth = 1;
  for (let index = start + 2; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === STAR && text.charCodeAt(index + 1) === SLASH) {
      index++;
      if (--depth === 0) return index + 1;
    } else if (isNesting && code === SLASH && text.charCodeAt(index + 1) === STAR) {
      depth++;
      index++;
    }
  }
  return text.length;
}

/** Index after the comment that starts at `start`, which is `start` when none does. */
export function endOfComment(text: string, start: number, dialect: Dialect): number {
  const code = text.charCodeAt(start);
  const next = text.charCodeAt(start + 1);
  if (code === SLASH && next === STAR) return endOfBlock(text, start, dialect === 'postgresql');
  if (code === DASH && next === DASH) {
    // MySQL: `5--3` is arithmetic.
    const isComment = dialect !== 'mysql' || start + 2 >= text.length || classOf(text.charCodeAt(start + 2)) === SPACE;
    return isComment ? endOfLine(text, start, dialect) : start;
  }
  return code === HASH && dialect === 'mysql' ? endOfLine(text, start, dialect) : start;
}

/**
 * MySQL runs the inside of `/*!` and `/*M!`, or not, by its version: with a quote in it nobody but the server knows
 * what is text and what is SQL from there on.
 */
export function isUnclear(text: string, start: number, end: number): boolean {
  const mark = start + (text.charCodeAt(start + 2) === UPPER_M ? 3 : 2);
  if (text.charCodeAt(mark) !== BANG) return false;
  for (let index = mark; index < end; index++) {
    const code = text.charCodeAt(index);
    if (code === QUOTE || code === DOUBLE_QUOTE || code === BACKTICK) return true;
  }
  return false;
}

/** PostgreSQL: the index after `$tag$...$tag$`, or `start` when no such quote starts there. */
export function endOfDollarQuoted(text: string, start: number): number {
  let index = start + 1;
  while (text.charCodeAt(index) !== DOLLAR) {
    const kind = classOf(text.charCodeAt(index));
    if (kind !== WORD && (kind !== DIGIT || index === start + 1)) return start;
    index++;
  }
  const tag = text.slice(start, index + 1);
  const close = text.indexOf(tag, index + 1);
  return close === -1 ? text.length : close + tag.length;
}

/** What closes a text that one of these opens; everything else closes itself. */
const CLOSING: Readonly<Record<string, string>> = { '[': ']', '{': '}', '<': '>', '(': ')' };

/** Oracle: the index after `q'[...]'`, or -1; `quote` is the index of its first quote. */
export function endOfAlternativeQuoted(text: string, quote: number): number {
  const opening = text.charAt(quote + 1);
  const close = opening === '' ? -1 : text.indexOf(`${CLOSING[opening] ?? opening}'`, quote + 2);
  return close === -1 ? -1 : close + 2;
}

/**
 * PostgreSQL: a string goes on after a line's end, by the same rules for escapes, also behind a line comment. Returns
 * the index of the quote that continues it, or -1.
 */
function continuationOf(text: string, end: number): number {
  let hasLineEnd = false;
  for (let index = end; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === LINE_FEED || code === CARRIAGE_RETURN) hasLineEnd = true;
    else if (code === DASH && text.charCodeAt(index + 1) === DASH) index = endOfLine(text, index, 'postgresql') - 1;
    else if (classOf(code) !== SPACE) return code === QUOTE && hasLineEnd ? index : -1;
  }
  return -1;
}

/** PostgreSQL: index after `E'...'` with all that continues it, or -1; `quote` is the index of its first quote. */
export function endOfEscapeString(text: string, quote: number): number {
  let end = endOfQuoted(text, quote, QUOTE, true);
  while (end !== -1) {
    const next = continuationOf(text, end);
    if (next === -1) return end;
    end = endOfQuoted(text, next, QUOTE, true);
  }
  return end;
}
