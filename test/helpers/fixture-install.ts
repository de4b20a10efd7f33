/**
 * Packages that are too heavy for the project's own devDependencies: a folder of test/fixtures with its own lock file,
 * installed when a test needs it, and again when the lock file has changed.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { FIXTURES } from './paths.js';

const STALE_LOCK_MILLIS = 300_000;

/**
 * Installs test/fixtures/<name> and returns its folder, or the reason why it could not be installed (no network). In CI
 * that throws instead: a test that silently skips proves nothing.
 */
export function installFixture(name: string): { readonly folder: string; readonly skip: string | false } {
  const folder = join(FIXTURES, name);
  const digest = createHash('sha256')
    .update(readFileSync(join(folder, 'package-lock.json')))
    .digest('hex');
  const marker = join(folder, 'node_modules', '.installed');
  const isCurrent = () => existsSync(marker) && readFileSync(marker, 'utf8') === digest;
  if (isCurrent()) return { folder, skip: false };
  try {
    // Test files run in parallel processes and may need the same folder.
    withLock(join(folder, '.installing.log'), () => {
      if (isCurrent()) return;
      install(folder);
      writeFileSync(marker, digest);
    });
    return { folder, skip: false };
  } catch (error) {
    if (process.env.CI) throw error;
    return { folder, skip: `npm ci in test/fixtures/${name} failed: ${String(error).slice(-300)}` };
  }
}

function install(folder: string): void {
  const npm = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
  // Running under npm, the runner has variables that name another project; tap would preload itself.
  const isForeign = (key: string) => /^npm_/i.test(key) && !/^npm_config_(registry|cache|cafile|.*proxy)$/i.test(key);
  const env = Object.fromEntries(Object.entries(process.env).filter(([key]) => !isForeign(key)));
  const command = ['-u', 'NODE_OPTIONS', process.execPath, npm, 'ci', '--ignore-scripts', '--loglevel=error'];
  execFileSync('/usr/bin/env', command, { cwd: folder, env, stdio: ['ignore', 'ignore', 'pipe'] });
}

function withLock(lock: string, run: () => void): void {
  while (!tryToLock(lock)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 250);
  try {
    run();
  } finally {
    rmdirSync(lock);
  }
}

function tryToLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    const { mtimeMs } = statSync(lock, { throwIfNoEntry: false }) ?? { mtimeMs: Date.now() };
    if (Date.now() - mtimeMs > STALE_LOCK_MILLIS) rmdirSync(lock);
    return false;
  }
}
