/** How the agent gets into a process by NODE_OPTIONS. Command line program. */
const OURS = /(^|[\\/])(@org[\\/])?trace-agent[\\/](dist[\\/])?register(\.js)?$/;

export interface Preload {
  /** `require` or `import`. */
  readonly kind: 'require' | 'import' | 'loader';
  /** As written. */
  readonly target: string;
  readonly isAgent: boolean;
}

const FLAG_KINDS: Readonly<Record<string, Preload['kind']>> = {
  '-r': 'require',
  '--require': 'require',
  '--import': 'import',
  '--loader': 'loader',
  '--experimental-loader': 'loader',
};

/** Splits as Node.js splits NODE_OPTIONS: at blanks, with double quotes and backslashes inside them. */
export function splitOptions(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let isQuoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (character === '\\' && isQuoted && at + 1 < text.length) word = (word ?? '') + text[++at];
    else if (character === '"') {
      isQuoted = !isQuoted;
      word ??= '';
    } else if (character === ' ' && !isQuoted) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  if (word !== undefined) words.push(word);
  return words;
}

function isAgentTarget(target: string, registerFile: string): boolean {
  const path = target.startsWith('file:') ? decodeURIComponent(new URL(target).pathname) : target;
  return path === registerFile || OURS.test(path);
}

/**
 * Everything that these flags load before the application, in the order in which Node.js does: requires first.
 * `registerFile` is the preload entry of this very package.
 */
export function preloadsIn(flags: readonly string[], registerFile: string): Preload[] {
  const found: Preload[] = [];
  for (let at = 0; at < flags.length; at++) {
    const flag = flags[at] as string;
    const [name, inline] = flag.startsWith('--') ? (flag.split(/=(.*)/s) as [string, string?]) : [flag, undefined];
    const kind = FLAG_KINDS[name];
    const target = inline ?? flags[at + 1];
    if (kind === undefined || target === undefined) continue;
    if (inline === undefined) at++;
    found.push({ kind, target, isAgent: isAgentTarget(target, registerFile) });
  }
  return [...found.filter(({ kind }) => kind === 'require'), ...found.filter(({ kind }) => kind !== 'require')];
}

function quoted(path: string): string {
  return /[\s"\\]/.test(path) ? `"${path.replace(/(["\\])/g, '\\$1')}"` : path;
}

/** NODE_OPTIONS with the agent in it, before everything else; as it is when the agent is there already. */
export function withAgent(nodeOptions: string, registerFile: string): string {
  if (preloadsIn(splitOptions(nodeOptions), registerFile).some(({ isAgent }) => isAgent)) return nodeOptions;
  return `--require ${quoted(registerFile)} ${nodeOptions}`.trim();
}
