/**
 * Preload entry for `--require`, `--import` and NODE_OPTIONS. Its compiled form must parse on Node 6 (ES2015 syntax), so
 * that an injected agent meets an old runtime with one line instead of a crash. Nothing may escape from here.
 */
import { loadCompiled } from './src/compiled.js';
import { isSwitchedOff, readEarlyVoice } from './src/config/early.js';
import { judge, STARTED_KEY } from './src/guard.js';
import { isMainThread } from './src/thread.js';

/** The agent's log may not be loadable: an unsupported runtime would not parse it. */
function say(code: 'TA1003' | 'TA1005', text: string): void {
  try {
    // "Cannot find module" comes with its require stack.
    const message = text.replace(/\s*[\r\n]+\s*/g, ' ');
    const voice = readEarlyVoice();
    if (voice.isSilent) return;
    const line = voice.isJson
      ? JSON.stringify({ time: new Date().toISOString(), logger: 'trace-agent', severity: 'error', code, message })
      : `trace-agent error ${code}: ${message}`;
    // Loaded here because an unsupported runtime has nothing else to write with before its own set-up is done.
    (require('node:fs') as typeof import('node:fs')).writeSync(2, `${line}\n`);
  } catch (_error) {
    // Without a usable stderr there is nobody to tell.
  }
}

/** A REPL: no file, no `-e`, and standard input is a terminal (or /dev/null) or `-i` asks for it. */
function isInteractive(): boolean {
  const host = process as unknown as { _eval?: string };
  // A worker thread does not know its file yet.
  if (process.argv[1] !== undefined || host._eval !== undefined || !isMainThread()) return false;
  if (process.execArgv.some((flag) => flag === '-i' || flag === '--interactive')) return true;
  try {
    return (require('node:fs') as typeof import('node:fs')).fstatSync(0).isCharacterDevice();
  } catch (_error) {
    return false;
  }
}

try {
  const key = Symbol.for(STARTED_KEY);
  const host = global as unknown as Record<symbol, unknown>;
  const verdict = judge({
    nodeVersion: process.versions.node,
    entry: process.argv[1],
    parameters: process.argv.slice(2),
    execArgv: process.execArgv,
    isInteractive: isInteractive(),
    isAlreadyStarted: host[key] !== undefined,
  });
  if (verdict.action === 'stand-aside') {
    if (verdict.notice !== undefined) say('TA1003', verdict.notice);
  } else if (!isSwitchedOff()) {
    Object.defineProperty(global, key, { value: true, configurable: true });
    const loadPlain = (): unknown => require('./src/agent.js');
    const agent = loadCompiled(__dirname, 'agent.js', require, loadPlain) as typeof import('./src/agent.js');
    agent.start(verdict.notice);
  }
} catch (error) {
  say('TA1005', `did not start, the application runs without traces: ${String(error)}`);
}
