/**
 * Masks what must not leave the process: secrets in URLs and in captured headers. Works in place, so that what is not
 * secret stays as it was sent. Pure; imports nothing.
 */

export const REDACTED = 'REDACTED';

/** Spec: semantic-conventions 1.44 `url.full`, with the two keys that earlier and later versions list as well. */
const SENSITIVE_QUERY_KEYS = [
  'AWSAccessKeyId',
  'Signature',
  'sig',
  'X-Amz-Credential',
  'X-Amz-Security-Token',
  'X-Amz-Signature',
  'X-Goog-Signature',
];

/** Captured only as `REDACTED`, also when a variable names them. */
const SENSITIVE_HEADERS = new Set(['authorization', 'cookie', 'proxy-authorization', 'set-cookie']);

const CREDENTIALS = /^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i;

/** Returns the query (without `?`) with the values of sensitive keys replaced. Never throws. */
export type QueryRedactor = (query: string) => string;

function decodeKey(key: string): string {
  if (!key.includes('%')) return key;
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** Keys are matched with their case, as the specification asks. */
export function createQueryRedactor(additionalKeys: readonly string[] = []): QueryRedactor {
  const sensitive = new Set([...SENSITIVE_QUERY_KEYS, ...additionalKeys]);
  return (query) => {
    let redacted = '';
    let copied = 0;
    for (let start = 0; start < query.length; ) {
      const next = query.indexOf('&', start);
      const end = next === -1 ? query.length : next;
      const equals = query.indexOf('=', start);
      if (equals !== -1 && equals < end && sensitive.has(decodeKey(query.slice(start, equals)))) {
        redacted += query.slice(copied, equals + 1) + REDACTED;
        copied = end;
      }
      start = end + 1;
    }
    return copied === 0 ? query : redacted + query.slice(copied);
  };
}

/** A path with its query, or a whole URL, with credentials and sensitive query values masked. */
export function redactUrl(url: string, redactQuery: QueryRedactor): string {
  const withoutCredentials = url.includes('@') ? url.replace(CREDENTIALS, `$1${REDACTED}:${REDACTED}@`) : url;
  const question = withoutCredentials.indexOf('?') + 1;
  if (question === 0) return withoutCredentials;
  const hash = withoutCredentials.indexOf('#', question);
  const end = hash === -1 ? withoutCredentials.length : hash;
  const query = withoutCredentials.slice(question, end);
  return withoutCredentials.slice(0, question) + redactQuery(query) + withoutCredentials.slice(end);
}

/** True when this header (lower-case name) is recorded as `REDACTED` only. */
export function isSensitiveHeader(name: string): boolean {
  return SENSITIVE_HEADERS.has(name);
}
