/**
 * OTEL_INSTRUMENTATION_<NAME>_<OPTION> -> the configuration objects of official instrumentations; which of those are wanted
 * and there. Loaded only when such a variable is set.
 */
import {
  FRAMEWORKS,
  findOption,
  type InstrumentationOption,
  OWN_INSTRUMENTATIONS,
  WITHOUT_OFFICIAL,
} from './instrumentation-options.js';
import { type Parsed, parseBoolean, parseList, parseWord } from './parse.js';
import { joinReasons, quote } from './redact.js';
import type { Settings, SetValue } from './settings.js';
import type { InstrumentationsConfig } from './types.js';

type OptionValue = boolean | number | string | readonly string[];
type Nested = { [name: string]: OptionValue | Nested };

/** Of what is configured besides, only what decides which instrumentation runs. */
type Choice = Pick<InstrumentationsConfig, 'official' | 'hasMiddlewareSpans'>;

/** The names without those that only an instrumentation of ours is for, each of which is reported. */
export function keepOfficial(settings: Settings, value: SetValue, names: readonly string[]): readonly string[] {
  const missing = names.filter((name) => WITHOUT_OFFICIAL.includes(name));
  if (missing.length === 0) return names;
  const reason = `: this package has no official instrumentation of ${missing.join(', ')}`;
  settings.reportBadValue(value, reason, `its own for ${missing.join(', ')}`);
  return names.filter((name) => !missing.includes(name));
}

/** By instrumentation, as its package takes them. */
export function readOptions(settings: Settings, choice: Choice): Record<string, Nested> {
  const all: Record<string, Nested> = {};
  for (const value of settings.values()) {
    const option = findOption(value.name);
    if (option === undefined) continue;
    const parsed = parseOption(option, value.text);
    if (!parsed.ok) {
      settings.reportBadValue(value, parsed.reason, `the default of ${option.instrumentation}`);
      continue;
    }
    const config = all[option.instrumentation] ?? {};
    all[option.instrumentation] = config;
    setAt(config, option.option.split('.'), parsed.value);
    reportIdle(settings, value, option.instrumentation, choice);
  }
  return all;
}

function parseOption({ type, allowed }: InstrumentationOption, text: string): Parsed<OptionValue> {
  switch (type) {
    case 'boolean':
      return parseBoolean(text);
    case 'integer': {
      const number = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return Number.isNaN(number) ? { ok: false, reason: 'is not a whole number' } : { ok: true, value: number };
    }
    case 'list':
      return allowed === undefined ? { ok: true, value: parseList(text) } : parseWordList(text, allowed);
    case 'string':
      return { ok: true, value: text };
  }
}

function parseWordList(text: string, allowed: readonly string[]): Parsed<readonly string[]> {
  const words: string[] = [];
  const reasons: string[] = [];
  for (const element of parseList(text)) {
    const word = parseWord(element, allowed);
    if (word.ok) words.push(word.value);
    else reasons.push(`${quote(element)} ${word.reason}`);
  }
  return reasons.length > 0 ? { ok: false, reason: `: ${joinReasons(reasons)}` } : { ok: true, value: words };
}

function setAt(config: Nested, [name = '', ...rest]: readonly string[], value: OptionValue): void {
  if (rest.length === 0) {
    config[name] = value;
    return;
  }
  const inner = (config[name] ?? {}) as Nested;
  config[name] = inner;
  setAt(inner, rest, value);
}

/** The option is of an instrumentation that does not run: ours is in its place. */
function reportIdle(settings: Settings, value: SetValue, name: string, { official, hasMiddlewareSpans }: Choice): void {
  const isFramework = FRAMEWORKS.includes(name);
  const isOurs = OWN_INSTRUMENTATIONS.includes(name) || (isFramework && !hasMiddlewareSpans);
  if (!isOurs || official.includes(name)) return;
  const also = isFramework ? ', or set OTEL_NODE_MIDDLEWARE_SPANS=true' : '';
  const advice = `add ${name} to OTEL_NODE_OFFICIAL_INSTRUMENTATIONS to have the official one${also}`;
  const text = `${value.name} has no effect: ${name} is traced by this package's own instrumentation; ${advice}`;
  settings.report('info', 'TA1122', value.name, text);
}
