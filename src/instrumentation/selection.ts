/**
 * Which table entries run, from the three variables that select instrumentations. Pure.
 *
 * Later rules win: default -> OTEL_NODE_ENABLED_INSTRUMENTATIONS (only those) -> OTEL_INSTRUMENTATION_<NAME>_ENABLED
 * -> OTEL_NODE_DISABLED_INSTRUMENTATIONS.
 */
import type { AgentConfig } from '../config/types.js';
import type { TableEntry } from './table.js';

function isSelected(entry: TableEntry, config: AgentConfig['instrumentations']): boolean {
  if (config.disabled.includes(entry.name)) return false;
  if (entry.makesMiddlewareSpansOnly === true && !config.hasMiddlewareSpans) return false;
  const own = config.switches[entry.name];
  if (own !== undefined) return own;
  if (config.enabled !== undefined) return config.enabled.includes(entry.name);
  return config.isDefaultEnabled && entry.isOffByDefault !== true;
}

function isPropagating({ propagates }: TableEntry, config: AgentConfig): boolean {
  return typeof propagates === 'function' ? propagates(config) : propagates === true;
}

/** The entries to listen for; with the SDK disabled only those that carry context between processes. */
export function selectInstrumentations(table: readonly TableEntry[], config: AgentConfig): readonly TableEntry[] {
  return table.filter(
    (entry) => (!config.isSdkDisabled || isPropagating(entry, config)) && isSelected(entry, config.instrumentations),
  );
}
