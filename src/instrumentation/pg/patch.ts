/**
 * Traces pg: its client, the native one, and everything that is built on them. Loaded with pg. pg publishes on no
 * diagnostics channel; its pool is patched only to keep the context of callers out of what outlives them.
 */
import { keepContext, leaveContext } from '../caller-context.js';
import { type Constructor, Faults, patchMethod } from '../patch.js';
import { SqlTracing } from '../sql/client-span.js';
import { forgetCallback } from '../sql/forget-callback.js';
import type { CreateInstrumentation, PatchTarget } from '../types.js';
import { PG } from './manifest.js';
import type { PgTracing } from './operation.js';
import { type Class, patchPool } from './pool.js';
import { traceNativeQueries, traceQueries, wrapQuery } from './query.js';
import { patchCursor } from './submittable.js';

function patchClient(Client: Class, tracing: PgTracing): Class {
  patchMethod(Client.prototype, 'query', (original) => wrapQuery(original, tracing));
  // The socket and its listeners outlive the call, which may be that of a request.
  patchMethod(Client.prototype, 'connect', (original) => forgetCallback(keepContext(leaveContext(original))));
  patchMethod(Client.prototype, 'end', keepContext);
  return Client;
}

export const create: CreateInstrumentation = (context) => {
  const faults = new Faults('pg', context.log);
  const tracing: PgTracing = { sql: new SqlTracing(PG.scope, 'postgresql', context), faults, queryClasses: [] };

  const file = (name: string, patch: (exports: unknown) => unknown): PatchTarget => {
    return { module: PG.module, file: name, versions: PG.versions, patch };
  };
  const traceClass = (trace: typeof traceQueries) => (exports: unknown) => {
    if (typeof exports !== 'function') throw new TypeError('the query is no class');
    const Query = trace(exports as Constructor, tracing);
    tracing.queryClasses.push(Query);
    return Query;
  };

  return {
    targets: [
      // Before their clients, which take the query's class when they are loaded.
      file('lib/query.js', traceClass(traceQueries)),
      file('lib/native/query.js', traceClass(traceNativeQueries)),
      file('lib/client.js', (exports) => patchClient(exports as Class, tracing)),
      file('lib/native/client.js', (exports) => patchClient(exports as Class, tracing)),
      { ...PG.pool, patch: (exports) => patchPool(exports as Class) },
      { ...PG.cursor, patch: (exports) => patchCursor(exports as Class) },
    ],
  };
};
