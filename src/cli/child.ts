/** Starts the user's command. Command line program. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { extname } from 'node:path';

const SCRIPT = new Set(['.js', '.cjs', '.mjs', '.ts', '.cts', '.mts']);

/**
 * `app.js` and `--node-flag app.js` run under this Node.js; anything else (`node app.js`, `npm start`) is a command of its
 * own.
 */
export function commandOf(words: readonly string[]): { readonly file: string; readonly args: readonly string[] } {
  const [first = ''] = words;
  const isScript = first.startsWith('-') || SCRIPT.has(extname(first)) || (/[\\/]/.test(first) && isPlainFile(first));
  return isScript ? { file: process.execPath, args: words } : { file: first, args: words.slice(1) };
}

/** A path without a known ending: Node.js runs it when it exists only with `.js` added, too. */
function isPlainFile(path: string): boolean {
  return !existsSync(path) && existsSync(`${path}.js`);
}

export function start(words: readonly string[], options: SpawnOptions): ChildProcess {
  const { file, args } = commandOf(words);
  return spawn(file, [...args], options);
}

export type Exit =
  | { readonly kind: 'exit'; readonly code: number }
  | { readonly kind: 'signal'; readonly signal: NodeJS.Signals }
  | { readonly kind: 'not started'; readonly error: NodeJS.ErrnoException };

export function exitOf(child: ChildProcess): Promise<Exit> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not started', error }));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { kind: 'exit', code: code ?? 0 } : { kind: 'signal', signal }),
    );
  });
}

/** As a shell shows it: 128 and the number of the signal, 127 for what cannot be started. */
export function codeOf(exit: Exit): number {
  if (exit.kind === 'exit') return exit.code;
  if (exit.kind === 'signal') return 128 + (constants.signals[exit.signal] ?? 0);
  return exit.error.code === 'ENOENT' ? 127 : 126;
}
