/** What tests of the spool do with its folder, while another thread or process works in it. */
import { type Dirent, readdirSync, utimesSync } from 'node:fs';
import { join } from 'node:path';

/** What is in a folder; nothing when it is not there, or no longer: whoever delivers the last batch removes it. */
function entriesIn(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    return [];
  }
}

/** Every file below a folder, as paths. */
export function filesIn(folder: string): string[] {
  return entriesIn(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

/** Makes every lease look like that of a process that is gone, as 20 seconds without a sign of life do. */
export function abandon(directory: string): void {
  const longAgo = new Date(Date.now() - 60_000);
  for (const path of filesIn(directory)) if (path.endsWith('lease')) utimesSync(path, longAgo, longAgo);
}

/** Resolves when the condition holds; the test's own timeout ends a wait in vain. */
export async function until(isMet: () => boolean): Promise<void> {
  while (!isMet()) await new Promise((resolve) => setTimeout(resolve, 5));
}
