/** Compares the spans at the sink with the requests that were sent. */

/** Spread allowed around the expected number of sampled traces, in standard deviations. */
const DEVIATIONS = 6;
const SAMPLED = 0.01;
/** What rivals make beyond the requests' spans: for the connections of a pool, for what they ask the machine at start. */
const OTHER_CLIENT_SPANS = 100;

function sampledRange(requests, mode) {
  if (mode === 'excluded') return [0, 0];
  if (mode !== '1%') return [requests, requests];
  const expected = requests * SAMPLED;
  const spread = DEVIATIONS * Math.sqrt(expected) + 1;
  return [Math.floor(expected - spread), Math.ceil(expected + spread)];
}

function within(what, value, [least, most]) {
  if (value >= least && value <= most) return;
  const expected = least === most ? least : `${least} to ${most}`;
  throw new Error(`${value} ${what} spans at the sink, expected ${expected}`);
}

/**
 * Throws when an agent whose spans can be compared one by one has too few or too many, and when any other has none.
 * @returns {number|undefined} arrived SERVER spans as share of the expected ones; undefined where none are expected
 */
export function checkSpans({ cell: { scenario, mode, agent }, requests, counts }) {
  if (agent.name === 'bare' || agent.isFloor) return undefined;
  const range = sampledRange(requests, mode);
  if (agent.isExact) {
    within('SERVER', counts.server, range);
    const perRequest = scenario.clientSpans + (agent.extraClientSpans?.[scenario.name] ?? 0);
    const clients = counts.server * perRequest;
    within('CLIENT', counts.client, [clients, clients + (agent.folder === undefined ? 0 : OTHER_CLIENT_SPANS)]);
  } else if (mode === 'always' && counts.server === 0) {
    throw new Error('no SERVER span arrived at the sink');
  }
  if (mode === 'excluded') return undefined;
  return counts.server / (mode === '1%' ? requests * SAMPLED : requests);
}
