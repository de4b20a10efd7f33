/** `trace-agent run`: the application with the agent in it, everything else as it would be. Command line program. */
import { childEnvironment, readCommandLineEnvironment } from '../config/command-line.js';
import { codeOf, exitOf, start } from './child.js';
import { withAgent } from './preload.js';

const FORWARDED = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR2'] as const;

/** Resolves with the exit code; a signal that ended the application ends this process too. */
export async function run(words: readonly string[], registerFile: string): Promise<number> {
  const NODE_OPTIONS = withAgent(readCommandLineEnvironment().nodeOptions, registerFile);
  const child = start(words, { stdio: 'inherit', env: childEnvironment({ NODE_OPTIONS }) });
  for (const signal of FORWARDED) {
    process.on(signal, () => {
      // A terminal sends Ctrl-C to both of us; twice would cut the application's end short.
      if (signal !== 'SIGINT' || process.stdin.isTTY !== true) child.kill(signal);
    });
  }
  const exit = await exitOf(child);
  if (exit.kind === 'not started') process.stderr.write(`trace-agent: ${exit.error.message}\n`);
  if (exit.kind === 'signal') {
    for (const signal of FORWARDED) process.removeAllListeners(signal);
    process.kill(process.pid, exit.signal);
  }
  return codeOf(exit);
}
