/** The published package: small, self-contained, with nothing to run at install time, and it works where it lands. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { ROOT } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly entryCount: number;
}

const MAX_PACKED_BYTES = 5_000_000;
const MAX_FILES = 100;

const folder = t.testdir();
const npm = join(dirname(process.execPath), '../lib/node_modules/npm/bin/npm-cli.js');
const output = execFileSync(
  process.execPath,
  [npm, 'pack', '--json', '--ignore-scripts', '--pack-destination', folder],
  { cwd: ROOT, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], env: { PATH: process.env.PATH, HOME: folder } },
);
const [packed] = JSON.parse(output) as [Packed];
const installed = join(folder, 'node_modules/@org/trace-agent');
mkdirSync(installed, { recursive: true });
execFileSync('tar', ['xzf', join(folder, packed.filename), '-C', installed, '--strip-components=1']);

const files = readdirSync(installed, { recursive: true, encoding: 'utf8' }).filter((file) =>
  statSync(join(installed, file)).isFile(),
);

function typesOf(exports: Record<string, string | { readonly types: string; readonly default: string }>): string[] {
  const targets = Object.values(exports).flatMap((target) =>
    typeof target === 'string' ? target : Object.values(target),
  );
  return targets.map((target) => target.slice(2));
}

t.test('it is small and brings no dependency tree and no install script', async (t) => {
  t.ok(packed.size < MAX_PACKED_BYTES, `${packed.size} bytes packed`);
  t.ok(packed.entryCount < MAX_FILES, `${packed.entryCount} files`);
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'));
  t.equal(manifest.dependencies, undefined);
  for (const script of ['preinstall', 'install', 'postinstall']) t.equal(manifest.scripts[script], undefined, script);
  for (const file of ['LICENSE', 'README.md', 'dist/THIRD-PARTY-NOTICES.txt', ...typesOf(manifest.exports)]) {
    t.ok(files.includes(file), file);
  }
});

t.test('it names the licence of every package it contains', async (t) => {
  const notices = readFileSync(join(installed, 'dist/THIRD-PARTY-NOTICES.txt'), 'utf8');
  for (const name of [
    '@opentelemetry/api',
    '@opentelemetry/sdk-trace',
    '@opentelemetry/instrumentation-express',
    'import-in-the-middle',
    'dotenv',
    'semver',
  ]) {
    t.match(notices, new RegExp(`^${name} \\d+\\.\\d+\\.\\d+ \\(.+\\)$`, 'm'), name);
  }
});

t.test('no file knows the folder it was built in', async (t) => {
  for (const file of files) t.notOk(readFileSync(join(installed, file), 'utf8').includes(ROOT), file);
});

for (const [preload, file] of [
  ['--require', 'preload/hello.cjs'],
  ['--import', 'preload/hello.mjs'],
] as const) {
  t.test(`installed by its name it traces: ${preload} ${file}`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const app = runApp({
      file,
      preload: 'none',
      cwd: folder,
      execArgv: [preload, '@org/trace-agent/register'],
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'installed' },
    });
    t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
    t.equal(app.stdout(), 'hello\n');
    t.equal(collector.spans().length, 2);
  });
}
