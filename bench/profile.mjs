/**
 * Where the added cost of a request is, by part: the same requests under a CPU profiler bare, in a context alone and under
 * this agent, whose code is shown by source file; a raw request also under the least tracer (least.cjs), which is the
 * floor. Main thread; what other threads take is the rest of the CPU time.
 *
 *   npm run build && node bench/profile.mjs request/http-server [request/http-server:1% ...]
 *
 * Prints Markdown. The profiler itself costs something: parts are scaled to the CPU time of windows without it.
 */
import { existsSync, readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { basename, join } from 'node:path';
import { BARE, FLOOR, LEAST, OURS, ROOT } from './agents.mjs';
import { installAll } from './install.mjs';
import { runPair } from './measure/pair.mjs';
import { STEADY } from './measure/request.mjs';
import { Turns } from './measure/turns.mjs';
import { format, table } from './report/figures.mjs';
import { SCENARIOS } from './scenarios.mjs';
import { median } from './statistics.mjs';

const WARM_UP = { requests: 20_000, millis: 1500 };
const WINDOWS = 24;
const WINDOW_MILLIS = 100;
/** Below it a file is part of `the rest of this agent`. */
const LEAST_MICROS = 0.1;

const COLLECTOR = 'garbage collection';
const CONTEXT = 'Node.js: async_hooks, AsyncLocalStorage';
const NATIVE = 'native code, the kernel';
const JAVASCRIPT = 'JavaScript of Node.js, libraries, the application';
const FEW = 'the rest of this agent';
/** `dispatch` is the profiler's own start and stop. */
const SPECIAL = { '(garbage collector)': COLLECTOR, '(program)': NATIVE, '(idle)': undefined, dispatch: undefined };

/** How the package's files are called in profiles and stack traces. */
const DIST = '@org/trace-agent/dist/';
const sourceMaps = new Map();

function sourceMapOf(file) {
  if (!sourceMaps.has(file)) {
    const path = join(ROOT, 'maps', `${file.slice(DIST.length)}.map`);
    sourceMaps.set(file, existsSync(path) ? new SourceMap(JSON.parse(readFileSync(path, 'utf8'))) : undefined);
  }
  return sourceMaps.get(file);
}

/** The source file of a position in the built package; a package of others by its name. */
function sourceOf(file, { lineNumber, columnNumber }) {
  const source = sourceMapOf(file)?.findEntry(lineNumber, columnNumber)?.originalSource;
  if (source === undefined) return basename(file);
  const [, dependency] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(source) ?? [];
  return dependency ?? source.replace(/^(\.\.\/)+/, '');
}

/** What a frame's own time counts as; undefined for waiting. */
function partOf(frame) {
  const { functionName, url } = frame;
  if (url === '' && functionName in SPECIAL) return SPECIAL[functionName];
  if (/^node:(internal\/)?async_(hooks|context_frame|local_storage)/.test(url)) return CONTEXT;
  if (url === '') return NATIVE;
  return url.startsWith(DIST) ? sourceOf(url, frame) : JAVASCRIPT;
}

/** Time by part, as shares of 1. */
function sharesOf(frames) {
  const micros = new Map();
  let total = 0;
  for (const { frame, selfMicros } of frames) {
    const part = partOf(frame);
    if (part === undefined) continue;
    micros.set(part, (micros.get(part) ?? 0) + selfMicros);
    total += selfMicros;
  }
  return new Map([...micros].map(([part, value]) => [part, value / total]));
}

async function profile(scenario, mode, agent, turns) {
  const cell = { scenario, mode, system: 'cjs', agent, node: process.execPath, nodeArguments: STEADY };
  return runPair(cell, ['roomy', mode], async ({ app, connect, peer }) => {
    await connect();
    await turns.ready();
    let { perSecond } = await turns.take(() => peer('saturate', WARM_UP));
    const takeWindow = () =>
      turns.take(async () => {
        const requests = Math.round((perSecond * WINDOW_MILLIS) / 1000);
        const before = await app('usage');
        ({ perSecond } = await peer('saturate', { requests, most: requests }));
        const after = await app('usage');
        return {
          main: (after.mainMicros - before.mainMicros) / requests,
          all: (after.cpuMicros - before.cpuMicros) / requests,
        };
      });
    const windows = [];
    for (let index = 0; index < WINDOWS; index++) windows.push(await takeWindow());
    await app('startProfile');
    for (let index = 0; index < WINDOWS; index++) await takeWindow();
    const { frames } = await app('stopProfile');
    await turns.done();
    const main = median(windows.map((window) => window.main));
    return { main, others: median(windows.map((window) => window.all)) - main, shares: sharesOf(frames) };
  });
}

function rowsOf(results) {
  const microsOf = ({ main, shares }, part) => main * (shares.get(part) ?? 0);
  const own = results.at(-1);
  const others = results.slice(0, -1).map(() => 0);
  const general = [JAVASCRIPT, NATIVE, COLLECTOR, CONTEXT];
  const files = [...own.shares.keys()].filter((part) => !general.includes(part));
  const large = files.filter((part) => microsOf(own, part) >= LEAST_MICROS);
  large.sort((one, other) => microsOf(own, other) - microsOf(own, one));
  const few = files.filter((part) => !large.includes(part)).reduce((sum, part) => sum + microsOf(own, part), 0);
  const row = (part, values) => [part, ...values.map((value) => (value === 0 ? '' : format(value)))];
  return [
    ...general.map((part) =>
      row(
        part,
        results.map((result) => microsOf(result, part)),
      ),
    ),
    ...large.map((part) =>
      row(
        `\`${part}\``,
        results.map((result) => microsOf(result, part)),
      ),
    ),
    row(FEW, [...others, few]),
    row(
      '**main thread**',
      results.map(({ main }) => main),
    ),
    row(
      'other threads',
      results.map(({ others }) => others),
    ),
    row(
      '**all**',
      results.map(({ main, others }) => main + others),
    ),
  ];
}

/** Markdown of the profile of `request/<scenario>[:<mode>]`. */
async function profileOf(wanted) {
  const [, name, mode = 'always'] = /^request\/([^:]+)(?::(.*))?$/.exec(wanted) ?? [];
  const scenario = SCENARIOS.find((known) => known.name === name && known.modes.includes(mode));
  if (scenario === undefined) throw new Error(`no such scenario of requests: ${wanted}`);
  const hasLeast = name === 'http-server' && mode === 'always';
  const agents = [BARE, FLOOR, ...(hasLeast ? [LEAST] : []), OURS];
  const turns = new Turns(agents.length);
  const results = await Promise.all(agents.map((agent) => profile(scenario, mode, agent, turns)));
  const heads = agents.map(({ title }) => title);
  return [
    `### ${scenario.title}${mode === 'always' ? '' : `, ${mode}`}`,
    table(['CPU µs per request', ...heads], rowsOf(results)),
  ];
}

const all = process.argv.slice(2);
if (all.length === 0) throw new Error('say what: request/http-server, request/grpc:1%, ...');
installAll([], { hasTools: false });
for (const wanted of all) process.stdout.write(`${(await profileOf(wanted)).join('\n\n')}\n\n`);
