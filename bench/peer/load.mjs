/**
 * Two kinds of load over "lanes". A lane is one place for one request at a time: `fire(done)` sends it and calls
 * `done(error)` when the whole answer is in and right.
 */

/** A turn of the event loop without an answer that took less has served no stub either. */
const IDLE_TURN_MILLIS = 0.01;

/**
 * As fast as the answers come: every lane sends its next request when it has the answer to the last one. Ends when both
 * `requests` are sent and `millis` are over. Rejects on the first wrong answer. The loop spins: a process that sleeps has
 * to be woken by who writes to it, and on a virtual machine that costs the application up to 20 µs a request.
 */
export function closedLoop(lanes, { requests: least = 0, most = Number.POSITIVE_INFINITY, millis = 0 }) {
  const start = performance.now();
  let sent = 0;
  let active = lanes.length;
  let idleMillis = 0;
  let turnedAt = start;
  let hasAnswer = false;
  const spin = () => {
    const now = performance.now();
    if (!hasAnswer && now - turnedAt < IDLE_TURN_MILLIS) idleMillis += now - turnedAt;
    turnedAt = now;
    hasAnswer = false;
    if (active > 0) setImmediate(spin);
  };
  return new Promise((resolve, reject) => {
    const finish = () => {
      const elapsed = performance.now() - start;
      const loadShare = 1 - idleMillis / elapsed;
      resolve({ requests: sent, millis: elapsed, perSecond: (sent * 1000) / elapsed, loadShare });
    };
    for (const lane of lanes) {
      const next = () => {
        if (sent >= most || (sent >= least && performance.now() - start >= millis)) {
          if (--active === 0) finish();
          return;
        }
        sent++;
        lane.fire(done);
      };
      const done = (error) => {
        hasAnswer = true;
        if (!error) return next();
        active = 0;
        reject(error);
      };
      next();
    }
    spin();
  });
}

/** Uniform numbers from a seed: every run sends at the same moments. */
function createRandom(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state + 1) / 2 ** 32;
  };
}

/**
 * `rate` requests a second for `millis`, at random moments as independent users send them. A latency counts from the
 * moment at which the request was due: one that had to wait for the ones before it has waited. The loop spins, because
 * a timer of one millisecond would send them in bursts.
 */
export function paced(lanes, { rate, millis }) {
  const random = createRandom(42);
  const gap = () => (-Math.log(random()) * 1000) / rate;
  const total = Math.max(1, Math.round((rate * millis) / 1000));
  const latencies = new Float64Array(total);
  const free = [...lanes];
  const start = performance.now();
  let due = start + gap();
  let sent = 0;
  let answered = 0;
  return new Promise((resolve, reject) => {
    const finish = () => {
      const elapsed = performance.now() - start;
      latencies.sort();
      const at = (q) => latencies[Math.min(total - 1, Math.ceil(q * total) - 1)];
      resolve({ requests: total, millis: elapsed, perSecond: (total * 1000) / elapsed, p50: at(0.5), p99: at(0.99) });
    };
    const fire = (lane, at) =>
      lane.fire((error) => {
        if (error) return reject(error);
        latencies[answered++] = performance.now() - at;
        free.push(lane);
        if (answered === total) finish();
      });
    const spin = () => {
      const now = performance.now();
      while (sent < total && due <= now && free.length > 0) {
        fire(free.pop(), due);
        sent++;
        due += gap();
      }
      if (sent < total) setImmediate(spin);
    };
    spin();
  });
}
