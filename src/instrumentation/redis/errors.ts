/** How a failed command is recorded. Only for spans that are recorded. */
import { type Span, SpanStatusCode } from '@opentelemetry/api';
import { failSpan } from '../operation.js';
import { DB_RESPONSE_STATUS_CODE, ERROR_TYPE } from '../semconv.js';

/** Classes of errors that a server sends, in node-redis 4 to 6, redis-parser and ioredis. */
const SERVER_ERRORS = new Set(['ErrorReply', 'SimpleError', 'BlobError', 'ReplyError']);

const PREFIX = /^([A-Z][A-Z0-9_]*)(?: |$)/;

/** Name of the class of an error; most of node-redis's have one, and `Error` as their name. */
export function classOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name } = error.constructor;
  return name === '' ? error.name : name;
}

/** `WRONGTYPE` of what the server answered; undefined for errors of the client and of the network. */
export function serverCodeOf(error: unknown): string | undefined {
  const name = classOf(error);
  if (name === undefined || !SERVER_ERRORS.has(name)) return undefined;
  return PREFIX.exec((error as Error).message)?.[1] ?? 'ERR';
}

/** Servers quote arguments in their messages. */
function withoutQuotes(message: string): string {
  return message.replace(/'[^']*'|"[^"]*"|`[^`]*`/g, "'?'");
}

function failByServer(span: Span, error: Error, code: string, isScript: boolean, isSanitized: boolean): void {
  if (!isSanitized) failSpan(span, error);
  // What a script says may be anything.
  else if (isScript) span.setStatus({ code: SpanStatusCode.ERROR });
  else span.setStatus({ code: SpanStatusCode.ERROR, message: withoutQuotes(error.message) });
  span.setAttribute(DB_RESPONSE_STATUS_CODE, code);
  span.setAttribute(ERROR_TYPE, code);
}

function hasCode(error: unknown): boolean {
  return typeof (error as { code?: unknown } | null | undefined)?.code === 'string';
}

function failByClient(span: Span, error: unknown): void {
  failSpan(span, error);
  const name = classOf(error);
  if (name !== undefined && !hasCode(error)) span.setAttribute(ERROR_TYPE, name);
}

interface MultiErrorReply {
  readonly replies?: readonly unknown[];
  readonly errorIndexes?: readonly number[];
}

/** An error that stands for those of several commands: the first of them. */
function firstOf(error: unknown): unknown {
  const { replies, errorIndexes } = (error ?? {}) as MultiErrorReply;
  return replies?.[errorIndexes?.[0] ?? -1] ?? error;
}

/** `isScript`: what failed is a script or a function. */
export function recordFailure(span: Span, failure: unknown, isScript: boolean, isSanitized: boolean): void {
  const error = firstOf(failure);
  const code = serverCodeOf(error);
  if (code !== undefined) failByServer(span, error as Error, code, isScript, isSanitized);
  else failByClient(span, error);
}

/** The first error among the replies of a batch. */
export function firstErrorOf(replies: unknown): unknown {
  return Array.isArray(replies) ? replies.find((reply) => reply instanceof Error) : undefined;
}
