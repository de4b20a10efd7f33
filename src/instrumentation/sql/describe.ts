/**
 * Descriptions of queries, remembered per text: an application sends the same few hundred texts over and over. Bounded
 * in characters; two generations instead of a list of uses, so that a hit is one look-up.
 */
import { analyse, MAX_TEXT_LENGTH, type QueryDescription } from './analyse.js';
import type { Dialect } from './scanner.js';

/** Of one generation: at most twice that much is kept, and as much again in sanitised texts. UTF-16 units. */
const MAX_GENERATION_LENGTH = 250_000;
/** What an entry takes besides its text, in the same unit. */
const ENTRY_LENGTH = 200;

export type DescribeQuery = (text: string) => QueryDescription;

/** Longer texts than MAX_TEXT_LENGTH are analysed each time. The function never throws. */
export function createDescribeQuery(dialect: Dialect): DescribeQuery {
  let young = new Map<string, QueryDescription>();
  let old = new Map<string, QueryDescription>();
  let length = 0;

  const remember = (text: string, description: QueryDescription): void => {
    length += text.length + ENTRY_LENGTH;
    if (length > MAX_GENERATION_LENGTH) {
      old = young;
      young = new Map();
      length = text.length + ENTRY_LENGTH;
    }
    young.set(text, description);
  };

  return (text) => {
    const known = young.get(text);
    if (known !== undefined) return known;
    if (text.length > MAX_TEXT_LENGTH) return analyse(text, dialect);
    const description = old.get(text) ?? analyse(text, dialect);
    remember(text, description);
    return description;
  };
}
