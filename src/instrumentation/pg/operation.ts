/** The span of one query and the context it was called in, tied to the object that a client executes. Hot path. */
import { type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { createTie, failSpan, failSpanByCode } from '../operation.js';
import type { AnyFunction, Constructor, Faults } from '../patch.js';
import { OTHER } from '../semconv.js';
import type { SqlTracing } from '../sql/client-span.js';
import { databaseOf, hasValues, type PgClient, queryTextOf, type Submittable, textHolderOf } from './client.js';
import { serverErrorOf } from './errors.js';

/** What the wrappers of one instrumentation share. */
export interface PgTracing {
  readonly sql: SqlTracing;
  readonly faults: Faults;
  /** Classes of pg whose queries tell of their end themselves. */
  readonly queryClasses: Constructor[];
}

/** None of its methods throws anything of ours. */
export class Operation {
  readonly #tracing: PgTracing;
  /** Undefined when nothing is recorded, and after the end. */
  #span: Span | undefined;
  /** Of the caller, for what calls it back; undefined when nothing does. */
  readonly context: Context | undefined;

  constructor(tracing: PgTracing, span: Span | undefined, context: Context | undefined) {
    this.#tracing = tracing;
    this.#span = span;
    this.context = context;
  }

  end(): void {
    this.#finish((span) => span.end());
  }

  fail(error: unknown): void {
    this.#finish((span) => {
      const serverError = serverErrorOf(error);
      if (serverError === undefined) failSpan(span, error);
      else this.#tracing.sql.failByServer(span, error, serverError);
      span.end();
    });
  }

  /** The call itself threw, and nobody will answer. */
  abandon(): void {
    this.#finish((span) => {
      failSpanByCode(span, OTHER);
      span.end();
    });
  }

  /** Runs something of the application's, or of pg's that calls it. */
  run(method: AnyFunction, query: object, ...parameters: unknown[]): unknown {
    if (this.context === undefined) return method.apply(query, parameters);
    return runIn(this.context, method, query, parameters);
  }

  /** Adds the comment to the text to send; not to that of a named statement, which is prepared once and known by it. */
  comment(query: Submittable): void {
    const span = this.#span;
    if (span === undefined || (typeof query.name === 'string' && query.name !== '')) return;
    const holder = textHolderOf(query);
    if (typeof holder.text === 'string') Reflect.set(holder, 'text', this.#tracing.sql.comment(holder.text, span));
  }

  #finish(finish: (span: Span) => void): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    try {
      finish(span);
    } catch (error) {
      this.#tracing.faults.record(error);
    }
  }
}

export const operations = createTie<Operation>();

/**
 * Starts the operation of a query; undefined when there is nothing to do for it. `hasCallback`: something besides a
 * promise waits for the answer.
 */
export function begin(
  query: Submittable & object,
  client: PgClient,
  hasCallback: boolean,
  tracing: PgTracing,
): Operation | undefined {
  const { sql } = tracing;
  const caller = activeContext();
  const span = sql.start(caller, queryTextOf(query, client), hasValues(query), databaseOf(client));
  const context = hasCallback && caller !== ROOT_CONTEXT ? caller : undefined;
  if (span === undefined && context === undefined) return undefined;
  const operation = new Operation(tracing, span, context);
  operations.set(query, operation);
  return operation;
}
