/**
 * Wraps the calls of mysql2 that send a query: with a callback, with a promise (which has one inside), with events. Hot
 * path.
 */
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { activeContext, runIn } from '../active-context.js';
import { createTie } from '../operation.js';
import { type AnyFunction, patchMethod } from '../patch.js';
import {
  databaseOf,
  isCommand,
  isValues,
  type MysqlConnection,
  type PreparedStatement,
  type QueryInput,
} from './connection.js';
import { type MysqlTracing, Operation } from './operation.js';

/** A wrapped method. */
interface Method {
  readonly original: AnyFunction;
  /** The query in what the method is called on and with. */
  readonly read: (parameters: readonly unknown[], target: object) => QueryInput;
  readonly isCommenting: boolean;
  readonly tracing: MysqlTracing;
}

/** A text, options, or a command that a pool has made of them. */
function readQuery([first, second]: readonly unknown[]): QueryInput {
  if (typeof first !== 'object' || first === null) return { sql: first, values: second };
  const { sql, values } = first as QueryInput;
  return { sql, values: isValues(second) ? second : values };
}

function readStatement([values]: readonly unknown[], statement: object): QueryInput {
  return { sql: (statement as PreparedStatement).query, values };
}

/** Options of the application's stay as they are: it may use them again. */
function addComment(parameters: unknown[], sql: unknown, operation: Operation): void {
  if (typeof sql !== 'string') return;
  const [first] = parameters;
  if (typeof first !== 'object') parameters[0] = operation.comment(sql);
  else if (isCommand(first)) first.sql = operation.comment(sql);
  else parameters[0] = { ...first, sql: operation.comment(sql) };
}

/** Puts the wrapper in the place of the callback, wherever that is; without one the caller wants events. */
function wrapCallback(parameters: unknown[], operation: Operation, key: MysqlTracing['callbackKey']): void {
  const [first, second] = parameters;
  if (isCommand(first)) {
    if (typeof first[key] === 'function') first[key] = operation.wrap(first[key] as AnyFunction);
    return;
  }
  const index = typeof second === 'function' ? 1 : 2;
  const callback = parameters[index];
  if (typeof callback === 'function') parameters[index] = operation.wrap(callback as AnyFunction);
}

/** Undefined when there is nothing to do for the call. */
function begin(method: Method, connection: MysqlConnection, target: object, parameters: unknown[]) {
  const { tracing } = method;
  let operation: Operation | undefined;
  try {
    const caller = activeContext();
    const { sql, values } = method.read(parameters, target);
    const span = tracing.sql.start(caller, sql, isValues(values), databaseOf(connection));
    if (span === undefined && caller === ROOT_CONTEXT) return undefined;
    operation = new Operation(tracing, span, caller, connection);
    if (method.isCommenting) addComment(parameters, sql, operation);
    wrapCallback(parameters, operation, tracing.callbackKey);
  } catch (error) {
    tracing.faults.record(error);
  }
  return operation;
}

/** Calls the original, once; what it throws passes untouched. */
function call(method: Method, connection: MysqlConnection, target: object, parameters: unknown[]): unknown {
  const operation = begin(method, connection, target, parameters);
  if (operation === undefined) return method.original.apply(target, parameters);
  let isDone = false;
  try {
    const command: unknown = method.original.apply(target, parameters);
    isDone = true;
    operation.onSent(command);
    return command;
  } finally {
    if (!isDone) operation.abandon();
  }
}

/** Wraps `query` of a connection, or `execute`, whose text is prepared and takes no comment. */
export function wrapQuery(original: AnyFunction, isPrepared: boolean, tracing: MysqlTracing): AnyFunction {
  const method = { original, read: readQuery, isCommenting: tracing.sql.isCommenting && !isPrepared, tracing };
  return function query(this: MysqlConnection, ...parameters: unknown[]) {
    return tracing.faults.isDisabled ? original.apply(this, parameters) : call(method, this, this, parameters);
  };
}

const connections = createTie<MysqlConnection>();

function wrapStatement(original: AnyFunction, tracing: MysqlTracing): AnyFunction {
  const method = { original, read: readStatement, isCommenting: false, tracing };
  return function execute(this: object, ...parameters: unknown[]) {
    const connection = connections.get(this);
    const isTraced = connection !== undefined && !tracing.faults.isDisabled;
    return isTraced ? call(method, connection, this, parameters) : original.apply(this, parameters);
  };
}

/** Wraps `prepare` of a connection: the class of statements is not exported, so the first one of them shows it. */
export function wrapPrepare(original: AnyFunction, tracing: MysqlTracing): AnyFunction {
  const patched = new WeakSet<object>();

  const trace = (statement: object, connection: MysqlConnection): void => {
    connections.set(statement, connection);
    const prototype = Object.getPrototypeOf(statement) as object;
    if (patched.has(prototype)) return;
    patched.add(prototype);
    patchMethod(prototype, 'execute', (execute) => wrapStatement(execute, tracing));
  };

  return function prepare(this: MysqlConnection, options: unknown, callback: unknown, ...rest: unknown[]) {
    if (typeof callback !== 'function') return original.call(this, options, callback, ...rest);
    const caller = activeContext();
    const connection = this;
    const prepared = function prepared(this: unknown, ...results: unknown[]) {
      const [, statement] = results;
      try {
        if (typeof statement === 'object' && statement !== null) trace(statement, connection);
      } catch (fault) {
        tracing.faults.record(fault);
      }
      return runIn(caller, callback as AnyFunction, this, results);
    };
    return original.call(this, options, prepared, ...rest);
  };
}
