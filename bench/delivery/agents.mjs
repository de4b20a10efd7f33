/** The agents under test: how each is preloaded and what each needs in its environment. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const COMMON = { OTEL_SERVICE_NAME: 'bench', OTEL_METRICS_EXPORTER: 'none', OTEL_LOGS_EXPORTER: 'none' };

export const ROOT = join(here, '../..');
export const BARE = { name: 'bare', preload: undefined, env: {} };
export const OURS = { name: 'trace-agent', preload: join(ROOT, 'dist/register.js'), env: COMMON };

/** auto-instrumentations-node as installed in this folder; throws with the command when it is not. */
export function upstream() {
  try {
    const preload = require.resolve('@opentelemetry/auto-instrumentations-node/register');
    if (!preload.startsWith(here)) throw new Error('found elsewhere');
    const { version } = require(join(here, 'node_modules/@opentelemetry/auto-instrumentations-node/package.json'));
    return { name: `auto-instrumentations-node ${version}`, preload, env: COMMON };
  } catch (error) {
    throw new Error(`run "npm ci" in bench/delivery first (${error.message})`);
  }
}
