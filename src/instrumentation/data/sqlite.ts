/** Traces SQLite: better-sqlite3, and what Node.js has of its own. Main thread; loaded with either. */
import type { CreateInstrumentation, PatchTarget } from '../types.js';
import { BETTER_SQLITE3, NODE_SQLITE } from './manifest.js';
import { SqliteTracing } from './sqlite-tracing.js';

interface Class {
  readonly prototype: object;
}

function prototypeOf(value: unknown, method: string): object {
  const prototype = (value as Partial<Class> | undefined)?.prototype;
  if (typeof Reflect.get(prototype ?? {}, method) !== 'function') throw new TypeError(`no method ${method}`);
  return prototype as object;
}

export const createBetterSqlite3: CreateInstrumentation = (context) => {
  const tracing = new SqliteTracing('better-sqlite3', context);
  const target: PatchTarget = {
    ...BETTER_SQLITE3,
    patch(exports) {
      tracing.patchDatabase(prototypeOf(exports, 'prepare'));
      return exports;
    },
  };
  return { targets: [target] };
};

export const createNodeSqlite: CreateInstrumentation = (context) => {
  const tracing = new SqliteTracing('sqlite', context);
  const target: PatchTarget = {
    ...NODE_SQLITE,
    versions: [],
    patch(exports) {
      const { DatabaseSync, StatementSync } = exports as { DatabaseSync?: unknown; StatementSync?: unknown };
      const statements = prototypeOf(StatementSync, 'all');
      tracing.patchDatabase(prototypeOf(DatabaseSync, 'prepare'));
      tracing.patchStatements(statements);
      return exports;
    },
  };
  return { targets: [target] };
};
