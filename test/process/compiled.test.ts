/**
 * The compiled code that the package carries: V8 takes it on every Node.js that it was made with, and whatever is wrong
 * with it, the agent starts and traces as without.
 */
import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { COMPILED_FILE, compiledKey } from '../../src/compiled.js';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { AGENT_ENTRY, FIXTURES } from '../helpers/paths.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const WATCH = join(FIXTURES, 'compiled/watch-scripts.cjs');

async function run(t: Test, options: Partial<RunOptions>, agent = AGENT_ENTRY, before: readonly string[] = []) {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const execArgv = ['--require', WATCH, ...before, '--require', agent, ...(options.execArgv ?? [])];
  const settings = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_SERVICE_NAME: 'compiled',
    OTEL_LOG_LEVEL: 'warn',
  };
  const env = { ...settings, ...options.env };
  const app = runApp({ file: 'preload/hello.cjs', preload: 'none', ...options, env, execArgv });
  t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
  t.equal(app.stdout(), 'hello\n');
  t.strictSame(
    collector
      .spans()
      .map(({ kind }) => kind)
      .sort(),
    ['CLIENT', 'SERVER'],
  );
  const scripts = /^scripts (.*)\n/m.exec(app.stderr())?.[1] ?? '';
  t.equal(app.stderr(), `scripts ${scripts}\n`, 'nothing else is said');
  return JSON.parse(scripts) as Record<string, string>;
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: V8 takes the compiled code`, async (t) => {
    const scripts = await run(t, { node });
    t.match(scripts, { 'agent.js': 'used', 'tracing.js': 'used', 'instrumentations/own-http.js': 'used' });
    t.notOk(Object.values(scripts).includes('refused'));
  });
}

t.test('another flag of V8: the code is refused and compiled anew', async (t) => {
  const scripts = await run(t, { execArgv: ['--no-lazy-feedback-allocation'] });
  t.match(scripts, { 'agent.js': 'refused', 'tracing.js': 'refused' });
});

type Damage = (file: string) => void;

const DAMAGES: Record<string, Damage> = {
  'no file': (file) => rmSync(file),
  'an empty file': (file) => truncateSync(file, 0),
  'a file that was cut off': (file) => truncateSync(file, 50_000),
  'something else': (file) => writeFileSync(file, 'x'.repeat(100_000)),
  'the file of another release': (file) => writeFileSync(file, Buffer.concat([Buffer.alloc(8), readFileSync(file)])),
  'the code of other builds of Node.js': (file) => {
    const entry = join(dirname(file), 'register.js');
    const text = readFileSync(entry, 'utf8');
    if (!text.includes(`"${compiledKey()}"`)) throw new Error('the entry knows nothing of this Node.js');
    writeFileSync(entry, text.replaceAll(`"${compiledKey()}"`, `"${compiledKey()} other"`));
  },
};

for (const [what, damage] of Object.entries(DAMAGES)) {
  t.test(`${what}: the agent starts all the same`, async (t) => {
    const dist = join(t.testdir(), 'dist');
    cpSync(dirname(AGENT_ENTRY), dist, { recursive: true });
    damage(join(dist, COMPILED_FILE));
    const scripts = await run(t, {}, join(dist, 'register.js'));
    t.notOk(Object.values(scripts).includes('refused'), 'V8 never sees what is not for it');
  });
}

t.test('a process that does not say how its V8 was built', async (t) => {
  const hiding = 'Object.defineProperty(process, "config", { value: undefined });';
  const preload = join(t.testdir({ 'hides.cjs': hiding }), 'hides.cjs');
  t.strictSame(await run(t, {}, AGENT_ENTRY, ['--require', preload]), {}, 'no compiled code is asked for');
});

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: under the module system of somebody else, as test runners have one`, async (t) => {
    const scripts = await run(t, { node, env: { AGENT: AGENT_ENTRY } }, join(FIXTURES, 'compiled/foreign-loader.cjs'));
    t.strictSame(scripts, {}, 'loaded by that alone');
  });
}

t.test('the files of the agent are in the cache of modules, as if they were required', async (t) => {
  const program = `
    const { dirname, join } = require('node:path');
    const file = join(dirname(process.argv[1]), 'agent.js');
    const module_ = require.cache[file];
    process.stdout.write(String(module_.loaded && module_.filename === file && require(file) === module_.exports));`;
  const app = runApp({
    file: undefined,
    execArgv: ['-e', program, AGENT_ENTRY],
    env: { OTEL_TRACES_EXPORTER: 'none' },
  });
  t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
  t.equal(app.stdout(), 'true');
});
