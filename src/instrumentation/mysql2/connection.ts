/** The part of mysql2's classes, and of mysql's, that we use, and what a connection says about its database. Types and pure functions. */
import type { EventEmitter } from 'node:events';
import type { Database, ServerError } from '../sql/client-span.js';

export interface MysqlConnection {
  readonly config?: {
    readonly host?: unknown;
    readonly port?: unknown;
    readonly socketPath?: unknown;
    readonly database?: unknown;
  };
  /** The socket. */
  readonly stream?: Socket | undefined;
  /** That of mysql. */
  readonly _socket?: Socket | undefined;
}

export type Socket = EventEmitter & { readonly destroyed?: boolean };

/** A query and its values, in the application's options or by themselves. */
export interface QueryInput {
  readonly sql?: unknown;
  readonly values?: unknown;
}

/** mysql2's own object for a query: what a pool makes of a call, and `mysql.createQuery`. */
export interface Command {
  sql?: unknown;
  /** The caller's callback. */
  onResult?: unknown;
  /** The same in mysql. */
  _callback?: unknown;
  emit(event: string | symbol, ...parameters: unknown[]): boolean;
}

export interface PreparedStatement {
  readonly query?: unknown;
}

/** Options may have a key `onResult`, which means nothing there. */
export function isCommand(input: unknown): input is Command {
  return typeof input === 'object' && typeof (input as Partial<Command> | null)?.emit === 'function';
}

const DEFAULT_PORT = 3306;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** As configured: a later `USE` is not seen, a `changeUser` is. */
export function databaseOf({ config }: MysqlConnection): Database {
  const namespace = textOf(config?.database);
  const socket = textOf(config?.socketPath);
  if (socket !== undefined) return { namespace, address: socket, port: undefined };
  const port = Number(config?.port ?? DEFAULT_PORT);
  return { namespace, address: textOf(config?.host), port: port > 0 && port !== DEFAULT_PORT ? port : undefined };
}

/** True for values of placeholders: a list, or an object of named ones. */
export function isValues(values: unknown): boolean {
  if (values === undefined || values === null || typeof values === 'function') return false;
  if (Array.isArray(values)) return values.length > 0;
  return typeof values !== 'object' || Object.keys(values).length > 0;
}

/** Undefined for errors of the driver and of the network, which have no SQLSTATE. */
export function serverErrorOf(error: unknown): ServerError | undefined {
  const { errno, code, sqlState } = (error ?? {}) as { errno?: unknown; code?: unknown; sqlState?: unknown };
  if (typeof errno !== 'number' || sqlState === undefined) return undefined;
  return { code: String(errno), description: textOf(code) };
}
