/**
 * `key=value,key=value` texts: OTLP headers and resource attributes. Pure; never throws.
 */

/** One entry of the list that cannot be used. */
export interface BadEntry {
  /** Position in the text, from 1. */
  readonly position: number;
  /** Decoded key when there is one. */
  readonly key: string | undefined;
  /** The entry as written. */
  readonly text: string;
  readonly reason: string;
}

export interface KeyValues {
  readonly entries: ReadonlyMap<string, string>;
  readonly bad: readonly BadEntry[];
}

export interface KeyValueRules {
  /** Says why an entry is refused; undefined accepts it. Receives the decoded key and value. */
  check(key: string, value: string, rawValue: string): string | undefined;
  /** Cuts what may follow the value in this kind of list. */
  valueOf(text: string): string;
}

/** Splits at `,`, each entry at its first `=`; trims and percent-decodes both sides. Empty entries are skipped. */
export function parseKeyValues(text: string, rules: KeyValueRules): KeyValues {
  const entries = new Map<string, string>();
  const bad: BadEntry[] = [];
  for (const [index, entry] of text.split(',').entries()) {
    if (entry.trim() === '') continue;
    const result = parseEntry(entry, rules);
    if ('reason' in result) bad.push({ position: index + 1, text: entry.trim(), ...result });
    else entries.set(result.key, result.value);
  }
  return { entries, bad };
}

function parseEntry(
  entry: string,
  rules: KeyValueRules,
): { key: string; value: string } | { key: string | undefined; reason: string } {
  const separator = entry.indexOf('=');
  if (separator === -1) return { key: undefined, reason: 'has no "="' };
  const key = decode(entry.slice(0, separator).trim());
  if (key === undefined) return { key, reason: 'has a name with a "%" that is not followed by two hexadecimal digits' };
  if (key === '') return { key: undefined, reason: 'has no name before "="' };
  const rawValue = entry.slice(separator + 1).trim();
  const value = decode(rules.valueOf(rawValue).trim());
  if (value === undefined) return { key, reason: 'has a value in which "%" is not part of a percent-encoding' };
  const reason = rules.check(key, value, rawValue);
  return reason === undefined ? { key, value } : { key, reason };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
