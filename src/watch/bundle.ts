/**
 * Finds out whether an application was bundled into its entry file, and which libraries are in there: nothing can be
 * patched inside a bundle. Main thread; loaded some seconds after the start.
 */
import { readFile, stat } from 'node:fs/promises';

export interface BundleFinding {
  /** Packages that the bundler's remarks name, and those known by a literal of theirs. */
  readonly packages: readonly string[];
}

const MAX_BYTES = 8 * 1024 * 1024;
const MARKER = 'node_modules/';
/** What bundlers wrap a CommonJS module in: esbuild, webpack, ncc, Rollup; minified or not. */
const WRAPPER = /__commonJS|__webpack_require__|__nccwpck_require__|commonjsGlobal|\{exports:\s?\{\}\}/;

/** Literals that minifiers keep, each of one package alone: a test holds them against the installed versions. */
const LITERALS: ReadonlyMap<string, string> = new Map([
  ['trust proxy fn', 'express'],
  ['grpc-node-js/', '@grpc/grpc-js'],
  ['[ioredis] Unhandled error event', 'ioredis'],
  ['MongoServerSelectionError', 'mongodb'],
  ['invoked await on the result of query that is not a promise', 'mysql2'],
  ['Client has already been connected. You cannot reuse a client', 'pg'],
  ['Socket closed unexpectedly', '@redis/client'],
]);

/** Names of packages in paths like `node_modules/@scope/name/file.js` anywhere in the text. */
export function packagesIn(text: string): Set<string> {
  const names = new Set<string>();
  for (let at = text.indexOf(MARKER); at !== -1; at = text.indexOf(MARKER, at + MARKER.length)) {
    const start = at + MARKER.length;
    const name = /^(?:@[\w.-]+\/)?[\w.-]+(?=\/)/.exec(text.slice(start, start + 220))?.[0];
    if (name !== undefined) names.add(name);
  }
  return names;
}

/** Reads the entry file; undefined when it is no bundle, or too large to look at. Never rejects. */
export async function inspectBundle(entryFile: string): Promise<BundleFinding | undefined> {
  try {
    if ((await stat(entryFile)).size > MAX_BYTES) return undefined;
    const text = await readFile(entryFile, 'utf8');
    if (!WRAPPER.test(text)) return undefined;
    const packages = packagesIn(text);
    for (const [literal, name] of LITERALS) if (text.includes(literal)) packages.add(name);
    return { packages: [...packages] };
  } catch {
    return undefined;
  }
}
