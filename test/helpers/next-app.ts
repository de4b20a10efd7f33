/**
 * The Next.js application of test/fixtures/frameworks/next: built once, under the agent as an image's build may be, and
 * again when its files have changed. What the build said and sent is kept with it.
 */
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { FIXTURES } from './paths.js';
import { describeOutput, runApp } from './run-app.js';

export interface Build {
  readonly digest: string;
  /** What the build wrote to stdout and stderr. */
  readonly output: string;
  /** Names of the spans that arrived. */
  readonly spans: readonly string[];
}

const QUIET = { NEXT_TELEMETRY_DISABLED: '1' };

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !name.startsWith('.next') && statSync(join(folder, name)).isFile())
    .sort()
    .map((name) => join(folder, name));
}

function digestOf(fixture: string): string {
  const hash = createHash('sha256');
  for (const file of [join(fixture, 'package-lock.json'), ...filesBelow(join(fixture, 'next'))]) {
    hash.update(file.slice(fixture.length)).update(readFileSync(file));
  }
  return hash.digest('hex');
}

/** The configuration in the words of that release. */
const CONFIGURATIONS = {
  14: "{ output: 'standalone', experimental: { outputFileTracingRoot: root } }",
  15: "{ output: 'standalone', outputFileTracingRoot: root }",
};

/** Lays the application of test/fixtures/frameworks into `fixture`, which has an older release of Next.js. */
export function layOutNextApp(fixture: string, major: keyof typeof CONFIGURATIONS): void {
  const source = join(FIXTURES, 'frameworks', 'next');
  const app = join(fixture, 'next');
  cpSync(source, app, { recursive: true, filter: (file) => !/[\\/](\.next|next-env\.d\.ts)$/.test(file) });
  // Until 16 the proxy was called middleware.
  const proxy = readFileSync(join(source, 'proxy.js'), 'utf8');
  rmSync(join(app, 'proxy.js'));
  writeFileSync(join(app, 'middleware.js'), proxy.replace('function proxy(', 'function middleware('));
  const config = readFileSync(join(source, 'next.config.mjs'), 'utf8');
  const changed = config.replace(/export default .*;/, `export default ${CONFIGURATIONS[major]};`);
  writeFileSync(join(app, 'next.config.mjs'), changed);
}

/** `fixture` is the installed folder. Throws with the build's output when it fails. */
export async function buildNextApp(fixture: string): Promise<Build> {
  const cwd = join(fixture, 'next');
  const record = join(cwd, '.next', 'build.json');
  const digest = digestOf(fixture);
  if (existsSync(record)) {
    const known = JSON.parse(readFileSync(record, 'utf8')) as Build;
    if (known.digest === digest) return known;
  }
  const collector = await startCollector();
  try {
    const file = join(fixture, 'node_modules/next/dist/bin/next');
    const env = { ...QUIET, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl };
    const app = runApp({ preload: 'NODE_OPTIONS', file, args: ['build'], cwd, env });
    const output = { stdout: '', stderr: '' };
    const { code } = await app.exited;
    Object.assign(output, { stdout: app.stdout(), stderr: app.stderr() });
    if (code !== 0) throw new Error(`next build ended with ${code}\n${describeOutput(output)}`);
    const spans = collector.spans().map(({ name }) => name);
    const build = { digest, output: output.stdout + output.stderr, spans };
    writeFileSync(record, JSON.stringify(build));
    return build;
  } finally {
    await collector.close();
  }
}

/** Lays the standalone output into `into` as a Dockerfile does; returns its server's file. */
export function copyStandalone(fixture: string, into: string): string {
  const built = join(fixture, 'next/.next');
  cpSync(join(built, 'standalone'), into, { recursive: true, verbatimSymlinks: true });
  cpSync(join(built, 'static'), join(into, 'next/.next/static'), { recursive: true });
  cpSync(join(fixture, 'next/public'), join(into, 'next/public'), { recursive: true });
  return join(into, 'next/server.js');
}
