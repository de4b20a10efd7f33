/**
 * OTEL_EXPORTER_OTLP_[TRACES_]HEADERS. Values are secrets: messages name the key only, or the position when the key
 * itself might be part of one.
 */
import { type BadEntry, type KeyValueRules, parseKeyValues } from './key-values.js';
import { joinReasons } from './redact.js';
import type { Settings } from './settings.js';
import type { OtlpProtocol } from './types.js';

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const METADATA_KEY = /^[0-9a-zA-Z_.-]+$/;
/** What Node's http accepts in a header value. */
const HTTP_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const NO_VALUE = 'has no value';
const ONLY_PADDING = /^=*$/;
const METADATA_VALUE = /^[\x20-\x7e]*$/;

/** General and traces headers in one; a traces header replaces a general one of the same name in any case. */
export function readHeaders(settings: Settings, protocol: OtlpProtocol): Record<string, string> {
  const headers = new Map<string, readonly [name: string, value: string]>();
  for (const name of ['OTEL_EXPORTER_OTLP_HEADERS', 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'] as const) {
    const set = settings.find(name);
    if (set === undefined) continue;
    const { entries, bad } = parseKeyValues(set.text, rulesFor(protocol));
    for (const [key, value] of entries) headers.set(key.toLowerCase(), [key, value]);
    reportBadEntries(settings, set.name, bad);
    if (set.text.includes(';')) {
      settings.report(
        'info',
        'TA1114',
        set.name,
        `${set.name}: what follows a ";" is left out; write %3B for one in a value`,
      );
    }
  }
  return Object.fromEntries(headers.values());
}

function reportBadEntries(settings: Settings, name: string, bad: readonly BadEntry[]): void {
  if (bad.length === 0) return;
  const left = bad.length === 1 ? 'it is' : 'they are';
  const reasons = joinReasons(bad.map(describe));
  settings.report('warn', 'TA1113', name, `${name}: ${reasons}; ${left} not sent (write name=value,name=value)`);
}

function rulesFor(protocol: OtlpProtocol): KeyValueRules {
  const isGrpc = protocol === 'grpc';
  return {
    check(key, value) {
      if (!(isGrpc ? METADATA_KEY : TOKEN).test(key)) return 'has a name with characters that are not allowed';
      if (isGrpc && key.toLowerCase().endsWith('-bin')) return 'is binary metadata, which cannot be written as text';
      // `dG9rZW4=,bW9yZQ==`: tokens without a name, whose padding looks like a separator.
      if (ONLY_PADDING.test(value)) return NO_VALUE;
      if (!(isGrpc ? METADATA_VALUE : HTTP_VALUE).test(value))
        return 'has a value with characters that are not allowed';
      return undefined;
    },
    valueOf: (text) => text.split(';', 1)[0] ?? '',
  };
}

/** A "name" without a value may be a token that ends in `=`, so it is not shown either. */
function describe({ key, position, reason }: BadEntry): string {
  const isName = key !== undefined && TOKEN.test(key) && reason !== NO_VALUE;
  return isName ? `${key} ${reason}` : `entry ${position} ${reason}`;
}
