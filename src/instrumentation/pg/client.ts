/**
 * The part of pg's classes that we use, and what a client says about its database. Types and pure functions.
 */
import { createTie } from '../operation.js';
import type { Database } from '../sql/client-span.js';

export interface PgClient {
  readonly host?: unknown;
  readonly port?: unknown;
  readonly database?: unknown;
  readonly connectionParameters?: { readonly options?: unknown };
  /** Texts of named statements; of the JavaScript client and of the native one. */
  readonly connection?: { readonly parsedStatements?: Readonly<Record<string, unknown>> };
  readonly namedQueries?: Readonly<Record<string, unknown>>;
}

/** What a client executes: pg's own query, a cursor, a stream. */
export interface Submittable {
  text?: unknown;
  readonly values?: unknown;
  readonly name?: unknown;
  readonly callback?: unknown;
  /** Of a query stream. */
  readonly cursor?: Pick<Submittable, 'text' | 'values'> & object;
  submit?: unknown;
}

/** pg's Query. */
export interface PgQuery extends Submittable {
  /** Why the rows could not be parsed: the query fails once the server is done with it. */
  readonly _canceledDueToError?: unknown;
  callback?: unknown;
}

const DEFAULT_PORT = 5432;

/** libpq's options, as in `-c search_path=app`. More schemas than one: only the server knows which of them exist. */
const SEARCH_PATH = /(?:^|\s)(?:-c\s*|--)search[_-]path=([\w$]+)(?=\s|$)/;

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function namespaceOf(client: PgClient): string | undefined {
  const schema = SEARCH_PATH.exec(textOf(client.connectionParameters?.options) ?? '')?.[1];
  const database = textOf(client.database);
  return database === undefined || schema === undefined ? (database ?? schema) : `${database}|${schema}`;
}

function readDatabase(client: PgClient): Database {
  const namespace = namespaceOf(client);
  const host = textOf(client.host);
  // A folder: pg completes it to the path of the socket.
  if (host?.startsWith('/')) return { namespace, address: `${host}/.s.PGSQL.${client.port}`, port: undefined };
  const port = typeof client.port === 'number' && client.port > 0 ? client.port : DEFAULT_PORT;
  return { namespace, address: host, port: port === DEFAULT_PORT ? undefined : port };
}

const databases = createTie<Database>();

/** As it was when the client sent its first query: a later `SET search_path` is not seen. */
export function databaseOf(client: PgClient): Database {
  const known = databases.get(client);
  if (known !== undefined) return known;
  const database = readDatabase(client);
  databases.set(client, database);
  return database;
}

/** What has the text that is sent: the query, or the cursor of a stream. */
export function textHolderOf(query: Submittable): Pick<Submittable, 'text' | 'values'> {
  return query.cursor ?? query;
}

/** The text of a query; of a named statement that was prepared before, the one it was prepared with. */
export function queryTextOf(query: Submittable, client: PgClient): unknown {
  const text = query.text ?? query.cursor?.text;
  if (text !== undefined || typeof query.name !== 'string') return text;
  return (client.connection?.parsedStatements ?? client.namedQueries)?.[query.name];
}

/** True when values were passed beside the text. */
export function hasValues(query: Submittable): boolean {
  const values = query.values ?? query.cursor?.values;
  return Array.isArray(values) && values.length > 0;
}
