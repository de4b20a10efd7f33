/**
 * Where the measured applications are: a copy outside of this repository, whose own packages would be installed for them,
 * too, as Node.js looks for packages.
 */
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { BENCH } from '../agents.mjs';

const APPS = join(BENCH, 'apps');
const INSTALLED = 'node_modules';

let folder;

/** The path of a file of apps/ in the copy, which is removed when this process exits. */
export function application(file) {
  if (folder === undefined) {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'trace-agent-bench-')));
    process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    cpSync(APPS, folder, { recursive: true, filter: (source) => basename(source) !== INSTALLED });
    symlinkSync(join(APPS, INSTALLED), join(folder, INSTALLED));
  }
  return join(folder, file);
}
