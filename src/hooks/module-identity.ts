/**
 * From the path of a loaded file to the package it belongs to. Main thread; runs once per module load, so the first
 * step (the package name) is one `lastIndexOf` and no allocation beyond the name.
 */
import { readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import { Module } from './node-module.js';

export interface PackageIdentity {
  readonly name: string;
  /** Absolute folder of the package, without trailing separator. */
  readonly baseDir: string;
  /** `version` of its package.json; undefined when unreadable. */
  readonly version: string | undefined;
  /** Absolute file that `require(name)` loads; undefined when it cannot be resolved. */
  readonly mainFile: string | undefined;
}

const MARKER = `${sep}node_modules${sep}`;

/** End of the package folder in `filename`, or -1 when the file is not inside `node_modules`. */
function packageEnd(filename: string, start: number): number {
  const first = filename.indexOf(sep, start);
  if (first === -1 || filename.charCodeAt(start) !== 64 /* @ */) return first;
  return filename.indexOf(sep, first + 1);
}

/** Name of the package that holds `filename` (`pg`, `@grpc/grpc-js`); undefined outside `node_modules`. */
export function packageNameOf(filename: string): string | undefined {
  const marker = filename.lastIndexOf(MARKER);
  if (marker === -1) return undefined;
  const start = marker + MARKER.length;
  const end = packageEnd(filename, start);
  if (end === -1) return undefined;
  const name = filename.slice(start, end);
  return sep === '\\' ? name.replace('\\', '/') : name;
}

function readVersion(baseDir: string): string | undefined {
  try {
    const { version } = JSON.parse(readFileSync(join(baseDir, 'package.json'), 'utf8')) as { version?: unknown };
    return typeof version === 'string' ? version : undefined;
  } catch {
    return undefined;
  }
}

function resolveMain(name: string, baseDir: string): string | undefined {
  const require = Module.createRequire(join(baseDir, 'package.json'));
  // A package with an `exports` map can name itself; one without is resolved as a folder.
  for (const specifier of [name, baseDir]) {
    try {
      const resolved = require.resolve(specifier);
      if (resolved.startsWith(baseDir + sep)) return resolved;
    } catch {
      // Try the other form.
    }
  }
  return undefined;
}

const identities = new Map<string, PackageIdentity>();

/** Identity of the package that holds `filename`, read once per package folder. Call only with a matching name. */
export function identify(filename: string, name: string): PackageIdentity {
  const start = filename.lastIndexOf(MARKER) + MARKER.length;
  const baseDir = filename.slice(0, packageEnd(filename, start));
  const known = identities.get(baseDir);
  if (known !== undefined) return known;
  const identity = { name, baseDir, version: readVersion(baseDir), mainFile: resolveMain(name, baseDir) };
  identities.set(baseDir, identity);
  return identity;
}

/** Path of `filename` inside its package, with `/` separators. */
export function relativeFile(identity: PackageIdentity, filename: string): string {
  const file = filename.slice(identity.baseDir.length + 1);
  return sep === '\\' ? file.replaceAll('\\', '/') : file;
}

function collectStrings(value: unknown, into: Set<string>): Set<string> {
  if (typeof value === 'string') into.add(value);
  else if (typeof value === 'object' && value !== null)
    for (const item of Object.values(value)) collectStrings(item, into);
  return into;
}

function entryTargets(baseDir: string): Set<string> {
  try {
    const manifest = JSON.parse(readFileSync(join(baseDir, 'package.json'), 'utf8')) as Record<string, unknown>;
    const { exports } = manifest;
    const isMap = typeof exports === 'object' && exports !== null && '.' in exports;
    const targets = collectStrings(isMap ? (exports as Record<string, unknown>)['.'] : exports, new Set());
    return collectStrings(manifest.main, targets);
  } catch {
    return new Set();
  }
}

/** True when `filename` is what `import name` (without a subpath) can resolve to. */
export function isPackageEntry(identity: PackageIdentity, filename: string): boolean {
  const file = relativeFile(identity, filename);
  const targets = entryTargets(identity.baseDir);
  return targets.has(`./${file}`) || targets.has(file);
}
