/**
 * The Node binaries that process tests run on: the current one, unless TRACE_AGENT_TEST_NODES asks for more.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './paths.js';

export interface NodeBinary {
  /** Path of the binary. */
  node: string;
  /** Without the `v`, such as `22.23.3`. */
  version: string;
  major: number;
  minor: number;
}

/** Where scripts/install-nodes.mjs puts its binaries: `.nodes/<version>/bin/node`. */
const NODES_FOLDER = join(ROOT, '.nodes');

/**
 * Lists the binaries to test, oldest first. TRACE_AGENT_TEST_NODES is a comma list of paths, `current`, or `all`:
 * the current one and everything installed by scripts/install-nodes.mjs. Throws when a named binary does not run, or
 * when `all` finds nothing installed: a matrix that silently shrinks to one version proves nothing.
 */
export function nodeBinaries(): NodeBinary[] {
  const selection = process.env.TRACE_AGENT_TEST_NODES?.trim() || 'current';
  const paths = selection.split(',').flatMap((item) => pathsOf(item.trim()));
  const byVersion = new Map(paths.map((path) => [versionOf(path), path]));
  return [...byVersion].map(([version, path]) => describe(version, path)).sort(oldestFirst);
}

/**
 * The newest release of each line among {@link nodeBinaries}: for what depends on Node.js and on nothing that changed
 * within a line, as the hooks for modules did.
 */
export function nodeLines(): NodeBinary[] {
  return [...new Map(nodeBinaries().map((binary) => [binary.major, binary])).values()];
}

/** The oldest line, the current binary and the newest line: for what many tests have in common with one another. */
export function nodeEnds(): NodeBinary[] {
  const lines = nodeLines();
  const ends = [lines[0], nodeBinaries().find(({ node }) => node === process.execPath), lines.at(-1)];
  return [...new Map(ends.filter((binary) => binary !== undefined).map((binary) => [binary.node, binary])).values()];
}

/** True when this binary is at least that version; for features that came in a known release. */
export function isAtLeast(node: NodeBinary, major: number, minor: number): boolean {
  return node.major > major || (node.major === major && node.minor >= minor);
}

function pathsOf(item: string): string[] {
  if (item === '') return [];
  if (item === 'current') return [process.execPath];
  return item === 'all' ? [process.execPath, ...installed()] : [item];
}

function installed(): string[] {
  const versions = existsSync(NODES_FOLDER) ? readdirSync(NODES_FOLDER) : [];
  const paths = versions.map((version) => join(NODES_FOLDER, version, 'bin', 'node')).filter(existsSync);
  if (paths.length === 0) throw new Error('no Node versions are installed: run `node scripts/install-nodes.mjs`');
  return paths;
}

function versionOf(path: string): string {
  if (path === process.execPath) return process.versions.node;
  return execFileSync('/usr/bin/env', ['-i', path, '--version'], { encoding: 'utf8' }).trim().slice(1);
}

function describe(version: string, node: string): NodeBinary {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { node, version, major, minor };
}

function oldestFirst(a: NodeBinary, b: NodeBinary): number {
  return a.major - b.major || a.minor - b.minor || a.version.localeCompare(b.version);
}
