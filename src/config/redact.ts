/**
 * What of a user's text may appear in a message. Imports nothing.
 */

const MAX_QUOTED_LENGTH = 120;
const MAX_REASONS = 5;
/** What JSON leaves unescaped and a terminal obeys: C1 controls, line separators, changes of direction. */
const INVISIBLE = /[\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g;

/** The text in double quotes on one line: control characters escaped, cut to 120 characters. */
export function quote(text: string): string {
  const json = JSON.stringify(shorten(text, MAX_QUOTED_LENGTH));
  return json.replace(INVISIBLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The text cut to a length, with `…` in place of the rest. */
export function shorten(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

/**
 * A URL, or what was meant as one, without credentials, query and fragment. Takes everything before the last `@` for
 * credentials: a password with an unencoded `/` makes a text that no URL parser understands. Never throws.
 */
export function redactUrl(url: string): string {
  const text = url.trim();
  const afterCredentials = text.lastIndexOf('@') + 1;
  const scheme = afterCredentials === 0 ? '' : (/^[a-z][a-z0-9+.-]*:\/\//i.exec(text)?.[0] ?? '');
  const rest = text.slice(afterCredentials);
  const end = rest.search(/[?#]/);
  const shown = end === -1 ? rest : `${rest.slice(0, end)}?***`;
  return shorten(afterCredentials === 0 ? shown : `${scheme}***@${shown}`, MAX_QUOTED_LENGTH);
}

/** Reasons as one text; of many only the first five, so that a message stays a line. */
export function joinReasons(reasons: readonly string[]): string {
  const shown = reasons.slice(0, MAX_REASONS);
  const more = reasons.length - shown.length;
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ');
}
