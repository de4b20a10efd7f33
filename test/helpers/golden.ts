/**
 * Expected output in files under test/golden, compared as a whole and updated only on purpose.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Test } from 'tap';
import { GOLDEN, ROOT } from './paths.js';

/**
 * Compares a text with test/golden/<name> as one assertion of `t`, after `read` if the text stands for something else.
 * UPDATE_GOLDEN=1 writes the file first; without a file the assertion fails and says so.
 */
export function goldenFile(t: Test, name: string, actual: string, read: (text: string) => unknown = String): void {
  const file = join(GOLDEN, name);
  if (process.env.UPDATE_GOLDEN === '1') {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, actual);
  }
  if (!existsSync(file)) {
    t.fail(`${relative(ROOT, file)} does not exist: run with UPDATE_GOLDEN=1 and review it`, { actual });
    return;
  }
  t.strictSame(read(actual), read(readFileSync(file, 'utf8')), `golden ${name}`);
}
