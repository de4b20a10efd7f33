/**
 * All rows that are read at run time, by name. The build writes this file down as plain data, without what only
 * documentation shows (scripts/build.mjs): putting it together takes half a millisecond of every start.
 */
import type { VariableRows } from '../variable.js';
import { GENERAL } from './general.js';
import { LOGS, METRICS } from './later.js';
import { AGENT, INSTRUMENTATIONS } from './node.js';
import { OTLP, OTLP_TRACES } from './otlp.js';
import { BATCH, EXPORTERS, LIMITS } from './traces.js';

/** The rows that configuration is read from. */
export const VARIABLES = {
  ...GENERAL,
  ...AGENT,
  ...EXPORTERS,
  ...OTLP,
  ...OTLP_TRACES,
  ...BATCH,
  ...LIMITS,
  ...INSTRUMENTATIONS,
} as const;

/** Those that are only checked. Made when asked for: few processes have one of them, or a name that none has. */
export const laterRows = (): VariableRows => ({ ...METRICS, ...LOGS });
