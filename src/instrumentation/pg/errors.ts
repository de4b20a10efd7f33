/** What a PostgreSQL server says when it refuses a query. Pure. */
import type { ServerError } from '../sql/client-span.js';

/** Names of the SQLSTATEs that applications meet most. Spec: PostgreSQL, appendix A. */
const CONDITIONS: ReadonlyMap<string, string> = new Map([
  ['22001', 'string_data_right_truncation'],
  ['22003', 'numeric_value_out_of_range'],
  ['22007', 'invalid_datetime_format'],
  ['22012', 'division_by_zero'],
  ['22P02', 'invalid_text_representation'],
  ['23502', 'not_null_violation'],
  ['23503', 'foreign_key_violation'],
  ['23505', 'unique_violation'],
  ['23514', 'check_violation'],
  ['25P02', 'in_failed_sql_transaction'],
  ['40001', 'serialization_failure'],
  ['40P01', 'deadlock_detected'],
  ['42501', 'insufficient_privilege'],
  ['42601', 'syntax_error'],
  ['42703', 'undefined_column'],
  ['42883', 'undefined_function'],
  ['42P01', 'undefined_table'],
  ['42P07', 'duplicate_table'],
  ['53300', 'too_many_connections'],
  ['55P03', 'lock_not_available'],
  ['57014', 'query_canceled'],
  ['57P01', 'admin_shutdown'],
]);

const SQLSTATE = /^[0-9A-Z]{5}$/;

/** Undefined for errors of the driver and of the network: `EPIPE` looks like a SQLSTATE, but has no severity. */
export function serverErrorOf(error: unknown): ServerError | undefined {
  const { code, severity } = (error ?? {}) as { code?: unknown; severity?: unknown };
  if (typeof code !== 'string' || typeof severity !== 'string' || !SQLSTATE.test(code)) return undefined;
  return { code, description: CONDITIONS.get(code) };
}
