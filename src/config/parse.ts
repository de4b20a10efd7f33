/**
 * Text of a variable -> typed value, or the reason why not. The text is trimmed and not empty. Pure; never throws.
 *
 * Spec: configuration/sdk-environment-variables.md and configuration/common.md, "Parsing Environment Variables".
 */
import { nearest } from './suggest.js';

const MAX_INTEGER = 2 ** 31 - 1;

export type Parsed<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

const accept = <T>(value: T): Parsed<T> => ({ ok: true, value });
const reject = (reason: string): Parsed<never> => ({ ok: false, reason });

/** Only `true` and `false`, in any case. */
export function parseBoolean(text: string): Parsed<boolean> {
  const lower = text.toLowerCase();
  if (lower === 'true') return accept(true);
  if (lower === 'false') return accept(false);
  return reject('is neither true nor false');
}

/** Decimal digits only, from `minimum` to 2^31-1. */
export function parseInteger(text: string, minimum = 0): Parsed<number> {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= MAX_INTEGER) return accept(value);
  return reject(`is not a whole number from ${minimum} to ${MAX_INTEGER}`);
}

/** Milliseconds, written without a unit. */
export function parseDuration(text: string): Parsed<number> {
  const parsed = parseInteger(text);
  return parsed.ok ? parsed : reject(`is not a whole number of milliseconds from 0 to ${MAX_INTEGER}, without unit`);
}

/** Milliseconds; 0 means no limit and gives `Infinity`. */
export function parseTimeout(text: string): Parsed<number> {
  const parsed = parseDuration(text);
  return parsed.ok && parsed.value === 0 ? accept(Number.POSITIVE_INFINITY) : parsed;
}

/** A decimal number from 0 to 1. */
export function parseRatio(text: string): Parsed<number> {
  const value = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return value >= 0 && value <= 1 ? accept(value) : reject('is not a number from 0 to 1');
}

/** One of the words, in any case; `spellings` maps further words (lower case) to one of them. */
export function parseWord(
  text: string,
  allowed: readonly string[],
  spellings: Readonly<Record<string, string>> = {},
): Parsed<string> {
  const lower = text.toLowerCase();
  const word = Object.hasOwn(spellings, lower) ? spellings[lower] : lower;
  if (word !== undefined && allowed.includes(word)) return accept(word);
  const suggestion = nearest(lower, allowed);
  if (suggestion !== undefined) return reject(`is not known (did you mean ${suggestion}?)`);
  return reject(`is not one of ${allowed.join(', ')}`);
}

/** Comma separated, trimmed, without empty elements and repetitions. */
export function parseList(text: string): string[] {
  const elements = text.split(',').map((element) => element.trim());
  return [...new Set(elements)].filter((element) => element !== '');
}
