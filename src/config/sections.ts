/**
 * The table of variables as documentation shows it. Not loaded by the agent.
 */
import type { VariableRows } from './variable.js';
import { GENERAL } from './variables/general.js';
import { LOGS, METRICS } from './variables/later.js';
import { AGENT, INSTRUMENTATIONS } from './variables/node.js';
import { OTLP, OTLP_TRACES } from './variables/otlp.js';
import { BATCH, EXPORTERS, LIMITS } from './variables/traces.js';

/** All rows, in the order of the documentation. */
export const SECTIONS: readonly { readonly title: string; readonly rows: VariableRows }[] = [
  { title: 'General, resource, propagation, sampling', rows: GENERAL },
  { title: 'The agent in the process', rows: AGENT },
  { title: 'Trace exporters', rows: EXPORTERS },
  { title: 'OTLP', rows: OTLP },
  { title: 'OTLP for traces', rows: OTLP_TRACES },
  { title: 'Batches of spans', rows: BATCH },
  { title: 'Limits', rows: LIMITS },
  { title: 'Instrumentations', rows: INSTRUMENTATIONS },
  { title: 'Metrics (later)', rows: METRICS },
  { title: 'Logs (later)', rows: LOGS },
];
