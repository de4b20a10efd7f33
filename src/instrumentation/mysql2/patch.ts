/**
 * Traces mysql2: connections, and through them pools, clusters, the promise interface and prepared statements. Loaded
 * with mysql2.
 *
 * Not by its diagnostics channels (from 3.20): they carry the text with the values in it, and a subscriber makes mysql2
 * listen to the errors of commands without a callback, so that an error nobody handles no longer ends the process.
 */
import { detachConstructor, keepContext } from '../caller-context.js';
import { type AnyFunction, type Constructor, Faults, patchMethod, replaceConstructor } from '../patch.js';
import { SqlTracing } from '../sql/client-span.js';
import { forgetCallback } from '../sql/forget-callback.js';
import type { CreateInstrumentation } from '../types.js';
import { wrapPrepare, wrapQuery } from './calls.js';
import { MYSQL2 } from './manifest.js';
import type { MysqlTracing } from './operation.js';

/** The prototype that defines the method: from 3.11.5 on that of a base class. */
function ownerOf(Class: Constructor, method: string): object {
  let owner: object | null = Class.prototype as object;
  while (owner !== null && !Object.hasOwn(owner, method)) owner = Object.getPrototypeOf(owner) as object | null;
  if (owner === null) throw new TypeError(`no method ${method}`);
  return owner;
}

/** A class whose instances know nothing of who makes them. */
function detach(Class: Constructor): Constructor {
  return replaceConstructor(Class, detachConstructor(Class) as unknown as AnyFunction);
}

/** Their callbacks would run in the context of a socket that belongs to nobody. */
const OTHER_CALLS = ['ping', 'changeUser', 'reset', 'end'];

function patchConnection(Connection: Constructor, tracing: MysqlTracing): Constructor {
  const owner = ownerOf(Connection, 'query');
  patchMethod(owner, 'query', (original) => wrapQuery(original, false, tracing));
  patchMethod(owner, 'execute', (original) => wrapQuery(original, true, tracing));
  patchMethod(owner, 'prepare', (original) => wrapPrepare(original, tracing));
  patchMethod(owner, 'connect', (original) => forgetCallback(keepContext(original)));
  for (const method of OTHER_CALLS) if (method in owner) patchMethod(owner, method, keepContext);
  return detach(Connection);
}

/** A callback waits for whoever gives a connection back; a pool looks after its idle ones by a timer. */
function patchPool(Pool: Constructor): Constructor {
  for (const method of ['getConnection', 'end']) patchMethod(ownerOf(Pool, method), method, keepContext);
  return detach(Pool);
}

export { create as createMysql } from './mysql.js';

export const create: CreateInstrumentation = (context) => {
  const faults = new Faults('mysql2', context.log);
  const sql = new SqlTracing(MYSQL2.scope, 'mysql', context);
  const tracing: MysqlTracing = { sql, faults, callbackKey: 'onResult' };
  const { module, versions } = MYSQL2;
  return {
    targets: [
      {
        module,
        versions,
        file: 'lib/connection.js',
        patch: (exports) => patchConnection(exports as Constructor, tracing),
      },
      { module, versions, file: 'lib/pool.js', patch: (exports) => patchPool(exports as Constructor) },
    ],
  };
};
