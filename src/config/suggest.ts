/**
 * "Did you mean": finds the known word nearest to a mistyped one. Runs only for words that are not known.
 */

const MAX_DISTANCE = 2;
const SHORT_WORD = 4;

/** Number of single-character edits between two words, or `limit + 1` as soon as it is certain to exceed `limit`. */
export function editDistance(left: string, right: string, limit: number): number {
  if (Math.abs(left.length - right.length) > limit) return limit + 1;
  let previous = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    let smallest = row;
    for (let column = 1; column <= right.length; column++) {
      const substitution = left[row - 1] === right[column - 1] ? 0 : 1;
      const distance = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + substitution,
      );
      current.push(distance);
      if (distance < smallest) smallest = distance;
    }
    if (smallest > limit) return limit + 1;
    previous = current;
  }
  return previous[right.length] ?? 0;
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
