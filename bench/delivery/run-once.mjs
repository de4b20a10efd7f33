/** Runs app.cjs once under an agent and says how it ended, how long its end took, and what arrived. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const APP = join(dirname(fileURLToPath(import.meta.url)), 'app.cjs');
/** A process that has not ended by itself after this time is killed and reported as "never". */
const PATIENCE_MILLIS = 12_000;

/** @returns {Promise<{code, signal, endMillis, hasEnded}>} endMillis: from the application's last act to its exit. */
export function runOnce({ agent, way, spans, env }) {
  const preload = agent.preload === undefined ? [] : ['--require', agent.preload];
  const child = spawn(process.execPath, [...preload, APP, way, String(spans)], {
    env: { PATH: process.env.PATH, ...agent.env, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let text = '';
  let signalledAt;
  let hasEnded = true;
  child.stdout.on('data', (part) => {
    text += part;
    const signal = /^SIG[A-Z]+/.exec(way)?.[0];
    if (signal === undefined || signalledAt !== undefined || !text.includes('ready')) return;
    signalledAt = process.hrtime.bigint();
    child.kill(signal);
  });
  const patience = setTimeout(() => {
    hasEnded = false;
    child.kill('SIGKILL');
  }, PATIENCE_MILLIS);
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      const now = process.hrtime.bigint();
      clearTimeout(patience);
      const marks = [...text.matchAll(/END (\d+)/g)];
      const start = marks.length === 0 ? signalledAt : BigInt(marks.at(-1)[1]);
      resolve({ code, signal, hasEnded, endMillis: start === undefined ? Number.NaN : Number(now - start) / 1e6 });
    });
  });
}
