/**
 * Programs in .servers/ that scripts/install-servers.mjs builds or fetches: the OpenTelemetry Collector, Jaeger, Zipkin,
 * Cassandra, Elasticsearch, OpenSearch and what the tests of other languages run.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { ROOT } from './paths.js';

/** A folder of .servers/. */
export type Part = 'cassandra' | 'elasticsearch' | 'go' | 'jaeger' | 'java' | 'opensearch' | 'python';

export const SERVERS = join(ROOT, '.servers');

/** CI builds them from nothing while it runs the other tests. */
const INSTALL_MILLIS = 900_000;
const LOOK_MILLIS = 500;

function isInstalling(): boolean {
  try {
    return process.kill(Number(readFileSync(join(SERVERS, '.installing'), 'utf8')), 0);
  } catch {
    return false;
  }
}

/**
 * True when all `parts` are installed, which it waits for while they are being. If not, `test` gets a skip with the reason;
 * with CI in the environment it throws.
 */
export async function installedOrSkip(test: Test, ...parts: Part[]): Promise<boolean> {
  const isMissing = (part: Part): boolean => !existsSync(join(SERVERS, part, '.installed'));
  if (parts.some(isMissing) && isInstalling()) {
    t.setTimeout(INSTALL_MILLIS);
    test.setTimeout(INSTALL_MILLIS);
    while (parts.some(isMissing) && isInstalling()) await wait(LOOK_MILLIS);
  }
  const missing = parts.filter(isMissing);
  if (missing.length === 0) return true;
  const reason = `not installed: node scripts/install-servers.mjs ${missing.join(' ')}`;
  if (process.env.CI) throw new Error(reason);
  test.pass('needs programs of other languages', { skip: reason });
  return false;
}
