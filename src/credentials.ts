/** User names and passwords in URLs. Loads nothing. */

const ESCAPES = /(?:%[0-9a-fA-F]{2})+|%/g;

function escapeUnlessDecodable(escapes: string): string {
  try {
    decodeURIComponent(escapes);
    return escapes;
  } catch {
    return escapes.replaceAll('%', '%25');
  }
}

/**
 * Escapes, in place, a `%` that starts no escape of UTF-8 text: URL takes it as it stands, and what decodes the credentials
 * for a request throws. Returns whether there was one.
 */
export function escapeCredentials(url: URL): boolean {
  if (!url.href.includes('%')) return false;
  const username = url.username.replace(ESCAPES, escapeUnlessDecodable);
  const password = url.password.replace(ESCAPES, escapeUnlessDecodable);
  if (username === url.username && password === url.password) return false;
  url.username = username;
  url.password = password;
  return true;
}
