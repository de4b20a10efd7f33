/**
 * Which instrumentations are on, and what they record.
 */
import { findVariable } from './env-table.js';
import { findInstrumentation, INSTRUMENTATION_NAMES, switchedInstrumentation } from './instrumentation-names.js';
import { parseBoolean, parseList } from './parse.js';
import { joinReasons, quote } from './redact.js';
import { type Settings, show } from './settings.js';
import { nearest } from './suggest.js';
import type { HttpConfig, InstrumentationsConfig } from './types.js';

const HEADER_NAME = /^[!#$%&'+\-.^_`|~0-9a-z]+$/;

type OptIn = typeof import('./opt-in.js');

const PREFIX = 'OTEL_INSTRUMENTATION_';

/** A variable that may be an option of an official instrumentation: not one with a row, nor a switch. */
export function mayBeOption(name: string): boolean {
  return name.startsWith(PREFIX) && findVariable(name) === undefined && switchedInstrumentation(name) === undefined;
}

export function readInstrumentations(settings: Settings): InstrumentationsConfig {
  const official = readOfficial(settings);
  const hasMiddlewareSpans = settings.boolean('OTEL_NODE_MIDDLEWARE_SPANS');
  return {
    isDefaultEnabled: settings.boolean('OTEL_INSTRUMENTATION_COMMON_DEFAULT_ENABLED'),
    enabled: readNames(settings, 'OTEL_NODE_ENABLED_INSTRUMENTATIONS'),
    disabled: readNames(settings, 'OTEL_NODE_DISABLED_INSTRUMENTATIONS') ?? [],
    official,
    extra: settings.list('OTEL_NODE_EXTRA_INSTRUMENTATIONS') ?? [],
    options: readOptions(settings, { official, hasMiddlewareSpans }),
    switches: readSwitches(settings),
    hasMiddlewareSpans,
  };
}

function readOfficial(settings: Settings): readonly string[] {
  const names = readNames(settings, 'OTEL_NODE_OFFICIAL_INSTRUMENTATIONS') ?? [];
  const value = settings.find('OTEL_NODE_OFFICIAL_INSTRUMENTATIONS');
  if (value === undefined) return names;
  return (require('./opt-in.js') as OptIn).keepOfficial(settings, value, names);
}

function readOptions(
  settings: Settings,
  choice: Pick<InstrumentationsConfig, 'official' | 'hasMiddlewareSpans'>,
): InstrumentationsConfig['options'] {
  for (const { name } of settings.values()) {
    if (mayBeOption(name)) return (require('./opt-in.js') as OptIn).readOptions(settings, choice);
  }
  return {};
}

/** Undefined when unset, or when none of the names is known: a typing error must not switch everything off. */
function readNames(
  settings: Settings,
  variable: `OTEL_NODE_${'ENABLED' | 'DISABLED' | 'OFFICIAL'}_INSTRUMENTATIONS`,
): readonly string[] | undefined {
  const value = settings.find(variable);
  if (value === undefined) return undefined;
  const words = parseList(value.text);
  if (words.some((word) => word.toLowerCase() === 'none')) return [];
  const unknown = words.filter((word) => findInstrumentation(word) === undefined);
  const names = words.map(findInstrumentation).filter((name) => name !== undefined);
  const used = names.length > 0 ? [...new Set(names)] : undefined;
  if (unknown.length > 0) {
    const reason = `: ${joinReasons(unknown.map(describeUnknown))}`;
    settings.reportBadValue(value, reason, used?.join(',') ?? 'the default');
  }
  return used;
}

function describeUnknown(word: string): string {
  const suggestion = nearest(word.toLowerCase(), INSTRUMENTATION_NAMES);
  return `no instrumentation ${quote(word)}${suggestion === undefined ? '' : ` (did you mean ${suggestion}?)`}`;
}

function readSwitches(settings: Settings): Record<string, boolean> {
  const switches: Record<string, boolean> = {};
  for (const value of settings.values()) {
    const name = switchedInstrumentation(value.name);
    if (name === undefined) continue;
    const parsed = parseBoolean(value.text);
    if (parsed.ok) switches[name] = parsed.value;
    else settings.report('warn', 'TA1101', value.name, `${show(value)} ${parsed.reason}; using the default of ${name}`);
  }
  return switches;
}

export function readHttp(settings: Settings): HttpConfig {
  return {
    clientRequestHeaders: readHeaderNames(settings, 'OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_REQUEST_HEADERS'),
    clientResponseHeaders: readHeaderNames(settings, 'OTEL_INSTRUMENTATION_HTTP_CLIENT_CAPTURE_RESPONSE_HEADERS'),
    serverRequestHeaders: readHeaderNames(settings, 'OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_REQUEST_HEADERS'),
    serverResponseHeaders: readHeaderNames(settings, 'OTEL_INSTRUMENTATION_HTTP_SERVER_CAPTURE_RESPONSE_HEADERS'),
    knownMethods: settings.list('OTEL_INSTRUMENTATION_HTTP_KNOWN_METHODS'),
    excludedIncomingUrls: readPatterns(settings, 'OTEL_NODE_EXCLUDED_URLS', 'OTEL_NODE_EXCLUDED_URLS_INCOMING'),
    excludedOutgoingUrls: readPatterns(settings, 'OTEL_NODE_EXCLUDED_URLS', 'OTEL_NODE_EXCLUDED_URLS_OUTGOING'),
    isProbeExcluded: settings.boolean('OTEL_NODE_EXCLUDE_PROBES'),
    sensitiveQueryParameters:
      settings.list('OTEL_INSTRUMENTATION_SANITIZATION_URL_EXPERIMENTAL_SENSITIVE_QUERY_PARAMETERS') ?? [],
  };
}

type HeaderVariable = `OTEL_INSTRUMENTATION_HTTP_${'CLIENT' | 'SERVER'}_CAPTURE_${'REQUEST' | 'RESPONSE'}_HEADERS`;

/** Lower case. `*` is refused: recording all headers would record credentials. */
function readHeaderNames(settings: Settings, variable: HeaderVariable): readonly string[] {
  const value = settings.find(variable);
  if (value === undefined) return [];
  const names = parseList(value.text.toLowerCase());
  const bad = names.filter((name) => !HEADER_NAME.test(name));
  const good = names.filter((name) => HEADER_NAME.test(name));
  if (bad.length > 0) {
    const reason = `: ${joinReasons(bad.map((name) => `${quote(name)} is not a header name`))}`;
    settings.reportBadValue(value, reason, good.length > 0 ? 'the others' : 'no header');
  }
  return good;
}

type PatternVariable = `OTEL_NODE_EXCLUDED_URLS${'' | '_INCOMING' | '_OUTGOING'}`;

function isRegularExpression(pattern: string): boolean {
  return pattern.startsWith('^') || pattern.endsWith('$');
}

function compiles(pattern: string): boolean {
  try {
    return new RegExp(pattern) !== undefined;
  } catch {
    return false;
  }
}

/** The patterns of several variables together; a regular expression that does not compile is reported and left out. */
function readPatterns(settings: Settings, ...variables: PatternVariable[]): readonly string[] {
  return variables.flatMap((variable) => {
    const value = settings.find(variable);
    if (value === undefined) return [];
    const patterns = parseList(value.text);
    const bad = patterns.filter((pattern) => isRegularExpression(pattern) && !compiles(pattern));
    if (bad.length === 0) return patterns;
    const reason = `: ${joinReasons(bad.map((pattern) => `${quote(pattern)} is no regular expression`))}`;
    const good = patterns.filter((pattern) => !bad.includes(pattern));
    settings.reportBadValue(value, reason, good.length > 0 ? 'the others' : 'none');
    return good;
  });
}
