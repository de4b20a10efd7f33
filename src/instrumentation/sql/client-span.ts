/**
 * The CLIENT span of one query: name and attributes at its start, the verdict at its end. Hot path.
 *
 * Spec: semantic-conventions 1.44, database client spans.
 */
import {
  type Attributes,
  type Context,
  INVALID_TRACEID,
  type Span,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { AGENT_VERSION } from '../../version.js';
import { isSuppressed } from '../context.js';
import { failSpan } from '../operation.js';
import {
  DB_NAMESPACE,
  DB_QUERY_SUMMARY,
  DB_QUERY_TEXT,
  DB_RESPONSE_STATUS_CODE,
  DB_SYSTEM_NAME,
  ERROR_TYPE,
  SERVER_ADDRESS,
  SERVER_PORT,
} from '../semconv.js';
import type { InstrumentationContext } from '../types.js';
import type { QueryDescription } from './analyse.js';
import { addTraceComment } from './commenter.js';
import { createDescribeQuery, type DescribeQuery } from './describe.js';
import type { Dialect } from './scanner.js';

/** Where queries of one connection go. */
export interface Database {
  /** What was named when the connection was made. */
  readonly namespace: string | undefined;
  /** Host name, address, or path of a socket. */
  readonly address: string | undefined;
  /** Undefined when it is the default one. */
  readonly port: number | undefined;
}

/** What a server answered instead of a result. */
export interface ServerError {
  readonly code: string;
  /** A name for the code: the message quotes values and parts of the query. */
  readonly description: string | undefined;
}

/** Starts and ends the spans of one instrumentation. */
export class SqlTracing {
  readonly #tracer: Tracer;
  readonly #system: Dialect;
  readonly #isSanitized: boolean;
  /** The sampler drops whatever has a parent that is not sampled. */
  readonly #followsParent: boolean;
  readonly #describe: DescribeQuery;
  /** Whether queries get a comment; see `comment`. */
  readonly isCommenting: boolean;

  constructor(scope: string, system: Dialect, { tracerProvider, config }: InstrumentationContext) {
    this.#tracer = tracerProvider.getTracer(scope, AGENT_VERSION);
    this.#system = system;
    this.#isSanitized = config.isDbQuerySanitized;
    this.#followsParent = config.sampler.followsUnsampled;
    this.#describe = createDescribeQuery(system);
    this.isCommenting = config.isSqlCommented;
  }

  /**
   * Returns undefined when nothing is to be recorded. `text` is what the application passed; with values beside it,
   * it counts as parameterised and is recorded as it is.
   */
  start(parent: Context, text: unknown, isParameterized: boolean, database: Database): Span | undefined {
    if (isSuppressed(parent) || (this.#followsParent && isDropped(parent))) return undefined;
    const description = typeof text === 'string' ? this.#describe(text) : undefined;
    const { namespace, address, port } = database;
    const attributes: Attributes = {
      [DB_SYSTEM_NAME]: this.#system,
      [DB_NAMESPACE]: namespace,
      [DB_QUERY_SUMMARY]: description?.summary,
      [DB_QUERY_TEXT]: description && this.#textOf(text as string, description, isParameterized),
      [SERVER_ADDRESS]: address,
      [SERVER_PORT]: port,
    };
    const name = description?.summary ?? namespace ?? this.#nameOf(database);
    const span = this.#tracer.startSpan(name, { kind: SpanKind.CLIENT, attributes }, parent);
    return span.isRecording() ? span : undefined;
  }

  /** For a query whose text is known only after the start of its span. */
  describe(span: Span, text: unknown, isParameterized: boolean): void {
    if (typeof text !== 'string') return;
    const description = this.#describe(text);
    if (description.summary !== undefined) {
      span.updateName(description.summary);
      span.setAttribute(DB_QUERY_SUMMARY, description.summary);
    }
    span.setAttribute(DB_QUERY_TEXT, this.#textOf(text, description, isParameterized));
  }

  /** The text to send for a query whose span this is; not for a prepared one, whose text is its identity. */
  comment(text: string, span: Span): string {
    return addTraceComment(text, this.#system, span.spanContext());
  }

  /** What the server says in its message is left out, unless sanitisation is off. */
  failByServer(span: Span, error: unknown, { code, description }: ServerError): void {
    span.setAttribute(DB_RESPONSE_STATUS_CODE, code);
    if (!this.#isSanitized) failSpan(span, error);
    else span.setStatus({ code: SpanStatusCode.ERROR, ...(description !== undefined && { message: description }) });
    span.setAttribute(ERROR_TYPE, code);
  }

  #textOf(text: string, { sanitized, length }: QueryDescription, isParameterized: boolean): string {
    return this.#isSanitized && !isParameterized ? sanitized : text.slice(0, length);
  }

  #nameOf({ address, port }: Database): string {
    if (address === undefined) return this.#system;
    return port === undefined ? address : `${address}:${port}`;
  }
}

/** A sampler that follows the parent asks for nothing else then. An invalid one, of the API's own making, is no parent. */
function isDropped(parent: Context): boolean {
  const context = trace.getSpanContext(parent);
  return (
    context !== undefined && (context.traceFlags & TraceFlags.SAMPLED) === 0 && context.traceId !== INVALID_TRACEID
  );
}
