/**
 * What a collector answers: ExportTraceServiceResponse and google.rpc.Status, in protobuf or JSON. Worker; loads nothing.
 */
import { readFields } from './protobuf-reader.js';

export interface SuccessBody {
  readonly rejectedSpans: number;
  /** Present when something was rejected or the collector warns. */
  readonly message: string | undefined;
}

interface JsonResponse {
  partialSuccess?: { rejectedSpans?: string | number; errorMessage?: string };
}

function success(rejectedSpans: number, errorMessage: string): SuccessBody {
  const rejected = Number.isFinite(rejectedSpans) ? Math.max(0, rejectedSpans) : 0;
  if (rejected > 0) return { rejectedSpans: rejected, message: `rejected ${rejected} spans: ${errorMessage}` };
  return { rejectedSpans: 0, message: errorMessage === '' ? undefined : errorMessage };
}

/** Throws when the body is not an ExportTraceServiceResponse. */
export function readProtobufSuccess(body: Buffer): SuccessBody {
  let rejected = 0;
  let message = '';
  for (const field of readFields(body)) {
    if (field.number !== 1 || field.wire !== 'bytes') continue;
    for (const inner of readFields(field.value)) {
      if (inner.number === 1 && inner.wire === 'varint') rejected = Number(BigInt.asIntN(64, inner.value));
      if (inner.number === 2 && inner.wire === 'bytes') message = inner.value.toString();
    }
  }
  return success(rejected, message);
}

/** Throws when the body is neither empty nor JSON. */
export function readJsonSuccess(body: Buffer): SuccessBody {
  const text = body.toString().trim();
  if (text === '') return success(0, '');
  const { partialSuccess } = JSON.parse(text) as JsonResponse;
  return success(Number(partialSuccess?.rejectedSpans ?? 0), String(partialSuccess?.errorMessage ?? ''));
}

/** google.rpc.Status.message. Throws when the body is not such a message. */
function readStatusMessage(body: Buffer): string {
  for (const field of readFields(body)) {
    if (field.number === 2 && field.wire === 'bytes') return field.value.toString();
  }
  return '';
}

/** The words of an error body in whatever format it came. Throws when they make no sense in theirs. */
export function readErrorMessage(body: Buffer, contentType: string): string {
  if (body.length === 0) return '';
  if (contentType.includes('protobuf')) return readStatusMessage(body);
  if (contentType.includes('json')) return String((JSON.parse(body.toString()) as { message?: unknown }).message ?? '');
  return contentType.startsWith('text/plain') ? body.toString('utf8', 0, 1000) : '';
}
