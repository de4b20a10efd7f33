/**
 * Runs a library's own test suite bare and under the agent and compares the outcome test by test:
 *
 *   node test/transparency/suites.mjs [name...] [--files <text in their path>] [--jobs <files at a time>]
 *     [--mirrors <folder of bare git repositories, named owner+name/repo>]
 *
 * Needs `npm run build`. A suite comes with its npm package where that carries tests, else from GitHub; what cannot be
 * reached is skipped. Exits 1 when a test has another outcome.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const { startCollector } = createRequire(import.meta.url)(`${root}/build/src/viewer/otlp-receiver.js`);

/** `files`: folder with test files; `isMocha`: run by mocha, else by node --test. */
const SUITES = [
  { name: 'fastify', npm: 'fastify@5.12.8', folder: 'test' },
  { name: 'pino', npm: 'pino@10.4.0', folder: 'test' },
  {
    name: 'express',
    repository: 'expressjs/express',
    folder: 'test',
    isMocha: true,
    flags: ['--require', 'test/support/env'],
  },
  { name: 'ws', repository: 'websockets/ws', folder: 'test', isMocha: true },
  { name: 'koa', repository: 'koajs/koa', folder: '__tests__' },
];
/** Tests whose outcome is another one on purpose, with the reason. */
const OWN_HOOKS = 'two hooks of the agent, added as an application adds its own, are in the lists of hooks and plugins';
const KNOWN = [
  { suite: 'fastify', test: 'onRequest hook should support encapsulation / 2', why: OWN_HOOKS },
  { suite: 'fastify', test: 'pretty print - empty plugins', why: OWN_HOOKS },
  { suite: 'fastify', test: 'pretty print - includeMeta, includeHooks', why: OWN_HOOKS },
];
const FILE_TIMEOUT_MILLIS = 120_000;

const git = (...parameters) => execFileSync('git', parameters, { stdio: ['ignore', 'pipe', 'pipe'], encoding: 'utf8' });

function fetchSource({ npm, repository }, folder, mirrors) {
  if (npm !== undefined) {
    const packed = execFileSync('npm', ['pack', '--silent', npm, '--pack-destination', folder], { encoding: 'utf8' });
    execFileSync('tar', ['xzf', join(folder, packed.trim().split('\n').at(-1)), '-C', folder]);
    return join(folder, 'package');
  }
  const mirror = mirrors && join(mirrors, repository.replace('/', '+'), 'repo');
  const source = mirror && existsSync(mirror) ? mirror : `https://github.com/${repository}`;
  const target = join(folder, 'package');
  git('clone', '--quiet', '--depth', '1', source.startsWith('/') ? `file://${source}` : source, target);
  return target;
}

function testFiles(folder) {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && /\.test\.[cm]?js$|^[\w.-]+\.js$/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .filter(
      (file) =>
        !/\/(fixtures|support|types|bundler|build|jest|internals|helpers?)(\/|\.js)/.test(file.slice(folder.length)),
    );
}

/** Outcomes by test name, from the TAP of either runner; names of parents are in front of those of their children. */
function parse(tap) {
  const outcomes = new Map();
  const parents = [];
  for (const line of tap.split('\n')) {
    const title = /^( *)# Subtest: (.*)/.exec(line);
    if (title) {
      parents.length = title[1].length / 4;
      parents.push(title[2]);
      continue;
    }
    const point = /^( *)(not ok|ok) \d+ -? ?(.*?)( # .*)?$/.exec(line);
    if (point === null) continue;
    parents.length = Math.min(parents.length, point[1].length / 4);
    const name = [...parents, point[3]].join(' > ');
    for (let count = 1; ; count++) {
      const unique = count === 1 ? name : `${name} (${count})`;
      if (outcomes.has(unique)) continue;
      outcomes.set(unique, /# (SKIP|TODO)/i.test(point[4] ?? '') ? 'skipped' : point[2]);
      break;
    }
  }
  return outcomes;
}

/** Runs one file; its name is in front of each test's. */
function runFile(suite, folder, file, env) {
  const runner = suite.isMocha
    ? [join(folder, 'node_modules/mocha/bin/_mocha'), '--reporter', 'tap', '--exit', ...(suite.flags ?? []), file]
    : ['--test', '--test-reporter=tap', file];
  return new Promise((resolve) => {
    const child = spawn(process.execPath, runner, {
      cwd: folder,
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      detached: true,
    });
    let tap = '';
    child.stdout.setEncoding('utf8').on('data', (part) => {
      tap += part;
    });
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), FILE_TIMEOUT_MILLIS);
    child.on('close', () => {
      clearTimeout(timer);
      resolve(parse(tap));
    });
  });
}

async function runSuite(suite, mirrors) {
  const work = mkdtempSync(join(tmpdir(), 'trace-agent-suite-'));
  const collector = await startCollector({ maxKept: 10 });
  try {
    let folder;
    try {
      folder = fetchSource(suite, work, mirrors);
      execFileSync(
        'npm',
        ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--legacy-peer-deps', '--silent'],
        { cwd: folder, stdio: 'ignore' },
      );
    } catch (error) {
      process.stdout.write(
        `${suite.name}: skipped, its source or dependencies are out of reach (${String(error.message).split('\n')[0]})\n`,
      );
      return true;
    }
    const { NODE_OPTIONS: _options, ...inherited } = process.env;
    const bareEnv = { ...inherited, NODE_ENV: 'test' };
    const tracedEnv = {
      ...bareEnv,
      NODE_OPTIONS: `--require ${join(root, 'dist/register.js')}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_SERVICE_NAME: suite.name,
      OTEL_LOG_LEVEL: 'none',
    };
    let [total, failing] = [0, 0];
    const different = [];
    const files = testFiles(join(folder, suite.folder)).filter((path) => path.includes(wanted));
    const runNext = async () => {
      for (let file = files.shift(); file !== undefined; file = files.shift()) {
        const bare = await runFile(suite, folder, file, bareEnv);
        let traced = await runFile(suite, folder, file, tracedEnv);
        const differs = () =>
          [...new Set([...bare.keys(), ...traced.keys()])].filter((name) => bare.get(name) !== traced.get(name));
        // A test that is not reliable bare says nothing: once more.
        if (differs().length > 0) traced = await runFile(suite, folder, file, tracedEnv);
        const path = file.slice(folder.length + 1);
        for (const name of differs())
          different.push(`${path}: ${name}: bare ${bare.get(name)}, traced ${traced.get(name)}`);
        total += bare.size;
        failing += [...bare.values()].filter((outcome) => outcome === 'not ok').length;
        if (isVerbose) process.stderr.write(`${path}: ${bare.size} tests, ${differs().length} differ\n`);
      }
    };
    await Promise.all(Array.from({ length: jobs }, runNext));
    const unknown = different.filter(
      (text) => !KNOWN.some(({ suite: of, test }) => of === suite.name && text.includes(test)),
    );
    process.stdout.write(
      `${suite.name}: ${total} tests (${failing} fail bare), ${different.length} differ, ${unknown.length} unexpectedly; ${collector.counts().acceptedSpans} spans\n`,
    );
    for (const text of unknown) process.stdout.write(`  ${text}\n`);
    return unknown.length === 0 && total > 0;
  } finally {
    await collector.close();
    rmSync(work, { recursive: true, force: true });
  }
}

const given = process.argv.slice(2);
const option = (name) => {
  const at = given.indexOf(name);
  return at === -1 ? undefined : given.splice(at, 2)[1];
};
const mirrors = option('--mirrors');
const wanted = option('--files') ?? '';
/** Files at a time. */
const jobs = Number(option('--jobs') ?? 1);
const isVerbose = process.stderr.isTTY;
let isSame = true;
for (const suite of SUITES.filter(({ name }) => given.length === 0 || given.includes(name))) {
  isSame = (await runSuite(suite, mirrors)) && isSame;
}
process.exitCode = isSame ? 0 : 1;
