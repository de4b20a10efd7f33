/** Finds out whether packages are installed, without loading or resolving anything. Never throws. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * True when one of the packages lies in a `node_modules` folder at or above `folder`, or when that cannot be told
 * because packages are not in such folders (Yarn's Plug'n'Play).
 */
export function isAnyInstalled(packages: readonly string[], folder: string): boolean {
  if (packages.length === 0) return false;
  if (process.versions.pnp !== undefined) return true;
  for (let current = folder; ; current = dirname(current)) {
    for (const name of packages) if (existsSync(join(current, 'node_modules', name))) return true;
    if (current === dirname(current)) return false;
  }
}
