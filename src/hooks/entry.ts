/**
 * What the process will run: its entry file, the nearest package.json and whether it is an ES module. Reads at most a
 * few small files; never throws.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, extname, join, resolve } from 'node:path';

export interface EntryPackage {
  readonly name: string | undefined;
  readonly version: string | undefined;
  readonly type: string | undefined;
}

export interface ProcessEntry {
  /** Absolute path; undefined for `-e`, a REPL or standard input. */
  readonly file: string | undefined;
  readonly package: EntryPackage | undefined;
  readonly isEsm: boolean;
}

const ESM_SYNTAX = /^\s*(?:import\s*[\w${*'"]|export\s+[\w{*])/m;

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function readManifest(folder: string): EntryPackage | undefined {
  const file = join(folder, 'package.json');
  // Most folders have none, and an error costs more than the question.
  if (!existsSync(file)) return undefined;
  try {
    const manifest = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
    return { name: text(manifest.name), version: text(manifest.version), type: text(manifest.type) };
  } catch {
    return undefined;
  }
}

function nearestPackage(file: string): EntryPackage | undefined {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = readManifest(folder);
    if (manifest !== undefined) return manifest;
    if (folder === dirname(folder)) return undefined;
  }
}

function resolveEntry(argument: string): string | undefined {
  const path = resolve(argument);
  try {
    return realpathSync(require.resolve(path));
  } catch {
    return undefined;
  }
}

function isEsmFile(file: string, manifest: EntryPackage | undefined): boolean {
  const extension = extname(file);
  if (extension === '.mjs' || extension === '.mts') return true;
  if (extension === '.cjs' || extension === '.cts') return false;
  if (manifest?.type !== undefined) return manifest.type === 'module';
  try {
    const source = readFileSync(file, 'utf8');
    return (source.includes('import') || source.includes('export')) && ESM_SYNTAX.test(source);
  } catch {
    return false;
  }
}

/**
 * Inspects the entry from `process.argv[1]` and `process.execArgv`. A worker thread does not know its entry yet when
 * preloads run: there `folder` (the working directory) leads to the package.
 */
export function inspectEntry(
  argument: string | undefined,
  execArgv: readonly string[],
  folder?: string | undefined,
): ProcessEntry {
  const file = argument === undefined ? undefined : resolveEntry(argument);
  if (file === undefined) {
    const manifest = folder === undefined ? undefined : nearestPackage(join(folder, 'entry'));
    return { file, package: manifest, isEsm: execArgv.includes('--input-type=module') || manifest?.type === 'module' };
  }
  const manifest = nearestPackage(file);
  return { file, package: manifest, isEsm: isEsmFile(file, manifest) };
}
