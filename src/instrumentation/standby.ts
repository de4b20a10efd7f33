/**
 * What the instrumentations share with the registry, as one object for all files of the published package, which have a
 * copy of this module each. Imports nothing.
 */

export interface Standby {
  /** Has the agent stood down in favour of another tracer? Read in wrappers: one property. */
  isDown: boolean;
  /** While a patch runs: takes back what it has changed so far. */
  undo: (() => void)[] | undefined;
}

const KEY = Symbol.for('org.trace-agent.standby');
const host = globalThis as unknown as Record<symbol, Standby | undefined>;

function create(): Standby {
  const created: Standby = { isDown: false, undo: undefined };
  Object.defineProperty(globalThis, KEY, { value: created, configurable: true });
  return created;
}

export const standby: Standby = host[KEY] ?? create();

/** Runs a patch; when it throws, what it has changed by `patchMethod` is as it was before. */
export function allOrNothing<T>(patch: () => T): T {
  const outer = standby.undo;
  const undo: (() => void)[] = [];
  standby.undo = undo;
  try {
    return patch();
  } catch (error) {
    for (const remove of undo.reverse()) remove();
    throw error;
  } finally {
    standby.undo = outer;
  }
}
