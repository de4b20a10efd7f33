/** How a call ended, on its span. Spec: semantic-conventions 1.44, gRPC: which codes are errors differs by side. */
import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { GRPC_CODES } from '../../grpc-codes.js';
import { ERROR_TYPE, RPC_RESPONSE_STATUS_CODE } from '../semconv.js';

export const OK = 0;
export const CANCELLED = 1;

/** The codes that tell of a fault of the server; the others tell the client of one of its own. */
const SERVER_ERRORS = new Set([2, 4, 12, 13, 14, 15]);

export function isServerError(code: number): boolean {
  return SERVER_ERRORS.has(code);
}

/** Every code but OK, those which the client makes itself (no connection, cancelled) included. */
export function isClientError(code: number): boolean {
  return code !== OK;
}

/** Sets the status code; with `isError` the span has failed for the reason that gRPC calls the details. */
export function recordStatus(span: Span, code: number, isError: boolean, details: string | undefined): void {
  const name = GRPC_CODES[code] ?? String(code);
  span.setAttribute(RPC_RESPONSE_STATUS_CODE, name);
  if (!isError) return;
  span.setAttribute(ERROR_TYPE, name);
  span.setStatus(details ? { code: SpanStatusCode.ERROR, message: details } : { code: SpanStatusCode.ERROR });
}
