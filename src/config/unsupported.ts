/**
 * One line per capability that comes later and that the user has set something for.
 */
import { findVariable } from './env-table.js';
import { parseByRow, parseWords } from './parse-row.js';
import { type Settings, type SetValue, show } from './settings.js';
import type { Capability, Variable } from './variable.js';

interface Notice {
  readonly severity: 'info' | 'warn' | 'debug';
  readonly instead: string;
  /** When this exporter is `none` the user has already switched the capability off. */
  readonly switchedBy?: string;
}

const NOTICES: Readonly<Record<Capability, Notice>> = {
  metrics: { severity: 'info', instead: 'no metrics are sent', switchedBy: 'OTEL_METRICS_EXPORTER' },
  logs: { severity: 'info', instead: 'no log records are sent', switchedBy: 'OTEL_LOGS_EXPORTER' },
  'log correlation fields': { severity: 'info', instead: 'the usual field names are used' },
  'declarative configuration': {
    severity: 'warn',
    instead: 'the file is not read and the OTEL_* variables apply',
  },
  entities: { severity: 'info', instead: 'they are ignored' },
  'semantic convention opt-in': { severity: 'debug', instead: 'what each instrumentation emits does not change' },
  'Zipkin protocols': { severity: 'info', instead: 'http/json is used' },
};

type Effect = 'none' | 'unnoticed' | 'noticed';

/** Checks the variables of later capabilities that are set, and reports those that would matter. */
export function reportUnsupported(settings: Settings): void {
  const byCapability = new Map<Capability, SetValue[]>();
  const noticed = new Set<Capability>();
  for (const value of settings.values()) {
    const row = findVariable(value.name);
    if (row?.later === undefined) continue;
    const effect = effectOf(settings, row, value);
    if (effect === 'none') continue;
    if (effect === 'noticed') noticed.add(row.later);
    byCapability.set(row.later, [...(byCapability.get(row.later) ?? []), value]);
  }
  for (const [capability, values] of byCapability) {
    const { severity, instead, switchedBy } = NOTICES[capability];
    if (switchedBy !== undefined && settings.isNone(switchedBy)) continue;
    const names = values.map((value) => value.name);
    const message = `${names.join(', ')}: ${capability} not supported yet; ${instead}`;
    report(settings, noticed.has(capability) ? severity : 'debug', names[0] as string, message);
  }
}

function report(settings: Settings, severity: Notice['severity'], variable: string, message: string): void {
  if (severity === 'warn') settings.report('warn', 'TA1104', variable, message);
  else if (severity === 'info') settings.report('info', 'TA1103', variable, message);
  else settings.report('debug', 'TA1105', variable, message);
}

/** What a working capability would make of the value: nothing, what it does anyway, or something to be missed. */
function effectOf(settings: Settings, row: Variable, value: SetValue): Effect {
  const parsed = parseByRow(row, value.text);
  if (!parsed.ok) {
    const gap = parsed.reason.startsWith(':') ? '' : ' ';
    settings.report('warn', 'TA1101', value.name, `${show(value)}${gap}${parsed.reason}; ignored`);
    return 'none';
  }
  if (row.type === 'boolean' && parsed.value === row.default) return 'none';
  if (row.type === 'enum list') {
    const words = parseWords(row, value.text).accepted;
    if (words.includes('none') || words.length === 0) return 'none';
  }
  return String(parsed.value) === String(row.default) ? 'unnoticed' : 'noticed';
}
