/**
 * The rules of the HTTP conventions that hold for every server and client (Spec: semantic-conventions 1.44, http-spans):
 * method names, captured headers, which status code is an error. Shared by http, undici and what comes; loads nothing.
 */
import type { Attributes, Span } from '@opentelemetry/api';
import type { AgentConfig } from '../../config/types.js';
import { failSpanByCode } from '../operation.js';
import { createQueryRedactor, isSensitiveHeader, type QueryRedactor, REDACTED } from '../redact.js';
import {
  HTTP_REQUEST_HEADER_PREFIX,
  HTTP_RESPONSE_HEADER_PREFIX,
  HTTP_RESPONSE_STATUS_CODE,
  OTHER,
} from '../semconv.js';
import {
  createIncomingFilter,
  createUrlFilter,
  type Exclusions,
  type IncomingFilter,
  type UrlFilter,
} from './exclusion.js';

const KNOWN_METHODS = ['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'QUERY', 'TRACE'];

interface CapturedHeader {
  /** Lower case. */
  readonly name: string;
  readonly attribute: string;
}

/** Headers to record; empty unless a variable names some. */
export type HeaderCapture = readonly CapturedHeader[];

interface SideRules<Filter> {
  readonly request: HeaderCapture;
  readonly response: HeaderCapture;
  /** Requests that are not traced, with all below them; undefined = every request is. */
  readonly isExcluded: Filter | undefined;
}

/** The configured rules, computed once per instrumentation. */
export interface HttpRules {
  readonly knownMethods: ReadonlySet<string>;
  readonly redactQuery: QueryRedactor;
  readonly server: SideRules<IncomingFilter>;
  readonly client: SideRules<UrlFilter>;
}

function toCapture(prefix: string, names: readonly string[]): HeaderCapture {
  const distinct = new Set(names.map((name) => name.toLowerCase()));
  return [...distinct].map((name) => ({ name, attribute: prefix + name }));
}

export function createHttpRules(config: AgentConfig['http'] & Exclusions): HttpRules {
  return {
    knownMethods: new Set(config.knownMethods ?? KNOWN_METHODS),
    redactQuery: createQueryRedactor(config.sensitiveQueryParameters),
    server: {
      request: toCapture(HTTP_REQUEST_HEADER_PREFIX, config.serverRequestHeaders),
      response: toCapture(HTTP_RESPONSE_HEADER_PREFIX, config.serverResponseHeaders),
      isExcluded: createIncomingFilter(config),
    },
    client: {
      request: toCapture(HTTP_REQUEST_HEADER_PREFIX, config.clientRequestHeaders),
      response: toCapture(HTTP_RESPONSE_HEADER_PREFIX, config.clientResponseHeaders),
      isExcluded: createUrlFilter(config.excludedOutgoingUrls),
    },
  };
}

/** The value of `http.request.method`. The match is exact, as the convention asks. */
export function methodAttribute(rules: HttpRules, method: string): string {
  return rules.knownMethods.has(method) ? method : OTHER;
}

/** The method as it appears in a span name. */
export function methodInName(rules: HttpRules, method: string): string {
  return rules.knownMethods.has(method) ? method : 'HTTP';
}

function toStrings(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [String(value)];
}

/** Reads the headers to capture into attributes; `read` gets lower-case names. */
export function captureHeaders(capture: HeaderCapture, read: (name: string) => unknown): Attributes {
  const attributes: Attributes = {};
  for (const { name, attribute } of capture) {
    const value = read(name);
    if (value === undefined || value === null) continue;
    attributes[attribute] = isSensitiveHeader(name) ? [REDACTED] : toStrings(value);
  }
  return attributes;
}

/** Status code of a response that a client received: from 400 on the call has failed. */
export function recordClientStatus(span: Span, statusCode: number): void {
  span.setAttribute(HTTP_RESPONSE_STATUS_CODE, statusCode);
  if (statusCode >= 400) failSpanByCode(span, String(statusCode));
}

/** True for a cancellation by the caller, which is no failure; a timeout that cancels is one. */
export function isCancellation(error: unknown): boolean {
  const { name, cause } = (error ?? {}) as { name?: unknown; cause?: { name?: unknown } };
  return name === 'AbortError' && cause?.name !== 'TimeoutError';
}
