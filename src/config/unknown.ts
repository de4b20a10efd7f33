/**
 * `OTEL_*` names nobody reads but that look like one of ours. Names near nothing are left alone: other languages'
 * agents, the Operator and the injector have variables of their own.
 */
import { findVariable, knownNames } from './env-table.js';
import { switchedInstrumentation, switchNames } from './instrumentation-names.js';
import { mayBeOption } from './instrumentations.js';
import { quote } from './redact.js';
import type { Settings } from './settings.js';
import { nearest, sameWords } from './suggest.js';

type OptIn = typeof import('./opt-in.js');

const optIn = (): OptIn => require('./opt-in.js') as OptIn;

const SWITCH_AFFIXES = /^OTEL_INSTRUMENTATION_|_ENABLED$/g;
/** Bounds the work at boot when an environment is full of such names. */
const MAX_NAMES = 50;

export function reportUnknown(settings: Settings): void {
  let examined = 0;
  for (const { name } of settings.values()) {
    if (isKnown(name) || ++examined > MAX_NAMES) continue;
    const suggestion = suggestName(name);
    if (suggestion === undefined) continue;
    const shown = /^\w+$/.test(name) ? name : quote(name);
    settings.report(
      'warn',
      'TA1102',
      name,
      `${shown} is not a known variable; did you mean ${suggestion}? It is ignored`,
    );
  }
}

function isKnown(name: string): boolean {
  if (findVariable(name) !== undefined || switchedInstrumentation(name) !== undefined) return true;
  return mayBeOption(name) && optIn().findOption(name) !== undefined;
}

function suggestName(name: string): string | undefined {
  const known = [...knownNames(), ...optionNames(name)];
  return nearest(name, known) ?? sameWords(name, known) ?? suggestSwitch(name);
}

function optionNames(name: string): readonly string[] {
  return mayBeOption(name) ? optIn().INSTRUMENTATION_OPTIONS.map(({ variable }) => variable) : [];
}

/** Compares the instrumentation names alone: `JMS` is as near to `DNS` as a typing error of a long name. */
function suggestSwitch(name: string): string | undefined {
  if (!name.startsWith('OTEL_INSTRUMENTATION_')) return undefined;
  const candidates = switchNames();
  if (!name.endsWith('_ENABLED')) return nearest(name, candidates);
  const parts = candidates.map((candidate) => candidate.replace(SWITCH_AFFIXES, ''));
  const found = nearest(name.replace(SWITCH_AFFIXES, ''), parts);
  return found === undefined ? undefined : candidates[parts.indexOf(found)];
}
