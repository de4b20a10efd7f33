/**
 * Ranges as nearly all instrumentations write them, `>=1.2.3 <4`, asked about releases. Semver reads everything, and takes
 * four milliseconds for the first few questions of a process. Main thread, for each library that is loaded.
 */

type Release = readonly [major: number, minor: number, patch: number];

const MAX_PARTS = 3;

/** `1.2.3`, or with fewer parts; undefined for anything else. */
function parseParts(text: string, start: number): number[] | undefined {
  const parts: number[] = [];
  let part = -1;
  for (let index = start; index <= text.length; index++) {
    const digit = index === text.length ? -1 : text.charCodeAt(index) - 48;
    if (digit >= 0 && digit <= 9) {
      part = part === -1 ? digit : part * 10 + digit;
      continue;
    }
    if (part === -1 || part > Number.MAX_SAFE_INTEGER || (digit !== -1 && text[index] !== '.')) return undefined;
    parts.push(part);
    part = -1;
  }
  return parts.length <= MAX_PARTS ? parts : undefined;
}

function compare(one: readonly number[], other: readonly number[]): number {
  for (let index = 0; index < MAX_PARTS; index++) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function parseRelease(version: string): Release | undefined {
  const parts = parseParts(version, 0);
  return parts?.length === MAX_PARTS ? (parts as unknown as Release) : undefined;
}

function meets(release: Release, comparator: string): boolean | undefined {
  const isLower = comparator.startsWith('>=');
  if (!isLower && !comparator.startsWith('<')) return undefined;
  const bound = parseParts(comparator, isLower ? 2 : 1);
  if (bound === undefined) return undefined;
  const order = compare(release, bound);
  return isLower ? order >= 0 : order < 0;
}

/** Whether a version is in a range, as semver says with `includePrerelease`; undefined for what only semver can tell. */
export function isInPlainRange(version: string, range: string): boolean | undefined {
  const release = parseRelease(version);
  if (release === undefined) return undefined;
  let isIn = true;
  for (const comparator of range.split(' ')) {
    const isMet = meets(release, comparator);
    if (isMet === undefined) return undefined;
    isIn &&= isMet;
  }
  return isIn;
}
