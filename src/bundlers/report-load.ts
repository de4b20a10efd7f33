/**
 * Makes a bundled library report its load, so that the agent can trace it where no module hook sees it: files of known
 * packages get one appended statement. Build time, in the bundler's process; nothing here runs in the application.
 */
import { basename } from 'node:path';
import { identify, isPackageEntry, packageNameOf, relativeFile } from '../hooks/module-identity.js';
import { TABLE } from '../instrumentation/table.js';

/** Key on `globalThis` under which the agent listens; hooks/bundled.ts has the other end. */
const REPORT = "globalThis[Symbol.for('org.trace-agent.bundled')]";
const ESM_SYNTAX = /^\s*(?:import\s*[\w${*'"]|export\s+[\w{*])/m;

/** The API is no library to trace: the agent looks there for an SDK that the application starts. */
const packages = new Set([
  '@opentelemetry/api',
  ...TABLE.filter((entry) => entry.isBuiltin !== true).flatMap((entry) => entry.modules),
]);

/** True for a JavaScript file of a package that the agent can trace. */
export function isWanted(path: string): boolean {
  if (!/\.[cm]?js$/.test(path)) return false;
  const name = packageNameOf(path);
  return name !== undefined && packages.has(name);
}

function isEsm(path: string, source: string): boolean {
  if (path.endsWith('.mjs')) return true;
  return !path.endsWith('.cjs') && ESM_SYNTAX.test(source) && !/\b(?:module\.)?exports\b/.test(source);
}

/** `source` of the file at `path`, which must be wanted, with the report of its exports appended. */
export function withReport(path: string, source: string): string {
  const identity = identify(path, packageNameOf(path) ?? '');
  const isMain = path === identity.mainFile;
  const facts = [identity.name, identity.version, isMain ? undefined : relativeFile(identity, path)];
  const text = facts.map((fact) => JSON.stringify(fact) ?? 'undefined').join(', ');
  if (!isEsm(path, source)) {
    return `${source}\n;if (${REPORT}) module.exports = ${REPORT}(${text}, module.exports);\n`;
  }
  if (!isPackageEntry(identity, path)) return source;
  const { name, version } = identity;
  const self = JSON.stringify(`./${basename(path)}`);
  return `${source}\n;import * as $traceAgentSelf from ${self};${REPORT}?.(${JSON.stringify(name)}, ${JSON.stringify(version)}, undefined, $traceAgentSelf);\n`;
}
