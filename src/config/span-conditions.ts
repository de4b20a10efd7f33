/**
 * Conditions on spans as a platform team writes them in one line: `method=POST,path=/orders/*`. Pure; never throws.
 *
 *   key=pattern      `*` in a pattern stands for anything
 *   key!=pattern     not that
 *   key=one|other    either of them
 *   key="a,b"        in quotation marks `,` `;` `|` and `->` are text
 *   *                every span
 */
import { quote } from './redact.js';
import { nearest } from './suggest.js';
import type { SpanCondition, SpanKey } from './types.js';

export const SPAN_KEYS = ['path', 'method', 'kind', 'name', 'host', 'parent'] as const;
const KINDS = ['server', 'client', 'producer', 'consumer', 'internal'];
const PARENTS = ['none', 'remote', 'local', 'any'];
/** The values that a key can have; every other key takes any text. */
const CHOICES: Readonly<Record<string, readonly string[]>> = { kind: KINDS, parent: PARENTS };
/** Marks an attribute whose key has no dot. */
const ATTRIBUTE = /^attr:/;

export type ParsedConditions =
  | { readonly conditions: readonly SpanCondition[]; readonly reason?: never }
  | { readonly reason: string };

/** Splits at any of the separators outside of quotation marks; undefined when one of these is not closed. */
export function splitUnquoted(text: string, separators: string): string[] | undefined {
  const parts: string[] = [''];
  let isQuoted = false;
  for (const character of text) {
    if (character === '"') isQuoted = !isQuoted;
    if (!isQuoted && separators.includes(character)) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return isQuoted ? undefined : parts;
}

/** Conditions that must all hold; none for `*`. */
export function parseConditions(text: string): ParsedConditions {
  const parts = splitUnquoted(text, ',');
  if (parts === undefined) return { reason: 'a quotation mark is not closed' };
  const conditions: SpanCondition[] = [];
  for (const part of parts.map((each) => each.trim())) {
    if (part === '*') continue;
    const condition = parseCondition(part);
    if (typeof condition === 'string') return { reason: condition };
    conditions.push(condition);
  }
  return { conditions };
}

function parseCondition(text: string): SpanCondition | string {
  const [, key = '', operator, value = ''] = /^([^=!"]*)(!?=)(.*)$/s.exec(text) ?? [];
  if (operator === undefined) return text === '' ? 'a condition is missing' : `${quote(text)} is not key=value or *`;
  const name = key.trim();
  if (!isSpanKey(name)) return describeKey(name);
  const patterns = (splitUnquoted(value, '|') ?? []).map(unquote);
  if (patterns.includes('')) return `${name} has no value`;
  const choices = CHOICES[name];
  const known = choices === undefined ? asWritten(name, patterns) : patterns.map((pattern) => pattern.toLowerCase());
  const bad = choices && known.find((pattern) => !choices.includes(pattern));
  if (bad !== undefined) return `${name} is none of ${choices?.join(', ')}: ${quote(bad)}`;
  return { key: name.replace(ATTRIBUTE, '') as SpanKey, isNegated: operator === '!=', patterns: known };
}

/** Methods are upper case on the wire. */
function asWritten(name: string, patterns: readonly string[]): readonly string[] {
  return name === 'method' ? patterns.map((pattern) => pattern.toUpperCase()) : patterns;
}

function isSpanKey(name: string): boolean {
  return (SPAN_KEYS as readonly string[]).includes(name) || name.includes('.') || /^attr:./.test(name);
}

function describeKey(name: string): string {
  if (name === '') return 'a condition has no name before "="';
  const suggestion = nearest(name.toLowerCase(), SPAN_KEYS);
  if (suggestion !== undefined) return `${quote(name)} is not known (did you mean ${suggestion}?)`;
  return `${quote(name)} is none of ${SPAN_KEYS.join(', ')}, and no attribute (its key has a dot, or write attr:key)`;
}

function unquote(text: string): string {
  const trimmed = text.trim();
  return /^"[^"]*"$/.test(trimmed) ? trimmed.slice(1, -1) : trimmed;
}
