/** What is read of SQLite's statements, databases and errors: those of better-sqlite3 and those of Node.js. Pure. */
import { createTie } from '../operation.js';
import type { Database, ServerError } from '../sql/client-span.js';

/** A statement's text and where it goes. */
export interface Prepared {
  readonly text: unknown;
  readonly database: Database;
}

/** A database: better-sqlite3 has a name, Node.js a function that says the path, from 22.16 and 24.0 on. */
export interface Connection {
  readonly name?: unknown;
  location?(): unknown;
}

/** Statements of transactions are prepared by better-sqlite3 itself. */
export interface Statement {
  readonly source?: unknown;
  readonly database?: Connection;
}

function nameOf(connection: Connection): unknown {
  if (typeof connection.location !== 'function') return connection.name;
  try {
    return connection.location() ?? ':memory:';
  } catch {
    // It is closed: what was called says so.
    return undefined;
  }
}

function readDatabase(connection: Connection): Database {
  const name = nameOf(connection);
  return { namespace: typeof name === 'string' && name !== '' ? name : undefined, address: undefined, port: undefined };
}

const databases = createTie<Database>();

export function databaseOf(connection: Connection): Database {
  const known = databases.get(connection);
  if (known !== undefined) return known;
  const database = readDatabase(connection);
  databases.set(connection, database);
  return database;
}

/** One that was prepared out of sight. */
export function readStatement({ source, database }: Statement): Prepared | undefined {
  return database === undefined ? undefined : { text: source, database: databaseOf(database) };
}

/** Of the errors of either: their messages quote the query. */
export function serverErrorOf(error: unknown): ServerError | undefined {
  const { code, errcode, errstr } = (error ?? {}) as { code?: unknown; errcode?: unknown; errstr?: unknown };
  if (typeof errcode === 'number') {
    return { code: String(errcode), description: typeof errstr === 'string' ? errstr : undefined };
  }
  return typeof code === 'string' && code.startsWith('SQLITE_') ? { code, description: undefined } : undefined;
}
