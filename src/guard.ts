/**
 * Decides whether the agent may run in this process. Bundled into the preload entry, so it must parse on Node 6:
 * ES2015 syntax only, no imports, no work at load time. Never throws.
 */

/** Set on `globalThis` by the first copy that starts; shared by every installed copy of the package. */
export const STARTED_KEY = 'org.trace-agent.started';

/** The highest Node.js major the tests ran on. */
export const NEWEST_TESTED_MAJOR = 26;

export interface GuardVerdict {
  readonly action: 'run' | 'stand-aside';
  /** One line for stderr, without prefix or newline; absent = say nothing. */
  readonly notice?: string;
}

export interface GuardInput {
  /** `process.versions.node` */
  readonly nodeVersion: string;
  /** `process.argv[1]`; undefined in a REPL or with `-e`. */
  readonly entry: string | undefined;
  /** What follows the entry: `process.argv.slice(2)`. */
  readonly parameters: readonly string[];
  /** `process.execArgv` */
  readonly execArgv: readonly string[];
  /** True when there is no program but what somebody types (or nothing at all). */
  readonly isInteractive: boolean;
  readonly isAlreadyStarted: boolean;
}

const PACKAGE_MANAGER_FILE =
  /^(npm|npx|yarn|yarnpkg|pnpm|pnpx|corepack|trace-agent)(-cli)?(-[0-9][0-9A-Za-z.-]*)?(\.(js|cjs|mjs))?$/;
/** Commands as npm links them, without an extension; each starts the application in another process, or builds it. */
const LAUNCHER_COMMAND =
  /^(bun|lerna|nx|turbo|nodemon|node-dev|tsx|pm2|pm2-dev|pm2-runtime|forever|concurrently|conc|cross-env|cross-env-shell|dotenv|dotenvx|env-cmd|npm-run-all|npm-run-all2|run-s|run-p|wireit|tsc|esbuild|swc|spack|webpack|webpack-cli|rollup|tsup|ncc|eslint|prettier|biome)$/;
const LAUNCHER_FILE_SOURCE = `[\\\\/]node_modules[\\\\/](${[
  '(npm|yarn|pnpm|corepack)[\\\\/](bin|dist|lib)[\\\\/]',
  'tsx[\\\\/]dist[\\\\/]cli\\.[cm]js$',
  'ts-node[\\\\/]dist[\\\\/]bin-esm\\.js$',
  'pm2[\\\\/](bin[\\\\/]|lib[\\\\/](Daemon|binaries[\\\\/]\\w+)\\.js$)',
  '(nodemon|forever|node-dev|turbo|nx|lerna|wireit|esbuild|typescript|webpack|webpack-cli|rollup|tsup|eslint|prettier)[\\\\/]bin[\\\\/]',
  '(concurrently|cross-env|@dotenvx[\\\\/]dotenvx|npm-run-all2?)[\\\\/](dist[\\\\/])?(src[\\\\/])?bin[\\\\/]',
  'dotenv-cli[\\\\/]cli\\.js$|env-cmd[\\\\/]bin[\\\\/]|@swc[\\\\/]cli[\\\\/]bin[\\\\/]|@vercel[\\\\/]ncc[\\\\/]dist[\\\\/]ncc[\\\\/]cli\\.js$',
].join('|')})`;

/** `next` serves by `next start` alone; the rest builds, or starts the development server in another process. */
const NEXT_COMMAND = /[\\/](node_modules[\\/]\.bin[\\/]next|next[\\/]dist[\\/]bin[\\/]next)$/;
/** Its helpers, in which pages are rendered ahead. */
const NEXT_BUILD_WORKER = /[\\/]next[\\/]dist[\\/]compiled[\\/]jest-worker[\\/]/;

/** By its first two letters alone. */
function mayBePackageManager(file: string): boolean {
  return ['np', 'ya', 'pn', 'co', 'tr'].indexOf(file.slice(0, 2)) !== -1;
}

/** True for the command-line programs that only start the real application in another process, or build it. */
export function isLauncher(entry: string | undefined, parameters: readonly string[]): boolean {
  if (typeof entry !== 'string') return false;
  const file = entry.slice(Math.max(entry.lastIndexOf('/'), entry.lastIndexOf('\\')) + 1);
  // Nearly every application: compiling the expressions takes longer than all else here.
  if (file.indexOf('.') > 0 && entry.indexOf('node_modules') === -1 && !mayBePackageManager(file)) return false;
  if (NEXT_COMMAND.test(entry)) return parameters.indexOf('start') === -1;
  if (NEXT_BUILD_WORKER.test(entry)) return true;
  return PACKAGE_MANAGER_FILE.test(file) || LAUNCHER_COMMAND.test(file) || new RegExp(LAUNCHER_FILE_SOURCE).test(entry);
}

/** `^18.19.0 || >=20.6.0` */
export function isSupportedNode(nodeVersion: string): boolean {
  const parts = nodeVersion.split('.');
  const major = Number(parts[0]);
  const minor = Number(parts[1]);
  if (major === 18) return minor >= 19;
  if (major === 20) return minor >= 6;
  return major > 20;
}

/** What to do in this process and what to say about it. */
export function judge(input: GuardInput): GuardVerdict {
  if (!isSupportedNode(input.nodeVersion)) {
    return {
      action: 'stand-aside',
      notice: `Node.js ${input.nodeVersion} is not supported (needs ^18.19.0 || >=20.6.0); the application runs without traces`,
    };
  }
  if (input.isAlreadyStarted || input.isInteractive || isLauncher(input.entry, input.parameters))
    return { action: 'stand-aside' };
  if (input.execArgv.indexOf('--check') !== -1 || input.execArgv.indexOf('-c') !== -1) return { action: 'stand-aside' };
  const major = Number(input.nodeVersion.split('.')[0]);
  if (major > NEWEST_TESTED_MAJOR) {
    return {
      action: 'run',
      notice: `Node.js ${input.nodeVersion} is newer than the newest tested line (${NEWEST_TESTED_MAJOR}); running anyway`,
    };
  }
  return { action: 'run' };
}
