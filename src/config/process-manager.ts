/**
 * What PM2 hides from a preload: it runs an application inside a file of its own, and in cluster mode it puts the
 * application's environment into place only after the preloads. Reads nothing but its argument; never throws.
 */

export interface ManagedProcess {
  /** The environment as the application will see it. */
  readonly env: NodeJS.ProcessEnv;
  /** The application's entry file; undefined when no process manager hides it. */
  readonly entryFile: string | undefined;
}

const CONTAINER = /[\\/]pm2[\\/]lib[\\/]ProcessContainer(Fork)?\.js$/;

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** PM2: `pm2_env` is JSON that ProcessContainer.js copies into process.env; ProcessContainerFork.js has it there. */
export function inspectManager(env: NodeJS.ProcessEnv, entry: string | undefined): ManagedProcess {
  if (!entry?.includes('ProcessContainer') || !CONTAINER.test(entry)) return { env, entryFile: undefined };
  const own = Object.entries(parseObject(env.pm2_env ?? '')).filter(([, value]) => typeof value === 'string');
  const merged = { ...env, ...(Object.fromEntries(own) as NodeJS.ProcessEnv) };
  return { env: merged, entryFile: merged.pm_exec_path };
}
