/** What a result file says of the run that made it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { BENCH, ROOT, versionOf } from './agents.mjs';

const GIB = 2 ** 30;

function output(command, args) {
  try {
    return execFileSync(command, args, { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

export function describeRun({ agents, node, rounds, command }) {
  const libraries = JSON.parse(readFileSync(join(BENCH, 'apps/package.json'), 'utf8')).dependencies;
  return {
    date: new Date().toISOString().slice(0, 10),
    command,
    rounds,
    node: output(node, ['--version'])?.slice(1),
    commit: output('git', ['rev-parse', '--short', 'HEAD']),
    machine: `${cpus().length} cores, ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / GIB)} GiB, ${process.platform} ${process.arch}`,
    loadAverage: Number(loadavg()[0].toFixed(2)),
    agents: Object.fromEntries(agents.map((agent) => [agent.name, versionOf(agent)])),
    libraries,
  };
}
