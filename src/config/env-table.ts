/**
 * Every variable the agent knows, as data. Parsing, messages, `docs/configuration.md` and tools derive from it.
 */
import type { Variable, VariableRows } from './variable.js';
import { GENERAL } from './variables/general.js';
import { LOGS, METRICS } from './variables/later.js';
import { AGENT, INSTRUMENTATIONS } from './variables/node.js';
import { OTLP, OTLP_TRACES } from './variables/otlp.js';
import { BATCH, EXPORTERS, LIMITS } from './variables/traces.js';

/** The rows that configuration is read from, by name. */
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

export type VariableTable = typeof VARIABLES;
export type VariableName = keyof VariableTable;

/** Names of the rows of one type, so that reading a variable as the wrong type does not compile. */
export type NamesOf<T extends Variable['type']> = {
  [N in VariableName]: VariableTable[N]['type'] extends T ? N : never;
}[VariableName];

/** All rows in the order of the documentation. */
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

const TABLES: readonly VariableRows[] = [VARIABLES, METRICS, LOGS];

/** Filled at the first name that is not a row's own: many processes never need it. */
let nameOfAlias: Map<string, string> | undefined;

function aliases(): ReadonlyMap<string, string> {
  if (nameOfAlias !== undefined) return nameOfAlias;
  nameOfAlias = new Map();
  for (const rows of TABLES) {
    for (const name of Object.keys(rows)) {
      for (const alias of rows[name]?.aliases ?? []) nameOfAlias.set(alias, name);
    }
  }
  return nameOfAlias;
}

function findRow(name: string): Variable | undefined {
  return TABLES.find((rows) => Object.hasOwn(rows, name))?.[name];
}

/** The row of a variable by its name or an alias; undefined when it is not known. */
export function findVariable(name: string): Variable | undefined {
  return findRow(name) ?? findRow(aliases().get(name) ?? '');
}

/** Every accepted name, aliases included. */
export function knownNames(): readonly string[] {
  return [...TABLES.flatMap((rows) => Object.keys(rows)), ...aliases().keys()];
}
