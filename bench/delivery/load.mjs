/** Table 3: the standing cost of 2,000 spans a second. CPU and event-loop delay as measured, RSS over a bare run. */
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { medians } from './designs.mjs';

const APP = join(dirname(fileURLToPath(import.meta.url)), 'load-app.cjs');
const SECONDS = 10;
const ROUNDS = 3;
const run = promisify(execFile);

async function runLoad(agent, env) {
  const preload = agent.preload === undefined ? [] : ['--require', agent.preload];
  const { stdout } = await run(process.execPath, [...preload, APP, String(SECONDS)], {
    env: { PATH: process.env.PATH, ...agent.env, ...env },
  });
  return JSON.parse(stdout.trim().split('\n').at(-1));
}

/** Medians of interleaved rounds; RSS over the bare run of the same round. */
export async function measureLoad({ bare, agents, startCollector }) {
  const runs = new Map([bare, ...agents].map(({ name }) => [name, []]));
  for (let round = 0; round < ROUNDS; round++) {
    const base = await runLoad(bare, {});
    runs.get(bare.name).push({ agent: bare.name, received: '-', ...base, rss: 0 });
    for (const agent of agents) {
      const collector = await startCollector({ maxKept: 1000 });
      const made = await runLoad(agent, { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl });
      const received = `${collector.counts().acceptedSpans} of ${made.sent}`;
      runs.get(agent.name).push({ agent: agent.name, ...made, received, rss: made.rss - base.rss });
      await collector.close();
    }
  }
  return [...runs.values()].map(medians);
}
