/** Texts of route templates. Spec: semantic-conventions 1.44, `http.route`: as declared, with the prefix of its mount. */

/** What express, router and koa-route take as a path. */
export type DeclaredPath = string | RegExp | readonly DeclaredPath[];

/** A template below a prefix: one slash between the two, none at the end that nobody declared. */
export function joinTemplate(prefix: string, path: string): string {
  if (prefix === '') return path;
  if (path === '/') return prefix;
  return prefix.endsWith('/') && path.startsWith('/') ? prefix.slice(0, -1) + path : prefix + path;
}

/** The template of a mount: `/` adds nothing, and a slash at the end means nothing. */
export function mountTemplate(path: unknown): string {
  const text = String(path);
  return typeof path === 'string' && text.endsWith('/') ? text.slice(0, -1) : text;
}

/** The path of a request target: without its query, and without the host of an absolute one. */
export function pathOf(target: string): string {
  const question = target.indexOf('?');
  const path = question === -1 ? target : target.slice(0, question);
  if (path.startsWith('/')) return path;
  const authority = path.indexOf('://');
  const start = authority === -1 ? -1 : path.indexOf('/', authority + 3);
  return start === -1 ? path : path.slice(start);
}
