/** Counts the events of Elastic's intake: one JSON object a line, named by its only key. */

/** @param {Buffer} body */
export function count(body) {
  const counts = { server: 0, client: 0, other: 0 };
  for (const line of body.toString('utf8').split('\n')) {
    if (line.startsWith('{"transaction"')) counts.server++;
    else if (line.startsWith('{"span"')) counts[JSON.parse(line).span.type === 'custom' ? 'other' : 'client']++;
  }
  return counts;
}
