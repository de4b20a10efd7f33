/**
 * "Did you mean": finds the known word nearest to a mistyped one. Runs only for words that are not known.
 */

const MAX_DISTANCE = 2;
const SHORT_WORD = 4;

/**
 * Number of edits between two words (insert, remove, replace a character, swap two neighbours), or `limit + 1` as soon
 * as it is certain to exceed `limit`.
 */
export function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const isSame = left[row - 1] === right[column - 1];
      const isSwap = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      const distance = Math.min(
        at(previous, column) + 1,
        at(current, column - 1) + 1,
        at(previous, column - 1) + (isSame ? 0 : 1),
        isSwap && row > 1 && column > 1 ? at(beforePrevious, column - 2) + 1 : Number.POSITIVE_INFINITY,
      );
      current.push(distance);
    }
    if (Math.min(...current) > limit) return limit + 1;
    beforePrevious = previous;
    previous = current;
  }
  return Math.min(at(previous, right.length), limit + 1);
}

function at(distances: readonly number[], index: number): number {
  return distances[index] ?? Number.POSITIVE_INFINITY;
}

/** Names share long prefixes, so the distance is taken over the part in which two words differ. */
function differingParts(left: string, right: string): [string, string] {
  let start = 0;
  const shorter = Math.min(left.length, right.length);
  while (start < shorter && left[start] === right[start]) start++;
  let end = 0;
  while (end < shorter - start && left[left.length - 1 - end] === right[right.length - 1 - end]) end++;
  return [left.slice(start, left.length - end), right.slice(start, right.length - end)];
}

/**
 * The candidate at most two edits away (one for words of up to four characters), the first of the nearest; undefined
 * when none is near.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let limit = word.length <= SHORT_WORD ? 1 : MAX_DISTANCE;
  let best: string | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const [left, right] = differingParts(word, candidate);
    const distance = editDistance(left, right, limit);
    if (distance > limit) continue;
    best = candidate;
    limit = distance - 1;
    if (limit < 0) break;
  }
  return best;
}

/** The candidate made of the same words in another order (`A_C_B` for `A_B_C`). */
export function sameWords(name: string, candidates: Iterable<string>): string | undefined {
  const sorted = sortWords(name);
  for (const candidate of candidates) {
    if (candidate.length === name.length && sortWords(candidate) === sorted) return candidate;
  }
  return undefined;
}

function sortWords(name: string): string {
  return name.split('_').sort().join('_');
}
