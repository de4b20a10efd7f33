/**
 * Installs what a run needs into the bench's own folders, from their lock files: the applications' libraries, each rival
 * alone, the bench's tools. Folders that are up to date are left alone. `node bench/install.mjs` installs all of it.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BENCH, RIVALS } from './agents.mjs';

/** Keeps the lock file that an installation was made from. */
const STAMP = 'node_modules/.installed-lock.json';

function isCurrent(folder) {
  const stamp = join(folder, STAMP);
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === readFileSync(join(folder, 'package-lock.json'), 'utf8');
}

/** The environment without what an outer `npm run` says of its own project. */
function npmEnvironment() {
  const entries = Object.entries(process.env);
  return Object.fromEntries(entries.filter(([name]) => !/^npm_(package|lifecycle|config_local_prefix)/.test(name)));
}

function install(folder) {
  if (isCurrent(folder)) return;
  process.stdout.write(`installing ${folder.slice(BENCH.length + 1) || 'bench'}\n`);
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: folder, env: npmEnvironment(), stdio: 'inherit' });
  if (status !== 0) throw new Error(`npm ci failed in ${folder}`);
  writeFileSync(join(folder, STAMP), readFileSync(join(folder, 'package-lock.json')));
}

/** The applications' libraries, the agents' installations, and with rivals or for charts the bench's own tools. */
export function installAll(agents, { hasTools = true } = {}) {
  install(join(BENCH, 'apps'));
  for (const { folder } of agents) if (folder !== undefined) install(join(BENCH, 'rivals', folder));
  if (hasTools) install(BENCH);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) installAll(RIVALS);
