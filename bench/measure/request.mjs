/**
 * The cost of a request. The agents' processes are alive together and take turns in short windows, so that whatever else
 * the machine does in a moment falls on all of them: saturated windows for CPU and throughput, then a half loaded one for
 * latencies.
 */
import { median } from '../statistics.mjs';
import { runPair } from './pair.mjs';

/** Windows of a comparison: long enough for several batches of every exporter. Their median is the figure. */
const FULL = {
  warmUp: { requests: 1000, millis: 300 },
  // In turns as well: what V8 has optimised it forgets in part when a process then waits for seconds until all others
  // are warm, and compiles it again, at up to four times the cost of a request. A scenario of few requests a second has
  // more of them: V8 counts calls.
  warmWindows: 6,
  windows: 8,
  millis: 100,
  leastRequests: 400,
  // What the agent has put off until after the window is part of its cost.
  settleMillis: 20,
};
/** Windows of CI's gate: many and short, so that some fall into moments in which the machine does nothing else. */
const SHORT = {
  warmUp: { requests: 5000, millis: 700 },
  warmWindows: 0,
  windows: 30,
  millis: 30,
  leastRequests: 100,
  settleMillis: 0,
};
const HALF_LOAD_MILLIS = 700;

const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

async function measureWindow({ app, peer }, requests, { settleMillis }) {
  const before = await app('usage');
  const { perSecond, loadShare } = await peer('saturate', { requests, most: requests });
  if (settleMillis > 0) await sleep(settleMillis);
  const after = await app('usage');
  const spent = (key) => after[key] - before[key];
  return {
    cpuMicros: spent('cpuMicros') / requests,
    mainMicros: spent('mainMicros') / requests,
    // Of the time that the main thread wanted to run: how busy the machine was with something else.
    waitShare: spent('waitedMicros') / (spent('waitedMicros') + spent('mainMicros')),
    perSecond,
    loadShare,
  };
}

async function measureWindows(tools, turns, shape) {
  await tools.connect();
  await turns.ready();
  let { perSecond } = await turns.take(() => tools.peer('saturate', shape.warmUp));
  const takeWindow = () => {
    const requests = Math.max(shape.leastRequests, Math.round((perSecond * shape.millis) / 1000));
    return turns.take(() => measureWindow(tools, requests, shape));
  };
  for (let index = 0; index < shape.warmWindows; index++) ({ perSecond } = await takeWindow());
  const windows = [];
  for (let index = 0; index < shape.windows; index++) windows.push(await takeWindow());
  return windows;
}

/**
 * V8's helper threads collect at the same time as other processes work on two cores: with them the same requests take
 * between once and twice the CPU time.
 */
export const STEADY = ['--single-threaded-gc'];

function runInTurns(cell, turns, measure) {
  return runPair({ ...cell, nodeArguments: STEADY }, ['roomy', cell.mode], async (tools) => {
    const metrics = await measure(tools);
    await turns.done();
    return metrics;
  }).catch((error) => {
    turns.leave();
    throw error;
  });
}

function mediansOf(windows) {
  const entries = Object.keys(windows[0]).map((key) => [key, median(windows.map((window) => window[key]))]);
  // What this platform does not tell.
  return Object.fromEntries(entries.filter(([, value]) => !Number.isNaN(value)));
}

/** @returns metrics of one run of one cell; latencies only when `hasLatency` and everything is sampled */
export function measureRequest(cell, { hasLatency, turns }) {
  return runInTurns(cell, turns, async (tools) => {
    const shape = { ...FULL, warmWindows: cell.scenario.warmWindows ?? FULL.warmWindows };
    const metrics = mediansOf(await measureWindows(tools, turns, shape));
    const { rssMiB } = await tools.app('memory');
    if (!hasLatency || cell.mode !== 'always') return { ...metrics, rssMiB };
    const options = { rate: metrics.perSecond / 2, millis: HALF_LOAD_MILLIS };
    const { p50, p99 } = await turns.take(() => tools.peer('pace', options));
    return { ...metrics, rssMiB, p50Millis: p50, p99Millis: p99 };
  });
}

/** @returns {Promise<{cpuMicros: number}[]>} of each of the short windows of one cell */
export async function measureShortWindows(cell, turns) {
  let windows;
  await runInTurns(cell, turns, async (tools) => {
    windows = await measureWindows(tools, turns, SHORT);
    return {};
  });
  return windows;
}
