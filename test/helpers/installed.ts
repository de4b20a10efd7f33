/**
 * Programs in .servers/ that scripts/install-servers.mjs builds or fetches: the OpenTelemetry Collector, Jaeger, Zipkin and
 * what the tests of other languages run.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { ROOT } from './paths.js';

/** A folder of .servers/. */
export type Part = 'go' | 'jaeger' | 'java' | 'python';

export const SERVERS = join(ROOT, '.servers');

/** True when all `parts` are installed. If not, `t` gets a skip with the reason; with CI in the environment it throws. */
export function installedOrSkip(t: Test, ...parts: Part[]): boolean {
  const missing = parts.filter((part) => !existsSync(join(SERVERS, part, '.installed')));
  if (missing.length === 0) return true;
  const reason = `not installed: node scripts/install-servers.mjs ${missing.join(' ')}`;
  if (process.env.CI) throw new Error(reason);
  t.pass('needs programs of other languages', { skip: reason });
  return false;
}
