/**
 * Traces mysql, whose queries look like those of mysql2: connections and, through them, pools and clusters. Loaded with
 * mysql.
 */
import { keepContext, leaveContext } from '../caller-context.js';
import { Faults, patchIfPresent, patchMethod } from '../patch.js';
import { SqlTracing } from '../sql/client-span.js';
import { forgetCallback } from '../sql/forget-callback.js';
import type { CreateInstrumentation } from '../types.js';
import { wrapQuery } from './calls.js';
import { MYSQL } from './manifest.js';
import type { MysqlTracing } from './operation.js';

interface Class {
  readonly prototype: object;
}

function patchConnection({ prototype }: Class, tracing: MysqlTracing): void {
  patchMethod(prototype, 'query', (original) => wrapQuery(original, false, tracing));
  // The socket and its listeners outlive the call, which may be the query that had to wait for them.
  patchMethod(prototype, 'connect', (original) => forgetCallback(keepContext(leaveContext(original))));
  for (const method of ['ping', 'changeUser', 'statistics', 'end']) patchIfPresent(prototype, method, keepContext);
}

/** A callback waits for whoever gives a connection back. */
function patchPool({ prototype }: Class): void {
  for (const method of ['getConnection', 'end']) patchMethod(prototype, method, keepContext);
}

export const create: CreateInstrumentation = (context) => {
  const faults = new Faults('mysql', context.log);
  const sql = new SqlTracing(MYSQL.scope, 'mysql', context);
  const tracing: MysqlTracing = { sql, faults, callbackKey: '_callback' };
  const { module, versions } = MYSQL;
  const file = (name: string, patch: (Class: Class) => void) => ({
    module,
    versions,
    file: name,
    patch(exports: unknown) {
      patch(exports as Class);
      return exports;
    },
  });
  return {
    targets: [file('lib/Connection.js', (Class) => patchConnection(Class, tracing)), file('lib/Pool.js', patchPool)],
  };
};
