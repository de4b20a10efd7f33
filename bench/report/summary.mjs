/** The README's part: what each agent adds to bare, in the rows that matter most. */
import { AGENTS } from '../agents.mjs';
import { BUSY_WARNING, contentionOf, figureOf, format, OURS, signed, table, times, timesOurs } from './figures.mjs';

const BEGIN = '<!-- benchmark: begin -->';
const END = '<!-- benchmark: end -->';

const startup = (title, scenario, metric, options) => ({
  title,
  cell: { group: 'startup', scenario, ...options },
  metric,
});
const request = (title, scenario, options) => ({
  title,
  cell: { group: 'request', scenario, ...options },
  metric: 'cpuMicros',
});
const standing = (title, scenario, metric) => ({ title, cell: { group: 'standing', scenario }, metric });

const ROWS = [
  startup('Start of an http server, ms', 'hello', 'wallMillis'),
  startup('the same as ES module, ms', 'hello', 'wallMillis', { system: 'esm' }),
  startup('Start of express + pg + ioredis + grpc-js, ms', 'big', 'wallMillis'),
  startup('Start while switched off, ms', 'hello', 'wallMillis', { mode: 'disabled' }),
  startup('Exec to first answer, ms', 'first-http', 'answeredMillis'),
  startup('Peak memory of an http server, MiB', 'hello', 'peakMiB'),
  request('One request, CPU µs: raw http server', 'http-server'),
  request('1 % sampled', 'http-server', { mode: '1%' }),
  request('excluded URL', 'http-server', { mode: 'excluded' }),
  request('http server + http client', 'http-client'),
  request('express', 'express'),
  request('fastify', 'fastify'),
  request('gRPC server + client', 'grpc'),
  request('express + pg + http client', 'express-pg-http'),
  standing('Event-loop delay p99 at 2,000 requests/s, ms', 'loaded', 'delayP99Millis'),
  standing('RSS after that load, MiB', 'loaded', 'rssMiB'),
];

function describe(results, { cell, metric }, { name: agent }) {
  const figure = figureOf(results, { ...cell, agent }, metric);
  if (agent === 'bare') return format(figure.value);
  if (Number.isNaN(figure.added)) return results.find({ ...cell, agent })?.failures.length > 0 ? 'failed' : '-';
  const factor = agent === OURS ? undefined : timesOurs(results, { ...cell, agent }, metric);
  return factor === undefined ? signed(figure.added) : `${signed(figure.added)} (${times(factor)})`;
}

export function renderSummary(results) {
  const { date, node, machine, rounds, command, agents } = results.about;
  const shown = AGENTS.filter(({ name }) => name === 'bare' || agents[name] !== undefined);
  const head = shown.map(({ name, title }) => (name === 'bare' ? title : `${title} ${agents[name]}`));
  const rows = ROWS.map((row) => [row.title, ...shown.map((agent) => describe(results, row, agent))]);
  return [
    '![What each agent adds to start-up and to a request](docs/benchmark.svg)',
    table(['', ...head], rows),
    `Bare as measured; the agents as what they add to it, and how many times what this one adds. Medians of ${rounds} interleaved
rounds, Node ${node}, ${machine}, ${date}; made by \`${command}\`.
[All figures](bench/results/recorded.md), [method](bench/README.md).${contentionOf(results).isBusy ? ` **${BUSY_WARNING}**` : ''}`,
  ].join('\n\n');
}

/** The README with a current part between its markers. */
export function withSummary(readme, results) {
  const [head, rest] = readme.split(BEGIN);
  const tail = rest?.split(END)[1];
  if (tail === undefined) throw new Error(`README.md has no ${BEGIN} ... ${END}`);
  return `${head}${BEGIN}\n${renderSummary(results)}\n${END}${tail}`;
}
