/**
 * Spans of SQLite's statements: one for each that is run, none for those that are only prepared. The methods of both
 * libraries are the same, and synchronous.
 */
import type { Span } from '@opentelemetry/api';
import { activeContext } from '../active-context.js';
import { createTie, failSpan } from '../operation.js';
import { type AnyFunction, Faults, patchMethod } from '../patch.js';
import { SqlTracing } from '../sql/client-span.js';
import type { InstrumentationContext } from '../types.js';
import {
  type Connection,
  databaseOf,
  type Prepared,
  readStatement,
  type Statement,
  serverErrorOf,
} from './sqlite-statement.js';

interface Iterator {
  next: AnyFunction;
}

/** What the wrappers of one instrumentation share. None of its methods throws anything of ours. */
export class SqliteTracing {
  readonly faults: Faults;
  readonly #sql: SqlTracing;
  readonly #prepared = createTie<Prepared>();
  readonly #iterating = createTie<Span>();
  readonly #patched = new WeakSet<object>();

  constructor(name: string, context: InstrumentationContext) {
    this.faults = new Faults(name, context.log);
    this.#sql = new SqlTracing(`@org/trace-agent/${name}`, 'sqlite', context);
  }

  /** The class of statements is not exported by better-sqlite3. */
  patchStatements(prototype: object): void {
    if (this.#patched.has(prototype)) return;
    this.#patched.add(prototype);
    for (const name of ['run', 'get', 'all']) patchMethod(prototype, name, (original) => this.#wrapRun(original));
    patchMethod(prototype, 'iterate', (original) => this.#wrapIterate(original));
  }

  patchDatabase(prototype: object): void {
    patchMethod(prototype, 'prepare', (original) => this.#wrapPrepare(original));
    patchMethod(prototype, 'exec', (original) => this.#wrapExec(original));
  }

  #start(text: unknown, connection: Connection & object): Span | undefined {
    if (this.faults.isDisabled) return undefined;
    try {
      return this.#sql.start(activeContext(), text, false, databaseOf(connection));
    } catch (error) {
      this.faults.record(error);
      return undefined;
    }
  }

  #startStatement(statement: Statement & object, hasValues: boolean): Span | undefined {
    if (this.faults.isDisabled) return undefined;
    try {
      const prepared = this.#prepared.get(statement) ?? readStatement(statement);
      if (prepared === undefined) return undefined;
      return this.#sql.start(activeContext(), prepared.text, hasValues, prepared.database);
    } catch (error) {
      this.faults.record(error);
      return undefined;
    }
  }

  /** Of an iterator that is not at its end. */
  #spanOf(iterator: object): Span | undefined {
    try {
      const span = this.#iterating.get(iterator);
      return span?.isRecording() === true ? span : undefined;
    } catch (error) {
      this.faults.record(error);
      return undefined;
    }
  }

  #end(span: Span): void {
    try {
      span.end();
    } catch (fault) {
      this.faults.record(fault);
    }
  }

  #fail(span: Span, error: unknown): void {
    try {
      const serverError = serverErrorOf(error);
      if (serverError === undefined) failSpan(span, error);
      else this.#sql.failByServer(span, error, serverError);
    } catch (fault) {
      this.faults.record(fault);
    }
    this.#end(span);
  }

  #call(span: Span, original: AnyFunction, target: unknown, parameters: unknown[]): unknown {
    let result: unknown;
    try {
      result = original.apply(target, parameters);
    } catch (error) {
      this.#fail(span, error);
      throw error;
    }
    this.#end(span);
    return result;
  }

  #wrapExec(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function exec(this: Connection & object, ...parameters: unknown[]) {
      const span = tracing.#start(parameters[0], this);
      return span === undefined ? original.apply(this, parameters) : tracing.#call(span, original, this, parameters);
    };
  }

  /** Makes a span only of a text that cannot be prepared: it will never be run. */
  #wrapPrepare(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function prepare(this: Connection & object, ...parameters: unknown[]) {
      let statement: unknown;
      try {
        statement = original.apply(this, parameters);
      } catch (error) {
        const span = typeof parameters[0] === 'string' ? tracing.#start(parameters[0], this) : undefined;
        if (span !== undefined) tracing.#fail(span, error);
        throw error;
      }
      tracing.#onPrepared(statement, parameters[0], this);
      return statement;
    };
  }

  #onPrepared(statement: unknown, text: unknown, connection: Connection & object): void {
    if (this.faults.isDisabled || typeof statement !== 'object' || statement === null) return;
    try {
      this.patchStatements(Object.getPrototypeOf(statement) as object);
      this.#prepared.set(statement, { text, database: databaseOf(connection) });
    } catch (error) {
      this.faults.record(error);
    }
  }

  #wrapRun(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function run(this: Statement & object, ...parameters: unknown[]) {
      const span = tracing.#startStatement(this, parameters.length > 0);
      return span === undefined ? original.apply(this, parameters) : tracing.#call(span, original, this, parameters);
    };
  }

  /** The rows are read later: the span ends with the last one. */
  #wrapIterate(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function iterate(this: Statement & object, ...parameters: unknown[]) {
      const span = tracing.#startStatement(this, parameters.length > 0);
      if (span === undefined) return original.apply(this, parameters);
      let iterator: unknown;
      try {
        iterator = original.apply(this, parameters);
      } catch (error) {
        tracing.#fail(span, error);
        throw error;
      }
      tracing.#follow(iterator as Iterator, span);
      return iterator;
    };
  }

  #follow(iterator: Iterator, span: Span): void {
    try {
      const owner = Object.hasOwn(iterator, 'next') ? iterator : (Object.getPrototypeOf(iterator) as object);
      if (!this.#patched.has(owner)) {
        this.#patched.add(owner);
        for (const name of ['next', 'return']) patchMethod(owner, name, (original) => this.#wrapStep(original));
      }
      this.#iterating.set(iterator, span);
    } catch (error) {
      this.faults.record(error);
      this.#end(span);
    }
  }

  #wrapStep(original: AnyFunction): AnyFunction {
    const tracing = this;
    return function step(this: object, ...parameters: unknown[]) {
      const span = tracing.#spanOf(this);
      if (span === undefined) return original.apply(this, parameters);
      let result: { readonly done?: unknown } | undefined;
      try {
        result = original.apply(this, parameters) as typeof result;
      } catch (error) {
        tracing.#fail(span, error);
        throw error;
      }
      if (result?.done === true) tracing.#end(span);
      return result;
    };
  }
}
