/**
 * Every variable the agent knows, as data. Parsing, messages, `docs/configuration.md` and tools derive from it.
 */
import type { Variable, VariableRows } from './variable.js';
import { laterRows, VARIABLES } from './variables/rows.js';

export { VARIABLES };

export type VariableTable = typeof VARIABLES;
export type VariableName = keyof VariableTable;

/** Names of the rows of one type, so that reading a variable as the wrong type does not compile. */
export type NamesOf<T extends Variable['type']> = {
  [N in VariableName]: VariableTable[N]['type'] extends T ? N : never;
}[VariableName];

/** Filled at the first name that has no row to be read from: many processes never need it. */
let others: { readonly rows: VariableRows; readonly nameOfAlias: ReadonlyMap<string, string> } | undefined;

function withOthers(): NonNullable<typeof others> {
  if (others !== undefined) return others;
  const rows = laterRows();
  const nameOfAlias = new Map<string, string>();
  for (const known of [VARIABLES, rows] satisfies VariableRows[]) {
    for (const [name, { aliases }] of Object.entries<Variable>(known)) {
      for (const alias of aliases ?? []) nameOfAlias.set(alias, name);
    }
  }
  others = { rows, nameOfAlias };
  return others;
}

function findRow(name: string): Variable | undefined {
  if (Object.hasOwn(VARIABLES, name)) return (VARIABLES as VariableRows)[name];
  const { rows } = withOthers();
  return Object.hasOwn(rows, name) ? rows[name] : undefined;
}

/** The row of a variable by its name or an alias; undefined when it is not known. */
export function findVariable(name: string): Variable | undefined {
  return findRow(name) ?? findRow(withOthers().nameOfAlias.get(name) ?? '');
}

/** Every accepted name, aliases included. */
export function knownNames(): readonly string[] {
  const { rows, nameOfAlias } = withOthers();
  return [...Object.keys(VARIABLES), ...Object.keys(rows), ...nameOfAlias.keys()];
}
