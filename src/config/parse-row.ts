/**
 * Parses a text by what its row of the table says. Pure; never throws.
 */
import { type Parsed, parseBoolean, parseDuration, parseInteger, parseList, parseTimeout, parseWord } from './parse.js';
import { joinReasons, quote } from './redact.js';
import type { Variable } from './variable.js';

/** Why a word of a list is not used as it is, and the word that stands in for it. */
export type ExplainWord = (word: string) => { readonly reason: string; readonly use?: string } | undefined;

type WordListRow = Extract<Variable, { type: 'enum list' }>;

/** The typed value of a text, or why it has none. Types without rules of their own accept every text. */
export function parseByRow(row: Variable, text: string): Parsed<unknown> {
  switch (row.type) {
    case 'boolean':
      return parseBoolean(text);
    case 'integer':
      return parseInteger(text, row.minimum);
    case 'duration':
      return parseDuration(text);
    case 'timeout':
      return parseTimeout(text);
    case 'enum':
      return parseWord(text, row.allowed, row.spellings);
    case 'enum list': {
      const { accepted, reasons } = parseWords(row, text);
      return reasons.length > 0 ? { ok: false, reason: `: ${joinReasons(reasons)}` } : { ok: true, value: accepted };
    }
    default:
      return { ok: true, value: text };
  }
}

/** The words of a list that can be used, de-duplicated in order, and a reason for each of the others. */
export function parseWords(
  row: WordListRow,
  text: string,
  explain?: ExplainWord,
): { readonly accepted: readonly string[]; readonly reasons: readonly string[] } {
  const accepted = new Set<string>();
  const reasons: string[] = [];
  for (const element of parseList(text)) {
    const problem = explain?.(element.toLowerCase()) ?? explainLater(row, element.toLowerCase());
    if (problem !== undefined) {
      reasons.push(problem.reason);
      if (problem.use !== undefined) accepted.add(problem.use);
      continue;
    }
    const word = parseWord(element, row.allowed, row.spellings);
    if (word.ok) accepted.add(word.value);
    else reasons.push(`${quote(element)} ${word.reason}`);
  }
  return { accepted: [...accepted], reasons };
}

function explainLater(row: WordListRow, word: string): ReturnType<ExplainWord> {
  const later = row.laterValues ?? {};
  if (!Object.hasOwn(later, word)) return undefined;
  return { reason: `${word} is not supported yet`, use: later[word] as string };
}
