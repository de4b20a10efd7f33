/** What this project set out to reach, on Node 20 and over bare, and what was measured. */
import { figureOf, format, OURS, table } from './figures.mjs';

const UPSTREAM = 'auto-instrumentations-node';
const OTHERS = ['elastic-opentelemetry-node', 'dd-trace', 'elastic-apm-node'];
/** The first release of its line with module.registerHooks, and a current one. */
const NODES_WITH_HOOKS = ['22.15.0', '24.21.0'];

const startup = (scenario, options) => ({ group: 'startup', scenario, ...options });
const request = (scenario, options) => ({ group: 'request', scenario, ...options });
const standing = (scenario, options) => ({ group: 'standing', scenario, ...options });

const addedBy = (agent, cell, metric) => (results) => figureOf(results, { ...cell, agent }, metric).added;
const added = (cell, metric) => addedBy(OURS, cell, metric);

/** Our added cost as a share of upstream's, or of the least among all rivals. */
const shareOf = (rivals, cell, metric) => (results) => {
  const costs = rivals.map((rival) => addedBy(rival, cell, metric)(results)).filter((cost) => !Number.isNaN(cost));
  return costs.length === 0 ? Number.NaN : added(cell, metric)(results) / Math.min(...costs);
};
const largest = (values) => (results) => Math.max(...values.map((value) => value(results)));
const mainShare = (cell) => (results) => added(cell, 'mainMicros')(results) / added(cell, 'cpuMicros')(results);

const RAW = request('http-server');
const HELLO = startup('hello');
const BIG = startup('big');
const CHAIN = request('express-pg-http');
const ANY_RIVAL = [UPSTREAM, ...OTHERS];

const GOALS = [
  { title: 'start of a process that does nothing, ms', limit: 15, value: added(startup('nothing'), 'wallMillis') },
  { title: 'start of http hello, ms', limit: 20, value: added(HELLO, 'wallMillis') },
  { title: 'start of the big app, ms', limit: 35, value: added(BIG, 'wallMillis') },
  {
    title: 'start when disabled, ms',
    limit: 5,
    value: largest(['nothing', 'hello'].map((name) => added(startup(name, { mode: 'disabled' }), 'wallMillis'))),
  },
  { title: 'request 1, ms slower', limit: 5, value: added(startup('first-http'), 'requestMillis') },
  { title: 'peak memory of http hello, MiB', limit: 12, value: added(HELLO, 'peakMiB') },
  { title: 'RSS after load, MiB', limit: 25, value: added(standing('loaded'), 'rssMiB') },
  { title: 'start of http hello, share of upstream', limit: 1 / 15, value: shareOf([UPSTREAM], HELLO, 'wallMillis') },
  { title: 'start of the big app, share of upstream', limit: 1 / 15, value: shareOf([UPSTREAM], BIG, 'wallMillis') },
  {
    title: 'start of http hello, share of the best rival',
    limit: 1 / 5,
    value: shareOf(ANY_RIVAL, HELLO, 'wallMillis'),
  },
  {
    title: 'start of the big app, share of the best rival',
    limit: 1 / 5,
    value: shareOf(ANY_RIVAL, BIG, 'wallMillis'),
  },
  { title: 'raw http server, CPU µs', limit: 12, value: added(RAW, 'cpuMicros') },
  { title: 'raw http server, share of upstream', limit: 1 / 4, value: shareOf([UPSTREAM], RAW, 'cpuMicros') },
  { title: 'raw http server, share of the best rival', limit: 1 / 3, value: shareOf(ANY_RIVAL, RAW, 'cpuMicros') },
  { title: 'raw http server, 1 % sampled, CPU µs', limit: 4, value: added({ ...RAW, mode: '1%' }, 'cpuMicros') },
  { title: 'raw http server, excluded URL, CPU µs', limit: 2, value: added({ ...RAW, mode: 'excluded' }, 'cpuMicros') },
  { title: 'express, CPU µs', limit: 35, value: added(request('express'), 'cpuMicros') },
  { title: 'gRPC server + client, CPU µs', limit: 40, value: added(request('grpc'), 'cpuMicros') },
  { title: 'express + pg + http client, CPU µs', limit: 100, value: added(CHAIN, 'cpuMicros') },
  { title: "express + pg + http client, main thread's share", limit: 0.8, value: mainShare(CHAIN) },
  {
    title: 'event-loop delay p99 at 2,000 spans/s, ms',
    limit: 0.5,
    value: added(standing('loaded'), 'delayP99Millis'),
  },
  { title: 'new Worker(), ms', limit: 15, value: added(standing('micro'), 'workerMillis') },
  { title: 'new Worker(), MiB', limit: 8, value: added(standing('micro'), 'workerMiB') },
  ...NODES_WITH_HOOKS.flatMap((nodeVersion) => {
    const cell = standing('require', { nodeVersion });
    return [
      {
        title: `cached require of a package, Node ${nodeVersion}, ns`,
        limit: 50,
        value: added(cell, 'requirePackageNanos'),
      },
      {
        title: `cached require of a built-in, Node ${nodeVersion}, ns`,
        limit: 500,
        value: added(cell, 'requireBuiltinNanos'),
      },
    ];
  }),
];

/** @returns {{title, limit, value, state: 'met'|'missed'|'not measured'}[]} */
export function judgeGoals(results) {
  return GOALS.map(({ title, limit, value }) => {
    const measured = value(results);
    const state = Number.isNaN(measured) ? 'not measured' : measured <= limit ? 'met' : 'missed';
    return { title, limit, value: measured, state };
  });
}

export function renderGoals(results) {
  const rows = judgeGoals(results).map(({ title, limit, value, state }) => [
    title,
    `<= ${format(limit)}`,
    format(value),
    state === 'missed' ? '**missed**' : state,
  ]);
  return ['## Goals', 'Added by this agent over bare.', table(['', 'goal', 'measured', ''], rows)];
}
