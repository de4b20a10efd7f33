/**
 * Where things are, found from the compiled test files. Tests never depend on the working directory.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The repository's folder. */
export const ROOT = findRoot(__dirname);
/** The shipped preload entry. */
export const AGENT_ENTRY = join(ROOT, 'dist', 'register.js');
/** Applications for process tests; plain JavaScript, not compiled. */
export const FIXTURES = join(ROOT, 'test', 'fixtures');
export const GOLDEN = join(ROOT, 'test', 'golden');

function findRoot(start: string): string {
  let folder = start;
  // build/ has no package.json of its own, so the nearest one is the repository's.
  while (!existsSync(join(folder, 'package.json'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`no package.json above ${start}`);
    folder = parent;
  }
  return resolve(folder);
}
