/**
 * What of a user's text may appear in a message. Imports nothing.
 */

const MAX_QUOTED_LENGTH = 120;
const MAX_REASONS = 5;

/** The text in double quotes on one line: control characters escaped, cut to 120 characters. */
export function quote(text: string): string {
  const shown = text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
  return JSON.stringify(shown);
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
  return afterCredentials === 0 ? shown : `${scheme}***@${shown}`;
}

/** Reasons as one text; of many only the first five, so that a message stays a line. */
export function joinReasons(reasons: readonly string[]): string {
  const shown = reasons.slice(0, MAX_REASONS);
  const more = reasons.length - shown.length;
  return more > 0 ? `${shown.join('; ')}; and ${more} more` : shown.join('; ');
}
