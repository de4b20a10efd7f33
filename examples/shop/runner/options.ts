/**
 * The command line of the demo, and the environment that its children get. Runner process only.
 */
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';

export interface DemoOptions {
  readonly shopDir: string;
  readonly agentFile: string;
  readonly isVerbose: boolean;
  /** How long to wait for the spans of a request. */
  readonly waitMillis: number;
  readonly databaseUrl: string | undefined;
  /** The user's variables without OTEL_* and NODE_OPTIONS, so that the demo is the same everywhere. */
  readonly env: Readonly<Record<string, string>>;
}

/** Reads `process.argv` and `process.env` as given. Throws an Error that tells the user what to do. */
export function readOptions(root: string, argv: readonly string[], env: NodeJS.ProcessEnv): DemoOptions {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      agent: { type: 'string', default: join(root, 'dist', 'register.js') },
      verbose: { type: 'boolean', default: false },
      wait: { type: 'string', default: '10' },
    },
  });
  const agentFile = resolve(values.agent);
  if (!existsSync(agentFile)) throw new Error(`there is no agent at ${agentFile}: run "npm run build" first`);
  const waitMillis = Number(values.wait) * 1000;
  if (!(waitMillis > 0)) throw new Error(`--wait takes seconds, not "${values.wait}"`);
  return {
    shopDir: join(root, 'examples', 'shop'),
    agentFile,
    isVerbose: values.verbose,
    waitMillis,
    databaseUrl: env.DATABASE_URL || undefined,
    env: cleanEnvironment(env),
  };
}

function cleanEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const ours = /^(OTEL_|NODE_OPTIONS$|DATABASE_URL$|PORT$|HOST$)/;
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined || ours.test(name) ? [] : [[name, value]])),
  );
}
