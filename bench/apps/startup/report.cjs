'use strict';
// Prints, when the process exits, the CPU time of all its threads and its peak memory.
const { readFileSync, writeSync } = require('node:fs');

/** resourceUsage().maxRSS would do, but on Linux it starts from what the parent process held when it forked. */
function peakMiB() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) / 1024;
  } catch {
    return process.resourceUsage().maxRSS / 1024;
  }
}

process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  writeSync(1, `REPORT ${JSON.stringify({ cpuMillis: (user + system) / 1000, peakMiB: peakMiB() })}\n`);
});
