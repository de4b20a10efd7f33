/**
 * The agent's own messages: one line each, stderr only, filtered by level, limited in number. Main thread; loads the
 * catalogue when a warning or an error is printed. Writes with `fs.writeSync` because the `process.stderr` getter loads
 * `tty` and `net` before they can be patched.
 */
import { writeSync } from 'node:fs';
import type { CatalogueEntry, Code, CodeOf, Severity } from './catalogue.js';
import { Limiter } from './limiter.js';
import { mask } from './mask.js';

export type LogThreshold = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';
export type LogFormat = 'text' | 'json';

/** Writes one finished line (with its newline). Must not throw. */
export type LineWriter = (line: string) => void;

/**
 * `key` names what must not be repeated often when the text differs each time (a count, a duration); default the text.
 * Returns false when the line was not written: below the level, or held back because it came before. Never throws.
 */
type Say<S extends Severity> = (code: CodeOf<S>, text: string, key?: string) => boolean;

/** How often a warning or an error came, written or not. */
export interface Tally {
  readonly code: Code;
  readonly severity: Severity;
  readonly key: string;
  /** The last one's, masked. */
  readonly text: string;
  readonly count: number;
}

export interface Log {
  /** A fault the user must act on. */
  readonly error: Say<'error'>;
  readonly warn: Say<'warn'>;
  /** The start line and one-time notices. */
  readonly info: Say<'info'>;
  readonly debug: Say<'debug'>;
  /** True when a message of this severity would be written: ask before building a costly one. */
  isEnabled(severity: Severity): boolean;
  /** False while a line with this code and key would be held back. */
  isDue(code: Code, key: string): boolean;
  /** Warnings and errors so far, first ones first. */
  tally(): readonly Tally[];
}

export interface LogOptions {
  readonly format?: LogFormat;
  /** Texts that must never appear in a line: header values, passwords in URLs. Asked before the first line. */
  readonly secrets?: () => readonly string[];
  readonly write?: LineWriter;
  /** Milliseconds; a clock that only goes forward. */
  readonly now?: () => number;
}

const RANK: Readonly<Record<LogThreshold, number>> = {
  none: 0,
  error: 1,
  warn: 2,
  info: 3,
  debug: 4,
  verbose: 5,
  all: 6,
};

/** Different messages that are counted. */
const MAX_TALLIES = 200;

const PREFIX = 'trace-agent';
/** Line breaks, what a terminal obeys, changes of direction: all but the printable. Without a flag, which costs a boot. */
const UNPRINTABLE = /[^ -~\u00a0-\u2027\u202f-\u2065\u2070-\uffff]+/g;
// Kept from the start: fake clocks of a test library must not silence the agent. Not `performance`, whose first use
// loads 1 ms of Node's code.
const hrtime = process.hrtime;
const monotonicNow = (): number => {
  const [seconds, nanos] = hrtime();
  return seconds * 1e3 + nanos / 1e6;
};

function writeToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // A closed or full stderr (EBADF, EPIPE, EAGAIN) must never reach the application.
  }
}

/** What to do, where the catalogue says that the line has it. Notices never do, so a healthy start loads nothing. */
function fixOf(severity: Severity, code: Code): string | undefined {
  if (severity === 'info' || severity === 'debug') return undefined;
  try {
    const { CATALOGUE } = require('./catalogue.js') as typeof import('./catalogue.js');
    const { isFixPrinted, fix }: CatalogueEntry = CATALOGUE[code];
    return isFixPrinted ? fix : undefined;
  } catch {
    // The package was removed under a running process: the line goes without its advice.
    return undefined;
  }
}

interface Line {
  readonly severity: Severity;
  readonly code: Code;
  readonly text: string;
  readonly fix: string | undefined;
}

function asText({ severity, code, text, fix }: Line): string {
  return `${PREFIX} ${severity} ${code}: ${fix === undefined ? text : `${text}; ${fix}`}`;
}

function asJson({ severity, code, text, fix }: Line): string {
  return JSON.stringify({ time: new Date().toISOString(), logger: PREFIX, severity, code, message: text, fix });
}

/**
 * Creates a log that writes `trace-agent <severity> <code>: <text>` lines, or JSON objects, at or above the threshold.
 * Never throws.
 */
export function createLog(threshold: LogThreshold, options: LogOptions = {}): Log {
  const { format = 'text', write = writeToStderr, now = monotonicNow } = options;
  const rank = RANK[threshold];
  const limiter = new Limiter(now);
  const tallies = new Map<string, Tally>();
  let secrets: readonly string[] | undefined;

  const cleaned = (text: string): string => {
    secrets ??= options.secrets?.() ?? [];
    return mask(text.replace(UNPRINTABLE, ' '), secrets);
  };
  const count = (severity: Severity, code: Code, text: string, key: string): void => {
    const id = `${code} ${key}`;
    const known = tallies.get(id);
    if (known === undefined && tallies.size >= MAX_TALLIES) return;
    tallies.set(id, { code, severity, key, text, count: (known?.count ?? 0) + 1 });
  };

  const say = (severity: Severity, code: Code, text: string, key = text): boolean => {
    if (RANK[severity] <= RANK.warn) count(severity, code, text, key);
    if (RANK[severity] > rank) return false;
    const suppressed = limiter.admit(`${code} ${key}`);
    if (suppressed === undefined) return false;
    const more = suppressed > 0 ? ` (and ${suppressed} more like this before)` : '';
    const line = { severity, code, text: cleaned(`${text}${more}`), fix: fixOf(severity, code) };
    write(`${format === 'json' ? asJson(line) : asText(line)}\n`);
    return true;
  };

  return {
    error: (code, text, key) => say('error', code, text, key),
    warn: (code, text, key) => say('warn', code, text, key),
    info: (code, text, key) => say('info', code, text, key),
    debug: (code, text, key) => say('debug', code, text, key),
    isEnabled: (severity) => RANK[severity] <= rank,
    isDue: (code, key) => limiter.isDue(`${code} ${key}`),
    tally: () => [...tallies.values()].map((tally) => ({ ...tally, text: cleaned(tally.text) })),
  };
}
