/**
 * The meaning of a finished gRPC call. Worker; loads nothing. Spec: gRPC PROTOCOL-HTTP2 ("Responses"), otlp "Failures"
 * for which codes may be retried, google/rpc/error_details.proto for RetryInfo.
 */
import type { IncomingHttpHeaders } from 'node:http2';
import { GRPC_CODES } from '../grpc-codes.js';
import type { Failure, FailureClass } from '../pipeline/protocol.js';
import { scrub } from './failure.js';
import type { Outcome } from './outcome.js';
import { readFields } from './protobuf-reader.js';

export const GRPC_OK = 0;
const UNKNOWN = 2;
const RESOURCE_EXHAUSTED = 8;

type GrpcCodeName = (typeof GRPC_CODES)[number];

/** RESOURCE_EXHAUSTED joins these only when the server sends RetryInfo. */
const RETRYABLE: ReadonlySet<string> = new Set<GrpcCodeName>([
  'CANCELLED',
  'DEADLINE_EXCEEDED',
  'ABORTED',
  'OUT_OF_RANGE',
  'UNAVAILABLE',
  'DATA_LOSS',
]);

const CLASSES: Readonly<Partial<Record<GrpcCodeName, FailureClass>>> = {
  DEADLINE_EXCEEDED: 'timeout',
  RESOURCE_EXHAUSTED: 'overloaded',
  UNAVAILABLE: 'overloaded',
  UNAUTHENTICATED: 'unauthorized',
  PERMISSION_DENIED: 'unauthorized',
  UNIMPLEMENTED: 'not_found',
  NOT_FOUND: 'not_found',
  INVALID_ARGUMENT: 'bad_request',
};

/** HTTP statuses of answers that are not gRPC, as the gRPC specification maps them. */
const CODE_BY_HTTP_STATUS: Readonly<Record<number, number>> = {
  400: 13,
  401: 16,
  403: 7,
  404: 12,
  429: 14,
  502: 14,
  503: 14,
  504: 14,
};

/** Headers that ended the call: a trailer block, or the only header block of a call without content. */
export interface GrpcStatus {
  readonly code: number;
  readonly message: string;
  /** From google.rpc.RetryInfo; undefined when the server sent none. */
  readonly retryAfterMillis: number | undefined;
  /** Set when the answer was not of grpc. */
  readonly httpStatus?: number;
}

function percentDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function one(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** RetryInfo { 1: Duration { 1: seconds, 2: nanos } } */
function readRetryInfo(message: Buffer): number {
  let millis = 0;
  for (const outer of readFields(message)) {
    if (outer.number !== 1 || outer.wire !== 'bytes') continue;
    for (const field of readFields(outer.value)) {
      if (field.wire !== 'varint') continue;
      const value = Number(BigInt.asIntN(64, field.value));
      if (field.number === 1) millis += value * 1000;
      if (field.number === 2) millis += value / 1e6;
    }
  }
  return Math.max(0, millis);
}

/** Any { 1: type_url, 2: value } */
function readAny(message: Buffer): { type: string; value: Buffer } {
  let type = '';
  let value: Buffer = Buffer.alloc(0);
  for (const field of readFields(message)) {
    if (field.wire !== 'bytes') continue;
    if (field.number === 1) type = field.value.toString();
    if (field.number === 2) value = field.value;
  }
  return { type, value };
}

/** google.rpc.Status { 3: details } in base64; undefined without RetryInfo or when it makes no sense. */
function retryDelay(details: string | undefined): number | undefined {
  if (details === undefined) return undefined;
  try {
    for (const field of readFields(Buffer.from(details, 'base64'))) {
      if (field.number !== 3 || field.wire !== 'bytes') continue;
      const { type, value } = readAny(field.value);
      if (type.endsWith('/google.rpc.RetryInfo')) return readRetryInfo(value);
    }
  } catch {
    // Broken details say as much as none.
  }
  return undefined;
}

/** The status in a header block, undefined when it holds none. */
export function readGrpcStatus(headers: IncomingHttpHeaders): GrpcStatus | undefined {
  const text = one(headers['grpc-status']);
  if (text === undefined) return undefined;
  const code = /^\d+$/.test(text) ? Number(text) : UNKNOWN;
  const message = percentDecode(one(headers['grpc-message']) ?? '');
  return { code, message, retryAfterMillis: retryDelay(one(headers['grpc-status-details-bin'])) };
}

/** The status of an answer without grpc-status: something else than a gRPC server spoke. */
export function statusOfHttp(httpStatus: number, contentType: string): GrpcStatus {
  const code = CODE_BY_HTTP_STATUS[httpStatus] ?? UNKNOWN;
  const kind = contentType === '' ? 'no content type' : contentType;
  const message = `HTTP ${httpStatus}, ${kind}, without grpc-status`;
  return { code, message, retryAfterMillis: undefined, httpStatus };
}

/** Statuses with which gateways and proxies speak for a grpc server; any other comes from something else. */
function isOfGateway(httpStatus: number): boolean {
  return httpStatus === 401 || httpStatus === 403 || httpStatus === 429 || httpStatus >= 500;
}

function classOf(status: GrpcStatus, name: string): FailureClass {
  if (status.httpStatus !== undefined && !isOfGateway(status.httpStatus)) return 'wrong_protocol';
  return CLASSES[name as GrpcCodeName] ?? 'server_error';
}

/** What a status other than OK means for the request. */
export function outcomeOfStatus(status: GrpcStatus, secrets: readonly string[]): Outcome {
  const name = GRPC_CODES[status.code] ?? `code ${status.code}`;
  const message = scrub(status.message, secrets);
  const failure: Failure = {
    failureClass: classOf(status, name),
    detail: `gRPC ${name}${message === '' ? '' : ` (${message})`}`,
  };
  const { retryAfterMillis } = status;
  const mayRetry = RETRYABLE.has(name) || (status.code === RESOURCE_EXHAUSTED && retryAfterMillis !== undefined);
  if (!mayRetry) return { kind: 'failed', failure, dropReason: 'collector_rejected' };
  return { kind: 'retryable', failure, retryAfterMillis, hasAnswered: true };
}
