/**
 * Traces postgres.js: one CLIENT span for each query that is executed, in both builds of the package.
 *
 *   postgres(...)   ─► the client: its class of queries is patched, once, and its options are remembered
 *   query.then, ... ─► handle() ─► span ─► resolve | reject ─► end
 *
 * Nothing of it is exported but the function that makes a client, so that is replaced, and it finds the rest by making a
 * query that is never executed. A client's own queries (types, state of the server) are not of the client's making.
 */
import { createTie } from '../operation.js';
import { type AnyFunction, Faults, patchMethod, wrapFunction } from '../patch.js';
import { type Database, SqlTracing } from '../sql/client-span.js';
import type { CreateInstrumentation } from '../types.js';
import { POSTGRES } from './manifest.js';
import { type PostgresTracing, traceQuery } from './postgres-query.js';

interface ClientOptions {
  readonly host?: unknown;
  readonly port?: unknown;
  /** Of a socket. */
  readonly path?: unknown;
  readonly database?: unknown;
}

interface Query {
  /** The same function for all queries of a client, in transactions and on reserved connections too. */
  readonly canceller: object;
  handle: AnyFunction;
}

interface Client {
  readonly options: ClientOptions;
  unsafe(text: string): Query;
}

const DEFAULT_PORT = 5432;

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

/** Of several hosts, which are tried in turn, the first. */
function databaseOf({ host, port, path, database }: ClientOptions): Database {
  const namespace = textOf(database);
  const socket = textOf(path);
  if (socket !== undefined) return { namespace, address: socket, port: undefined };
  const number = Number([port].flat()[0]);
  return {
    namespace,
    address: textOf([host].flat()[0]),
    port: number > 0 && number !== DEFAULT_PORT ? number : undefined,
  };
}

/** By what all queries of a client have. */
const databases = createTie<Database>();
const patched = new WeakSet<object>();

function patchQueries(prototype: object, tracing: PostgresTracing): void {
  if (patched.has(prototype)) return;
  patched.add(prototype);
  patchMethod(prototype, 'handle', (original) => traceQuery(original, tracing));
}

function learn(client: Client, tracing: PostgresTracing): void {
  const query = client.unsafe('');
  databases.set(query.canceller, databaseOf(client.options));
  patchQueries(Object.getPrototypeOf(query) as object, tracing);
}

function wrapPostgres(original: AnyFunction, tracing: PostgresTracing): AnyFunction {
  return function postgres(this: unknown, ...parameters: unknown[]): unknown {
    const client: unknown = original.apply(this, parameters);
    try {
      if (!tracing.faults.isDisabled) learn(client as Client, tracing);
    } catch (error) {
      tracing.faults.record(error);
    }
    return client;
  };
}

/** CommonJS exports the function, the ES module build has it as its default export. */
function replace(exports: unknown, tracing: PostgresTracing): unknown {
  const wrap = (original: AnyFunction): AnyFunction => wrapPostgres(original, tracing);
  if (typeof exports === 'function') return wrapFunction(exports as AnyFunction, wrap);
  const namespace = exports as { default?: unknown };
  if (typeof namespace.default !== 'function') throw new TypeError('postgres is not a function');
  namespace.default = wrapFunction(namespace.default as AnyFunction, wrap);
  return exports;
}

export const create: CreateInstrumentation = (context) => {
  const sql = new SqlTracing('@org/trace-agent/postgres', 'postgresql', context);
  const faults = new Faults('postgres', context.log);
  const tracing: PostgresTracing = { sql, faults, databaseOf: (canceller) => databases.get(canceller) };
  return { targets: [{ ...POSTGRES, patch: (exports) => replace(exports, tracing) }] };
};
