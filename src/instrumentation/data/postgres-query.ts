/** The span of one query of postgres.js, from the moment that somebody waits for its result. Hot path. */

import { type Context, ROOT_CONTEXT, type Span } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { failSpan } from '../operation.js';
import type { AnyFunction, Faults } from '../patch.js';
import { serverErrorOf } from '../pg/errors.js';
import type { Database, SqlTracing } from '../sql/client-span.js';

export interface PostgresTracing {
  readonly sql: SqlTracing;
  readonly faults: Faults;
  /** Undefined for functions that are not the canceller of a client. */
  databaseOf(canceller: object): Database | undefined;
}

/** The part of postgres.js' class that we use. */
interface Query {
  readonly canceller: object | null | undefined;
  readonly executed: boolean;
  /** Of a tagged template, or the one text that the caller gave; empty while a file is read. */
  strings: readonly string[];
  readonly args: readonly unknown[];
  readonly options: { readonly simple?: boolean };
  /** The whole text with placeholders; undefined until a connection has taken the query. */
  readonly string?: unknown;
  readonly parameters?: readonly unknown[];
  readonly cursorRows?: number;
  resolve: AnyFunction;
  reject: AnyFunction;
  forEachFn?: AnyFunction;
  cursorFn?: AnyFunction;
}

/** Parts of a query, and values with a type of their own, are objects that one must not wait for. */
function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return typeof value !== 'function';
  if (Array.isArray(value)) return value.length === 0 || isPlain(value[0]);
  return typeof (value as { then?: unknown }).then !== 'function';
}

const texts = new WeakMap<readonly string[], string>();

/** As it will be sent; undefined when that depends on what is put into it. */
function textOf({ strings, args }: Query): string | undefined {
  if (strings.length < 2) return strings[0];
  if (!args.every(isPlain)) return undefined;
  const known = texts.get(strings);
  if (known !== undefined) return known;
  const text = strings.reduce((before, part, index) => `${before}$${index}${part}`);
  texts.set(strings, text);
  return text;
}

function fail(span: Span, error: unknown, sql: SqlTracing): void {
  const serverError = serverErrorOf(error);
  if (serverError === undefined) failSpan(span, error);
  else sql.failByServer(span, error, serverError);
}

class Operation {
  readonly #query: Query;
  readonly #tracing: PostgresTracing;
  /** False: the text that the span has is not the whole one. */
  readonly #isDescribed: boolean;
  /** Undefined after the end. */
  #span: Span | undefined;

  constructor(query: Query, span: Span, isDescribed: boolean, tracing: PostgresTracing) {
    this.#query = query;
    this.#span = span;
    this.#isDescribed = isDescribed;
    this.#tracing = tracing;
  }

  /** Wraps what settles the query. */
  follow(): void {
    const query = this.#query;
    query.resolve = this.#ending(query.resolve, false);
    query.reject = this.#ending(query.reject, true);
  }

  /** For a cursor, each of whose steps has a promise of its own: only the last one ends with it. */
  followSteps(): void {
    for (const name of ['resolve', 'reject'] as const) {
      let current = this.#ending(this.#query[name], name === 'reject');
      Object.defineProperty(this.#query, name, {
        configurable: true,
        enumerable: true,
        get: () => current,
        set: (next: AnyFunction) => {
          current = this.#ending(next, name === 'reject');
        },
      });
    }
  }

  #ending(original: AnyFunction, isFailure: boolean): AnyFunction {
    return (value: unknown) => {
      this.#end(isFailure, value);
      return original(value);
    };
  }

  #end(isFailure: boolean, error: unknown): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    const { sql, faults } = this.#tracing;
    try {
      const { string, parameters } = this.#query;
      if (!this.#isDescribed && string !== undefined) sql.describe(span, string, (parameters ?? []).length > 0);
      if (isFailure) fail(span, error, sql);
      span.end();
    } catch (fault) {
      faults.record(fault);
    }
  }
}

/** Called for each row or batch, from the events of a socket. */
function inContext(caller: Context, callback: AnyFunction): AnyFunction {
  return function row(this: unknown, ...parameters: unknown[]) {
    return runIn(caller, callback, this, parameters);
  };
}

function begin(query: Query, database: Database, tracing: PostgresTracing): void {
  const caller = activeContext();
  const text = textOf(query);
  const span = tracing.sql.start(caller, text, query.args.length > 0, database);
  if (caller !== ROOT_CONTEXT) {
    if (typeof query.forEachFn === 'function') query.forEachFn = inContext(caller, query.forEachFn);
    // That of an iterator belongs to the query.
    else if (typeof query.cursorFn === 'function') query.cursorFn = inContext(caller, query.cursorFn);
  }
  if (span === undefined) return;
  if (tracing.sql.isCommenting && query.options.simple === true && query.strings.length === 1) {
    query.strings = [tracing.sql.comment(query.strings[0] as string, span)];
  }
  const operation = new Operation(query, span, text !== undefined, tracing);
  if (query.cursorRows === undefined) operation.follow();
  else operation.followSteps();
}

/** Wraps the method that everything goes through that waits for a query; the first call executes it. */
export function traceQuery(original: AnyFunction, tracing: PostgresTracing): AnyFunction {
  return function handle(this: Query, ...parameters: unknown[]): unknown {
    if (this.executed || tracing.faults.isDisabled) return original.apply(this, parameters);
    try {
      const { canceller } = this;
      const database = typeof canceller === 'function' ? tracing.databaseOf(canceller) : undefined;
      if (database !== undefined) begin(this, database, tracing);
    } catch (error) {
      tracing.faults.record(error);
    }
    // What it makes (sockets, timers) outlives the call.
    return runIn(ROOT_CONTEXT, original, this, parameters);
  };
}
