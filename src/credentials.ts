/** User names and passwords in URLs. Loads nothing. */

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function escapeWord(word: string): string {
  if (isDecodable(word)) return word;
  const escaped = word.replace(/%(?![0-9a-fA-F]{2})/g, '%25');
  return isDecodable(escaped) ? escaped : word.replaceAll('%', '%25');
}

/**
 * Escapes a `%` that starts no escape, in place: URL takes it as it stands, and what decodes the credentials for a request
 * throws. Returns whether there was one.
 */
export function escapeCredentials(url: URL): boolean {
  const username = escapeWord(url.username);
  const password = escapeWord(url.password);
  if (username === url.username && password === url.password) return false;
  url.username = username;
  url.password = password;
  return true;
}
