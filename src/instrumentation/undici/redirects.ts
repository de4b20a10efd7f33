/**
 * Numbers the requests that follow redirects, which undici and fetch send by themselves. A request is one when it goes, in
 * the same trace, to where the last redirect has led. Costs nothing before there is a redirect.
 * Spec: semantic-conventions 1.44, HTTP client span, `http.request.resend_count`.
 */
import { type Context, type Span, trace } from '@opentelemetry/api';
import { createTie } from '../operation.js';
import { urlOf } from './attributes.js';
import { readHeader, type UndiciRequest, type UndiciResponse } from './request.js';

interface Redirect {
  readonly traceId: string;
  readonly url: string;
  /** Of the request that follows it. */
  readonly count: number;
}

/** It is followed before another response is read. */
let last: Redirect | undefined;

/** Those of requests that followed one. */
const counts = createTie<number>();

const STATUSES = new Set([301, 302, 303, 307, 308]);

export function noteRedirect(request: UndiciRequest, response: UndiciResponse, span: Span): void {
  if (!STATUSES.has(response.statusCode)) return;
  const url = urlOf(request);
  const location = [readHeader(response.headers, 'location')].flat()[0];
  if (location === undefined || !URL.canParse(String(location), url)) return;
  const { origin, pathname, search } = new URL(String(location), url);
  const count = (counts.get(request) ?? 0) + 1;
  last = { traceId: span.spanContext().traceId, url: origin + pathname + search, count };
}

/** How often the request has been sent before; undefined for never. Without a parent each attempt is a trace. */
export function resendCountOf(request: UndiciRequest, parent: Context): number | undefined {
  if (last === undefined) return undefined;
  const { traceId, count } = last;
  const caller = trace.getSpanContext(parent);
  if (last.url !== urlOf(request) || (caller !== undefined && caller.traceId !== traceId)) return undefined;
  last = undefined;
  counts.set(request, count);
  return count;
}
