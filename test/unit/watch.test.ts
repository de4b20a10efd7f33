/** What the agent looks for after the start: clocks, loaded libraries, bundles, the first requests. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Context, defaultTextMapGetter, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import t from 'tap';
import type { PropagatorName, SamplerName } from '../../src/config/types.js';
import { createLog } from '../../src/diag/log.js';
import { Libraries } from '../../src/instrumentation/libraries.js';
import { createPropagator } from '../../src/sdk/propagator.js';
import { watchPropagator } from '../../src/sdk/watched-propagator.js';
import { inspectBundle, packagesIn } from '../../src/watch/bundle.js';
import { LateChecks } from '../../src/watch/late-checks.js';
import { createClockCheck } from '../../src/watch/watch.js';

function createTestLog() {
  const lines: string[] = [];
  return { lines, log: createLog('all', { write: (line) => lines.push(line.trim()), now: () => 0 }) };
}

t.test('the clock: only a difference between the two clocks is a jump', async (t) => {
  const { lines, log } = createTestLog();
  const realNow = Date.now;
  t.teardown(() => {
    Date.now = realNow;
  });
  let wall = 1_000_000;
  let monotonic = 500;
  Date.now = () => wall;
  const check = createClockCheck(log, () => monotonic);
  wall += 5000;
  monotonic += 5000;
  check();
  wall += 60_000;
  monotonic += 60_000;
  check();
  wall += 5000 + 1999;
  monotonic += 5000;
  check();
  t.strictSame(lines, [], 'a busy loop, a stopped process, a slewing clock');
  wall -= 7_200_000;
  check();
  t.match(lines, [/TA4003: the clock jumped by -7200 s/]);
  check();
  t.equal(lines.length, 1);
});

t.test('libraries: a stronger state replaces a weaker one', async (t) => {
  const libraries = new Libraries();
  t.ok(libraries.note('pg', '8.0.0', 'loaded'));
  t.notOk(libraries.note('pg', '8.0.0', 'loaded'));
  t.ok(libraries.note('pg', '8.0.0', 'failed', 'x'));
  t.ok(libraries.note('pg', '8.0.0', 'patched'));
  t.notOk(libraries.note('pg', '8.0.0', 'unsupported', 'y'));
  t.ok(libraries.note('pg', '9.0.0', 'unsupported', 'y'), 'another version is another library');
  t.strictSame(libraries.list(), [
    { module: 'pg', version: '8.0.0', state: 'patched', reason: undefined },
    { module: 'pg', version: '9.0.0', state: 'unsupported', reason: 'y' },
  ]);
});

function createChecks(libraries: Libraries, loadedFiles: string[], spanCount: number | undefined, entryFile?: string) {
  const { lines, log } = createTestLog();
  const registry = {
    wantsPackage: (name: string) => ['express', 'pg'].includes(name),
    report: { applied: new Set<string>(), libraries },
  };
  const facts = { log, registry, entryFile, loadedFiles: () => loadedFiles, spanCount: () => spanCount };
  return { lines, checks: new LateChecks(facts) };
}

t.test('late checks: each finding once', async (t) => {
  const libraries = new Libraries();
  libraries.note('pg', '8.0.0', 'patched');
  libraries.note('mongodb', '7.0.0', 'es module');
  const files = ['/a/node_modules/express/index.js', '/a/node_modules/pg/lib/index.js', '/a/app.js'];
  const { lines, checks } = createChecks(libraries, files, 0);
  checks.run(false);
  t.match(lines, [/TA2007: express was loaded before the agent/, /TA2009: mongodb 7\.0\.0 was loaded as ES module/]);
  files.push('/opt/node_modules/@instana/collector/src/index.js', '/opt/node_modules/appdynamics/index.js');
  checks.run(true);
  t.equal(lines.length, 3, lines.join('\n'));
  t.match(lines[2], /TA2011: @instana\/collector, appdynamics are loaded too/);
});

t.test('late checks: nothing to trace is said only when nothing was patched and no span was made', async (t) => {
  for (const [state, spanCount, isSaid] of [
    [undefined, 0, true],
    ['loaded', 0, true],
    ['patched', 0, false],
    [undefined, 1, false],
    [undefined, undefined, false],
  ] as const) {
    const libraries = new Libraries();
    if (state !== undefined) libraries.note('pg', '8.0.0', state);
    const { lines, checks } = createChecks(libraries, [], spanCount);
    checks.run(true);
    t.equal(lines.length, isSaid ? 1 : 0, `${state} ${spanCount}`);
  }
});

t.test('bundles', async (t) => {
  t.strictSame(
    [...packagesIn('// node_modules/@a/b-c/x.js "../node_modules/d.js/index.js" node_modules/ node_modules/e')],
    ['@a/b-c', 'd.js'],
  );
  const folder = t.testdir();
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  t.strictSame(await inspectBundle(write('a.js', 'x={exports:{}} // node_modules/pg/x.js')), { packages: ['pg'] });
  t.equal(await inspectBundle(write('b.js', 'require("./node_modules/pg/x.js")')), undefined, 'no bundler was at work');
  t.equal(await inspectBundle(write('c.js', `__commonJS${' '.repeat(9_000_000)}`)), undefined, 'too large');
  t.equal(await inspectBundle(join(folder, 'none.js')), undefined);
  t.equal(await inspectBundle(folder), undefined);
});

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

function configOf(propagators: PropagatorName[], name: SamplerName) {
  const sampler = { name, ratio: 1, followsUnsampled: name.startsWith('parentbased_') };
  const sampling = { rules: [], keepsErrors: false };
  return { propagators, extractors: propagators, sampler, sampling, untrustedInbound: [] };
}

function createWatched(
  propagators: PropagatorName[] = ['tracecontext'],
  sampler: SamplerName = 'parentbased_always_on',
) {
  const { lines, log } = createTestLog();
  const watched = watchPropagator(createPropagator(propagators), { config: configOf(propagators, sampler), log });
  const extract = (carrier: Record<string, string>): Context =>
    watched.extract(ROOT_CONTEXT, carrier, defaultTextMapGetter);
  return { lines, watched, extract };
}

t.test('the watched propagator does what the inner one does', async (t) => {
  const { watched, extract } = createWatched();
  t.strictSame(watched.fields(), createPropagator(['tracecontext']).fields());
  const parent = trace.getSpanContext(extract({ traceparent: `00-${TRACE}-${SPAN}-01` }));
  t.match(parent, { traceId: TRACE, spanId: SPAN, traceFlags: TraceFlags.SAMPLED, isRemote: true });
  const carrier: Record<string, string> = {};
  watched.inject(extract({ traceparent: `00-${TRACE}-${SPAN}-01` }), carrier, {
    set: (into: Record<string, string>, key, value) => {
      into[key] = value;
    },
  });
  t.strictSame(carrier, { traceparent: `00-${TRACE}-${SPAN}-01` });
});

t.test('one sampled caller among the first is enough for silence', async (t) => {
  const { lines, watched, extract } = createWatched();
  const unsampled = { traceparent: `00-${TRACE}-${SPAN}-00` };
  for (let count = 0; count < 9; count++) extract(unsampled);
  extract({ traceparent: `00-${TRACE}-${SPAN}-01` });
  for (let count = 0; count < 50; count++) extract(unsampled);
  for (let count = 0; count < 3; count++) watched.check();
  t.strictSame(lines, []);
});

t.test('two unsampled requests may be an accident, three are told at the second check', async (t) => {
  const { lines, watched, extract } = createWatched();
  const unsampled = { traceparent: `00-${TRACE}-${SPAN}-00` };
  extract(unsampled);
  extract(unsampled);
  for (let count = 0; count < 5; count++) watched.check();
  t.strictSame(lines, []);
  extract(unsampled);
  watched.check();
  watched.check();
  t.match(lines, [/TA4001: all of the first 3 requests/]);
  for (let count = 0; count < 50; count++) extract(unsampled);
  watched.check();
  t.equal(lines.length, 1);
});

t.test('it stops looking after a hundred requests', async (t) => {
  let gets = 0;
  const { log, lines } = createTestLog();
  const propagators: PropagatorName[] = ['tracecontext'];
  const watched = watchPropagator(createPropagator(propagators), { config: configOf(propagators, 'always_on'), log });
  const getter = {
    keys: () => [],
    get: () => {
      gets++;
      return undefined;
    },
  };
  for (let count = 0; count < 100; count++) watched.extract(ROOT_CONTEXT, {}, getter);
  const looked = gets;
  gets = 0;
  for (let count = 0; count < 100; count++) watched.extract(ROOT_CONTEXT, {}, getter);
  t.ok(gets < looked, `${looked} headers were read, then ${gets}`);
  t.equal(gets, 100, 'the inner propagator reads its own');
  t.strictSame(lines, []);
});
