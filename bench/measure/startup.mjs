/** The cost of starting: whole processes from exec to exit, and from exec to the answer to the first request. */
import { spawn } from 'node:child_process';
import { launch } from '../agents.mjs';
import { startSink } from '../sinks/sink.mjs';
import { application } from './applications.mjs';
import { runPair } from './pair.mjs';

const PATIENCE_MILLIS = 20_000;
const EXTENSIONS = { cjs: 'cjs', esm: 'mjs' };

/** Runs a process to its end: the milliseconds that took, and what it said of itself. */
function run(node, args, env) {
  const start = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(node, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let wallMillis;
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    const patience = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MILLIS);
    child.on('error', reject);
    child.on('exit', () => {
      wallMillis = performance.now() - start;
      clearTimeout(patience);
    });
    child.on('close', (code, signal) => {
      const report = /^REPORT (.*)$/m.exec(stdout);
      if (code === 0 && report !== null) resolve({ wallMillis, ...JSON.parse(report[1]) });
      else reject(new Error(`ended with ${signal ?? `code ${code}`}: ${stderr.slice(-1000).trim()}`));
    });
  });
}

/** @returns {wallMillis, cpuMillis, peakMiB} of one process */
export async function measureStartup({ scenario, mode, system, agent, node }) {
  const sink = await startSink();
  try {
    const { args, env } = launch(agent, { system, modes: [mode], sinkUrl: sink.url });
    return await run(node, [...args, application(`startup/${scenario.app}.${EXTENSIONS[system]}`)], env);
  } finally {
    await sink.close();
  }
}

/** @returns {answeredMillis, requestMillis}: from exec to the first answer, and the request's own share of it */
export function measureFirstRequest(cell) {
  return runPair(cell, [], async ({ spawnedAt, get }) => {
    const { body, millis, answeredAt } = await get();
    if (!body.includes('hello')) throw new Error(`wrong answer: ${body}`);
    return { answeredMillis: answeredAt - spawnedAt, requestMillis: millis };
  });
}
