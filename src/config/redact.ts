/**
 * What of a user's text may appear in a message. Imports nothing.
 */

const MAX_QUOTED_LENGTH = 120;

/** The text in double quotes on one line: control characters escaped, cut to 120 characters. */
export function quote(text: string): string {
  const shown = text.length > MAX_QUOTED_LENGTH ? `${text.slice(0, MAX_QUOTED_LENGTH)}…` : text;
  return JSON.stringify(shown);
}

/** A URL, or what was meant as one, without its credentials and without the values of its query. Never throws. */
export function redactUrl(url: string): string {
  return url.replace(/^([^/?#]*\/\/|)[^/?#]*@/, '$1***@').replace(/\?[^#]*/, '?***');
}
