/**
 * The last guard before a line is written: known secrets and what looks like one are replaced, whoever composed the text.
 * Loads nothing.
 */

const HIDDEN = '***';
/** `//user:password@host` */
const URL_CREDENTIALS = /\/\/[^\s/"'@]*:[^\s"'@]*@/g;
/** `Bearer abc`, `Basic%20abc=` */
const SCHEME_AND_TOKEN = /\b([Bb]earer|[Bb]asic|[Aa]pi[Kk]ey|[Tt]oken)(?: +|%20)[\w+/=.~%-]{6,}/g;

/** One of these is in every text that SCHEME_AND_TOKEN matches, which costs a start more than to look for them. */
const SCHEME_PARTS: readonly string[] = ['earer', 'asic', 'piKey', 'pikey', 'oken'];

/** The text without any of the secrets, without passwords of URLs and without tokens of an Authorization header. */
export function mask(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) {
    if (clean.includes(secret)) clean = clean.replaceAll(secret, HIDDEN);
  }
  if (clean.includes('@')) clean = clean.replace(URL_CREDENTIALS, `//${HIDDEN}@`);
  return SCHEME_PARTS.some((part) => clean.includes(part)) ? clean.replace(SCHEME_AND_TOKEN, `$1 ${HIDDEN}`) : clean;
}
