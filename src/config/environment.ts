/**
 * Collects the `OTEL_*` variables that are set, from the environment and from the `.env` file. Main thread, at boot.
 * Loads `dotenv` only when there is a file that names such a variable.
 */
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { VARIABLES } from './env-table.js';
import { quote } from './redact.js';
import type { SetValue } from './settings.js';
import type { ConfigProblem, ValueSource } from './types.js';

const PREFIX = 'OTEL_';
const EXPORTER_VARIABLES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'all_proxy',
  'NODE_EXTRA_CA_CERTS',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'NODE_TLS_REJECT_UNAUTHORIZED',
];
/** Somebody else's: the Operator adds these, and those with the first prefix below, to every pod. */
const FOREIGN_NAMES: readonly string[] = ['OTEL_NODE_IP', 'OTEL_POD_IP'];
const FOREIGN_PREFIXES: readonly string[] = [
  'OTEL_RESOURCE_ATTRIBUTES_',
  'OTEL_INJECTOR_',
  'OTEL_GO_',
  'OTEL_PYTHON_',
  'OTEL_JAVA',
  'OTEL_DOTNET_',
  'OTEL_PHP_',
  'OTEL_RUBY_',
  'OTEL_SWIFT_',
  'OTEL_CPP_',
  'OTEL_RUST_',
  'OTEL_ERLANG_',
];
const MAX_FILE_BYTES = 1024 * 1024;

export interface Collected {
  /** By name; only variables with more than blanks in them, and none of other languages' agents. */
  readonly values: ReadonlyMap<string, SetValue>;
  readonly problems: readonly ConfigProblem[];
  /** The file that was read. */
  readonly envFile: string | undefined;
}

/**
 * A variable that is empty counts as unset, so the file's value applies then. `cwd` is where a relative file is looked
 * for. Throws only when reading `env` itself throws.
 */
export function collectValues(env: NodeJS.ProcessEnv, cwd: () => string): Collected {
  const values = new Map<string, SetValue>();
  const problems: ConfigProblem[] = [];
  addValues(values, env, 'environment');
  const file = readEnvFile(values.get('OTEL_NODE_ENV_FILE'), cwd);
  if (file.problem !== undefined) problems.push(file.problem);
  // The test for the prefix spares most projects with a .env file the loading of dotenv.
  if (file.text?.includes(PREFIX)) addValues(values, parseEnvFile(file.text), 'env-file');
  return { values, problems, envFile: file.path };
}

/** The variables of other programs that the exporting thread needs, those that are set. */
export function collectExporterEnvironment(env: NodeJS.ProcessEnv): Record<string, string> {
  const collected: Record<string, string> = {};
  for (const name of EXPORTER_VARIABLES) {
    const value = env[name];
    if (value !== undefined) collected[name] = value;
  }
  return collected;
}

function isForeign(name: string): boolean {
  return FOREIGN_NAMES.includes(name) || FOREIGN_PREFIXES.some((prefix) => name.startsWith(prefix));
}

function addValues(values: Map<string, SetValue>, from: NodeJS.ProcessEnv, source: ValueSource): void {
  for (const name of Object.keys(from)) {
    if (!name.startsWith(PREFIX) || values.has(name) || isForeign(name)) continue;
    const raw = String(from[name] ?? '');
    const text = raw.trim();
    if (text !== '') values.set(name, { name, raw, text, source });
  }
}

function parseEnvFile(text: string): Record<string, string> {
  const dotenv = require('dotenv') as typeof import('dotenv');
  return dotenv.parse(text);
}

function readEnvFile(
  named: SetValue | undefined,
  cwd: () => string,
): { readonly path?: string; readonly text?: string; readonly problem?: ConfigProblem } {
  if (named?.text.toLowerCase() === 'none') return {};
  try {
    const path = resolve(cwd(), named?.text ?? VARIABLES.OTEL_NODE_ENV_FILE.default);
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) return unreadable(named, 'does not exist');
    // A FIFO is read once (secret managers serve .env that way): it belongs to the application.
    if (!stat.isFile()) return unreadable(named, 'is not a regular file');
    if (stat.size > MAX_FILE_BYTES) return unreadable(named, `is larger than ${MAX_FILE_BYTES} bytes`);
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    return unreadable(named, `cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`);
  }
}

/** A file nobody named may be missing without a word. */
function unreadable(named: SetValue | undefined, reason: string): { readonly problem?: ConfigProblem } {
  if (named === undefined) return {};
  const variable = named.name;
  const message = `${variable}=${quote(named.raw)} ${reason}; using the environment only`;
  return { problem: { variable, severity: 'warn', code: 'TA1116', message } };
}
