'use strict';
// What the measured process can say about itself. Nothing here runs while requests are served, apart from the
// histogram and the garbage collector's profile when asked for.
const { readFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');
const { GCProfiler, getHeapStatistics } = require('node:v8');

const MIB = 2 ** 20;
const sleep = (millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Microseconds that the main thread ran, and that it waited for a processor; undefined where nobody says. */
function mainThread() {
  try {
    const text = readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8');
    const [ran, waited] = text.split(' ').map((nanos) => Number(nanos) / 1000);
    return { mainMicros: ran, waitedMicros: waited };
  } catch {
    const usage = process.threadCpuUsage?.();
    return { mainMicros: usage && usage.user + usage.system };
  }
}

exports.usage = () => {
  const { user, system } = process.cpuUsage();
  return { cpuMicros: user + system, ...mainThread() };
};

exports.memory = () => ({ rssMiB: process.memoryUsage.rss() / MIB });

/** CPU of `millis` in which nobody asks for anything. */
exports.idle = async ({ millis }) => {
  const before = process.cpuUsage();
  await sleep(millis);
  const { user, system } = process.cpuUsage(before);
  return { cpuMicros: user + system };
};

let delay;
exports.startDelay = () => {
  delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  return {};
};
exports.stopDelay = () => {
  delay.disable();
  return { p50Millis: delay.percentile(50) / 1e6, p99Millis: delay.percentile(99) / 1e6, maxMillis: delay.max / 1e6 };
};

let profiler;
let usedAtStart;
exports.startAllocations = () => {
  profiler = new GCProfiler();
  profiler.start();
  usedAtStart = getHeapStatistics().used_heap_size;
  return {};
};
/** Bytes allocated on the heap of the main thread: what each collection found, minus what the one before had left. */
exports.stopAllocations = () => {
  let used = usedAtStart;
  let bytes = 0;
  for (const { beforeGC, afterGC } of profiler.stop().statistics) {
    bytes += beforeGC.heapStatistics.usedHeapSize - used;
    used = afterGC.heapStatistics.usedHeapSize;
  }
  return { bytes: bytes + getHeapStatistics().used_heap_size - used };
};

let session;
const post = (method, parameters) =>
  new Promise((resolve, reject) => {
    session.post(method, parameters, (error, result) => (error ? reject(error) : resolve(result)));
  });

/** Samples of the main thread. */
exports.startProfile = async () => {
  const { Session } = require('node:inspector');
  session = new Session();
  session.connect();
  await post('Profiler.enable');
  await post('Profiler.setSamplingInterval', { interval: 200 });
  await post('Profiler.start');
  return {};
};
/** Microseconds that each function itself ran. */
exports.stopProfile = async () => {
  const { profile } = await post('Profiler.stop');
  session.disconnect();
  const byId = new Map(profile.nodes.map(({ id, callFrame }) => [id, { frame: callFrame, selfMicros: 0 }]));
  for (const [index, id] of profile.samples.entries()) byId.get(id).selfMicros += profile.timeDeltas[index];
  return { frames: [...byId.values()].filter(({ selfMicros }) => selfMicros > 0) };
};
