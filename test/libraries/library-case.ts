/**
 * What a test of one library is made from, and a row of the README's table (scripts/library-table.mjs). Data: the files
 * of this folder start nothing when they are imported.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hook } from '../helpers/containment.js';
import { FIXTURES, ROOT } from '../helpers/paths.js';
import type { Scenario } from '../helpers/scenario.js';

/** Folder of test/fixtures with the lowest supported releases, under their own names, and programs for them. */
export const LOWEST_FIXTURE = 'lowest';

export interface LibraryCase {
  /** The package's name, or what Node.js calls its own. */
  readonly library: string;
  /** Its entry in the table of instrumentations; several where it is traced by what it is built on. */
  readonly instrumentation: string | readonly string[];
  /** What answers: name, and version where the tests pin it. `none` where the library needs no server. */
  readonly server: string;
  /** True: not the server itself, but something that speaks its protocol. */
  readonly double?: true;
  /** Versions that the scenario runs, as `locked` reads them. */
  readonly tried: readonly string[];
  /** Further releases, which another test runs: folders in the project's node_modules that its source names. */
  readonly others?: { readonly test: string; readonly folders: readonly string[] };
  /** What it gets besides spans, or instead of them. */
  readonly gets?: string;
  /** Range of Node.js versions that the tried release runs on. */
  readonly needsNode?: string;
  readonly scenario: Omit<Scenario, 'nodes'>;
  /** There: the program of the same name runs the lowest supported release as well; what is not the same. */
  readonly lowest?: Partial<Omit<Scenario, 'nodes'>>;
  /** What of ours the instrumentation calls in this program: each throws in turn. Absent: another case shows it. */
  readonly meets?: readonly Hook[] | 'official';
  /** For those runs: what else the program loads must not break first, and less of it may be enough. */
  readonly broken?: Readonly<Record<string, string>>;
}

/** The cases of one test file. */
export type LibraryCases = readonly LibraryCase[];

interface LockFile {
  readonly packages: Readonly<Record<string, { readonly version?: string }>>;
}

/**
 * Versions of packages (by their folders in node_modules) that `npm ci` installs for the project, or for
 * test/fixtures/<fixture>. Throws for a package that is not locked.
 */
export function locked(folders: readonly string[], fixture?: string): string[] {
  const root = fixture === undefined ? ROOT : join(FIXTURES, fixture);
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as LockFile;
  return folders.map((folder) => {
    const version = packages[`node_modules/${folder}`]?.version;
    if (version === undefined) throw new Error(`${folder} is not in the lock file of ${fixture ?? 'the project'}`);
    return version;
  });
}
