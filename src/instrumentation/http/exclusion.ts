/**
 * Which requests are not to be traced, with everything below them: patterns of paths and URLs, and Kubernetes probes.
 * Compiled once; asking costs a set lookup and at most one regular expression.
 *
 *   /healthz              this path
 *   /ready*               paths that start so; `*` stands for anything
 *   ^/metrics$            a regular expression: what starts with `^` or ends with `$`
 *   https://a.example/*   with a scheme: the whole URL, for outgoing requests
 */

/** Settings of which requests are left out; all absent = none. */
export interface Exclusions {
  readonly excludedIncomingUrls?: readonly string[];
  readonly excludedOutgoingUrls?: readonly string[];
  /** Requests of the kubelet: `User-Agent: kube-probe/...`. */
  readonly isProbeExcluded?: boolean;
}

/** True for a path (with or without its query) or a whole URL that matches. */
export type UrlFilter = (target: string) => boolean;

const SPECIAL = /[.+?^${}()|[\]\\]/g;

function isExpression(pattern: string): boolean {
  return pattern.startsWith('^') || pattern.endsWith('$');
}

function toSource(pattern: string): string {
  if (isExpression(pattern)) return `(?:${pattern})`;
  return `^${pattern.replace(SPECIAL, '\\$&').replaceAll('*', '.*')}$`;
}

function withoutQuery(target: string): string {
  const question = target.indexOf('?');
  return question === -1 ? target : target.slice(0, question);
}

/** The path in a whole URL; the text itself when it is none. */
function pathOf(target: string): string {
  const authority = target.indexOf('://');
  if (authority === -1) return target;
  const path = target.indexOf('/', authority + 3);
  return path === -1 ? '/' : target.slice(path);
}

function isValid(source: string): boolean {
  try {
    return new RegExp(source) !== undefined;
  } catch {
    return false;
  }
}

/**
 * Undefined for no patterns, so that asking costs nothing. A pattern that is no regular expression is left out: the
 * configuration reports it.
 */
export function createUrlFilter(patterns: readonly string[] = []): UrlFilter | undefined {
  const exact = new Set(patterns.filter((pattern) => !isExpression(pattern) && !pattern.includes('*')));
  const others = patterns
    .filter((pattern) => !exact.has(pattern))
    .map(toSource)
    .filter(isValid);
  if (exact.size === 0 && others.length === 0) return undefined;
  const expression = others.length === 0 ? undefined : new RegExp(others.join('|'));
  return (target) => {
    const plain = withoutQuery(target);
    const path = pathOf(plain);
    if (exact.has(path) || exact.has(plain)) return true;
    return expression !== undefined && (expression.test(path) || (path !== plain && expression.test(plain)));
  };
}

const PROBE = 'kube-probe/';

/** What the decision looks at. Node.js makes `headers` when they are first asked for. */
interface IncomingRequest {
  readonly url?: string | undefined;
  readonly headers: { readonly 'user-agent'?: string | undefined };
}

/** Decides about an incoming request; undefined when none is excluded. */
export type IncomingFilter = (request: IncomingRequest) => boolean;

export function createIncomingFilter({
  excludedIncomingUrls,
  isProbeExcluded,
}: Exclusions): IncomingFilter | undefined {
  const isExcluded = createUrlFilter(excludedIncomingUrls);
  if (isProbeExcluded === true) {
    return ({ url = '', headers }) => isExcluded?.(url) === true || headers['user-agent']?.startsWith(PROBE) === true;
  }
  return isExcluded && (({ url = '' }) => isExcluded(url));
}
