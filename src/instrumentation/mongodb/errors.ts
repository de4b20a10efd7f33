/** How a failed command is recorded, also one that the server answered with `ok`. Only for spans that are recorded. */
import { type Span, type SpanStatus, SpanStatusCode } from '@opentelemetry/api';
import { failSpan } from '../operation.js';
import { DB_RESPONSE_STATUS_CODE, ERROR_TYPE } from '../semconv.js';

/** What a server says of an error; its message quotes documents. */
interface ServerError {
  readonly code: string;
  readonly name: string | undefined;
}

/** Names of the codes that write errors have, which come without one. Spec: MongoDB, error codes. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [2, 'BadValue'],
  [50, 'MaxTimeMSExpired'],
  [64, 'WriteConcernFailed'],
  [66, 'ImmutableField'],
  [112, 'WriteConflict'],
  [121, 'DocumentValidationFailure'],
  [11000, 'DuplicateKey'],
]);

function serverError(code: unknown, name: unknown): ServerError | undefined {
  const number = Number(code);
  if (code === undefined || code === null || Number.isNaN(number)) return undefined;
  return { code: String(number), name: typeof name === 'string' ? name : NAMES.get(number) };
}

/** Errors of the driver and of the network have no number. */
function serverErrorOf(error: unknown): ServerError | undefined {
  const { code, codeName } = (error ?? {}) as { code?: unknown; codeName?: unknown };
  return typeof code === 'string' ? undefined : serverError(code, codeName);
}

/** A document, or since 6.4 one whose fields are read from BSON when they are asked for. */
interface Reply {
  readonly writeErrors?: readonly unknown[];
  readonly writeConcernError?: unknown;
  /** Of a whole message. */
  readonly documents?: readonly Reply[];
  get?(key: string | number, type: number): LazyDocument | null;
}

interface LazyDocument {
  get(key: string | number, type: number): LazyDocument | null;
  getNumber(key: string): unknown;
}

/** Spec: BSON types. */
const OBJECT = 3;
const ARRAY = 4;

function lazyError(reply: Required<Pick<Reply, 'get'>>): ServerError | undefined {
  const document = reply.get('writeErrors', ARRAY)?.get(0, OBJECT) ?? reply.get('writeConcernError', OBJECT);
  return document ? serverError(document.getNumber('code'), undefined) : undefined;
}

const WRITES = new Set(['insert', 'update', 'delete', 'findAndModify', 'findandmodify']);

/** What went wrong in a write that the server answered with `ok`; the driver makes an error of it later. */
export function writeErrorOf(reply: unknown, name: string): ServerError | undefined {
  if (!WRITES.has(name) || typeof reply !== 'object' || reply === null) return undefined;
  const { get } = reply as Reply;
  if (typeof get === 'function') return lazyError(reply as Required<Pick<Reply, 'get'>>);
  const [document = reply as Reply] = (reply as Reply).documents ?? [];
  return serverErrorOf(document.writeErrors?.[0]) ?? serverErrorOf(document.writeConcernError);
}

function statusOf({ name }: ServerError): SpanStatus {
  return { code: SpanStatusCode.ERROR, ...(name !== undefined && { message: name }) };
}

function recordCode(span: Span, { code }: ServerError): void {
  span.setAttribute(DB_RESPONSE_STATUS_CODE, code);
  span.setAttribute(ERROR_TYPE, code);
}

export function recordServerError(span: Span, error: ServerError): void {
  span.setStatus(statusOf(error));
  recordCode(span, error);
}

/** `isSanitized`: what the server says in its message is left out. */
export function recordFailure(span: Span, error: unknown, isSanitized: boolean): void {
  const answered = serverErrorOf(error);
  if (answered === undefined || !isSanitized) failSpan(span, error);
  if (answered === undefined) return;
  if (isSanitized) span.setStatus(statusOf(answered));
  recordCode(span, answered);
}
