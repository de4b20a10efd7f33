/** The span of one call and the context it was made in. Hot path. */
import type { Context, Span } from '@opentelemetry/api';
import { runIn } from '../active-context.js';
import { createTie, failSpan, failSpanByCode } from '../operation.js';
import { type AnyFunction, type Faults, patchMethod } from '../patch.js';
import { OTHER } from '../semconv.js';
import type { SqlTracing } from '../sql/client-span.js';
import { type Command, isCommand, type MysqlConnection, type Socket, serverErrorOf } from './connection.js';

/** What the wrappers of one instrumentation share. */
export interface MysqlTracing {
  readonly sql: SqlTracing;
  readonly faults: Faults;
  /** Where a command has its callback. */
  readonly callbackKey: 'onResult' | '_callback';
}

/** None of its methods throws anything of ours. */
export class Operation {
  readonly #tracing: MysqlTracing;
  /** Undefined after the last thing that it is for: a pool may remember the query as long as its connection lives. */
  #context: Context | undefined;
  readonly #connection: MysqlConnection;
  /** Undefined when nothing is recorded, and after the end. */
  #span: Span | undefined;
  #hasCallback = false;
  #hasFailed = false;
  /** Those that end with their connection at the latest, while this is one of them. */
  #waiting: Set<Operation> | undefined;

  constructor(tracing: MysqlTracing, span: Span | undefined, context: Context, connection: MysqlConnection) {
    this.#tracing = tracing;
    this.#span = span;
    this.#context = context;
    this.#connection = connection;
  }

  /** The text to send; as it is when nothing is recorded. */
  comment(text: string): string {
    return this.#span === undefined ? text : this.#tracing.sql.comment(text, this.#span);
  }

  /** The callback, run in the caller's context after the end of the span. */
  wrap(callback: AnyFunction): AnyFunction {
    const operation = this;
    operation.#hasCallback = true;
    return function done(this: unknown, ...results: unknown[]) {
      operation.#end(results[0]);
      return operation.#run(callback, this, results, true);
    };
  }

  /** Without a callback the call is told of by events of its command. */
  onSent(command: unknown): void {
    if (this.#hasCallback) return;
    try {
      // A connection that is closed returns nothing.
      if (isCommand(command)) this.#listenTo(command);
      else this.abandon();
    } catch (error) {
      this.#tracing.faults.record(error);
    }
  }

  /** Nobody will say how the call ended. */
  abandon(): void {
    this.#finish((span) => failSpanByCode(span, OTHER));
  }

  /** `error` is undefined or null when all went well. */
  #end(error?: unknown): void {
    this.#finish((span) => {
      const serverError = serverErrorOf(error);
      if (serverError !== undefined) this.#tracing.sql.failByServer(span, error, serverError);
      else if (error !== undefined && error !== null) failSpan(span, error);
    });
  }

  #listenTo(command: Command): void {
    operations.set(command, this);
    patchEmit(Object.getPrototypeOf(command) as object);
    if (this.#span !== undefined) this.#endWithSocket(this.#connection.stream ?? this.#connection._socket);
  }

  /** An event of the command: perhaps `error`, and in any case `end`, after an error sometimes twice. */
  emit(original: AnyFunction, command: object, parameters: unknown[]): unknown {
    const [event, argument] = parameters;
    let isLast = false;
    if (event === 'error') {
      this.#hasFailed = true;
      this.#end(argument);
    } else if (event === 'end') {
      isLast = !this.#hasFailed;
      this.#end();
    }
    return this.#run(original, command, parameters, isLast);
  }

  /** Runs what calls the application. */
  #run(method: AnyFunction, target: unknown, parameters: unknown[], isLast: boolean): unknown {
    const context = this.#context;
    if (context === undefined) return method.apply(target, parameters);
    if (isLast) this.#context = undefined;
    return runIn(context, method, target, parameters);
  }

  /** A command without a callback is forgotten when its connection breaks. */
  #endWithSocket(socket: Socket | undefined): void {
    if (socket === undefined || socket.destroyed === true) this.abandon();
    else {
      this.#waiting = waitingFor(socket);
      this.#waiting.add(this);
    }
  }

  #finish(judge: (span: Span) => void): void {
    const span = this.#span;
    if (span === undefined) return;
    this.#span = undefined;
    this.#waiting?.delete(this);
    try {
      judge(span);
      span.end();
    } catch (error) {
      this.#tracing.faults.record(error);
    }
  }
}

const operations = createTie<Operation>();
const patched = new WeakSet<object>();

/** Once for each class of commands. A listener would make an error that nobody handles pass in silence. */
function patchEmit(prototype: object): void {
  if (patched.has(prototype)) return;
  patched.add(prototype);
  patchMethod(prototype, 'emit', (original) => {
    return function emit(this: object, ...parameters: unknown[]) {
      const operation = operations.get(this);
      return operation === undefined ? original.apply(this, parameters) : operation.emit(original, this, parameters);
    };
  });
}

const waiting = createTie<Set<Operation>>();

/** One listener for all operations of a connection. */
function waitingFor(socket: Socket): Set<Operation> {
  const known = waiting.get(socket);
  if (known !== undefined) return known;
  const all = new Set<Operation>();
  waiting.set(socket, all);
  socket.once('close', () => {
    for (const operation of all) operation.abandon();
  });
  return all;
}
