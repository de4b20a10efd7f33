/**
 * The agent's own messages: one line each, stderr only, filtered by level. Main thread; imports nothing of ours.
 * Writes with `fs.writeSync` because the `process.stderr` getter loads `tty` and `net` before they can be patched.
 */
import { writeSync } from 'node:fs';

export type LogThreshold = 'none' | 'error' | 'warn' | 'info' | 'debug' | 'verbose' | 'all';
export type LogSeverity = 'error' | 'warn' | 'info' | 'debug';

/** Writes one finished line (with its newline). Must not throw. */
export type LineWriter = (line: string) => void;

export interface Log {
  /** A fault the user must act on. */
  error(message: string): void;
  warn(message: string): void;
  /** The start line and one-time notices. */
  info(message: string): void;
  debug(message: string): void;
  /** True when a message of this severity would be written: ask before building a costly one. */
  isEnabled(severity: LogSeverity): boolean;
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

const PREFIX = 'trace-agent';

function writeToStderr(line: string): void {
  try {
    writeSync(2, line);
  } catch {
    // A closed or full stderr (EBADF, EPIPE, EAGAIN) must never reach the application.
  }
}

/** Creates a log that writes `trace-agent <severity>: <message>` lines at or above the threshold. Never throws. */
export function createLog(threshold: LogThreshold, write: LineWriter = writeToStderr): Log {
  const rank = RANK[threshold];
  const emit = (severity: LogSeverity, message: string): void => {
    if (RANK[severity] > rank) return;
    const label = severity === 'info' ? PREFIX : `${PREFIX} ${severity}`;
    write(`${label}: ${message.replace(/[\r\n]+/g, ' ')}\n`);
  };
  return {
    error: (message) => emit('error', message),
    warn: (message) => emit('warn', message),
    info: (message) => emit('info', message),
    debug: (message) => emit('debug', message),
    isEnabled: (severity) => RANK[severity] <= rank,
  };
}
