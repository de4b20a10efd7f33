/**
 * SQL commenter: the trace context of a query as a comment behind its text, so that what the server logs and shows of a
 * query leads to its trace. Pure.
 *
 * Spec: sqlcommenter; the values are those of W3C Trace Context, whatever OTEL_PROPAGATORS says.
 */
import type { SpanContext } from '@opentelemetry/api';
import type { Dialect } from './scanner.js';

/** A literal may look like one; such a text just gets none. */
const COMMENT: Readonly<Record<Dialect, RegExp>> = {
  postgresql: /--|\/\*/,
  mysql: /--|\/\*|#/,
  sqlite: /--|\/\*/,
  'oracle.db': /--|\/\*/,
};

/** Percent-encoding of RFC 3986: `encodeURIComponent` leaves marks that would end the value or the comment. */
function encode(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

function commentFor({ traceId, spanId, traceFlags, traceState }: SpanContext): string {
  const flags = traceFlags.toString(16).padStart(2, '0');
  const state = traceState?.serialize() ?? '';
  return `/*traceparent='00-${traceId}-${spanId}-${flags}'${state === '' ? '' : `,tracestate='${encode(state)}'`}*/`;
}

/** Where the last statement ends: behind its semicolon a comment would be a statement of its own to MySQL. */
function endOfStatement(text: string): number {
  let end = text.length;
  while (end > 0 && (text[end - 1] === ';' || (text[end - 1] as string).trim() === '')) end--;
  return end;
}

/** The text with the comment; as it is when it is empty or has a comment already. */
export function addTraceComment(text: string, dialect: Dialect, span: SpanContext): string {
  const end = endOfStatement(text);
  if (end === 0 || COMMENT[dialect].test(text)) return text;
  return `${text.slice(0, end)} ${commentFor(span)}${text.slice(end)}`;
}
