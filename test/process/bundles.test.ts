/**
 * Applications bundled into one file: built-ins, fetch and what announces itself are traced without a plugin, and one
 * line names what is not; with our plugin the trace is that of the application before it was bundled.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import t, { type Test } from 'tap';
import { traceAgent } from '../../src/bundlers/esbuild.js';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { installFixture } from '../helpers/fixture-install.js';
import { nodeEnds, nodeLines } from '../helpers/node-versions.js';
import { ROOT } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';
import { serverOrSkip } from '../helpers/servers.js';
import { sketch } from '../helpers/spans.js';

const PLUGINS = join(ROOT, 'dist/bundlers');
const WHOLE = `
shop CLIENT GET
  shop SERVER GET /users/:id
    shop CLIENT SELECT
    shop CLIENT GET
      shop SERVER GET /ping`.trim();
const WITHOUT_LIBRARIES = `
shop CLIENT GET
  shop SERVER GET
    shop CLIENT GET
      shop SERVER GET`.trim();

const { folder, skip } = installFixture('runners');

async function bundle(t: Test, tool: string, entry: string, plugins?: string): Promise<string> {
  const output = t.testdir();
  const args = [tool, join(folder, 'bundled', entry), output, ...(plugins === undefined ? [] : [plugins])];
  const app = runApp({ file: join(folder, 'bundle.cjs'), args, cwd: folder, preload: 'none' });
  t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
  return ['app.cjs', 'app.mjs'].map((name) => join(output, name)).find((file) => existsSync(file)) ?? '';
}

t.test('express and pg', { skip }, async (t) => {
  const server = await serverOrSkip(t, 'postgres');
  if (server === undefined) return;
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const env = {
    TEST_DATABASE_URL: server.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    OTEL_SERVICE_NAME: 'shop',
  };

  for (const tool of ['esbuild', 'esbuild --minify', 'esbuild --format=esm', 'webpack']) {
    await t.test(`${tool} with the plugin`, async (t) => {
      const file = await bundle(t, tool, 'shop.js', PLUGINS);
      const bare = runApp({ file, preload: 'none', env });
      t.match(await bare.exited, { code: 0 }, { stderr: bare.stderr() });
      t.equal(bare.stdout(), 'user 7 pong\n', 'it works without the agent');
      for (const { node, version } of nodeLines()) {
        collector.clear();
        const app = runApp({ node, file, env });
        t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
        t.equal(app.stdout(), 'user 7 pong\n');
        t.equal(sketch(collector.spans()), WHOLE, `Node ${version}`);
      }
    });
  }

  for (const tool of ['esbuild', 'esbuild --minify', 'webpack', 'ncc']) {
    await t.test(`${tool} without the plugin`, async (t) => {
      const file = await bundle(t, tool, 'shop.js');
      // How a bundle is recognised has nothing to do with Node.js; the look at it comes after five seconds.
      for (const { node, version } of tool === 'esbuild' ? nodeEnds() : nodeEnds().slice(-1)) {
        collector.clear();
        const app = runApp({ node, file, env: { ...env, TEST_STAYS: '1' } });
        const [line] = await app.waitForLine(/^trace-agent warn TA2008: .*$/);
        app.kill('SIGTERM');
        await app.exited;
        t.match(
          line,
          /: (?=.*\bexpress\b)(?=.*\bpg\b).* are bundled into .*app\.cjs and cannot be traced; build with /,
          version,
        );
        t.notMatch(line, /\b(mongodb|ioredis|mysql2|grpc|fastify)\b/, 'what is not in it is not named');
        t.equal(sketch(collector.spans()), WITHOUT_LIBRARIES, `Node ${version}`);
      }
    });
  }
});

t.test('the types of the plugin, which do not mention esbuild, are those of an esbuild plugin', async (t) => {
  const plugin: Plugin = traceAgent();
  t.equal(plugin.name, 'trace-agent');
});

t.test('fastify needs no plugin', { skip }, async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const file = await bundle(t, 'esbuild --minify', 'fastify.js');
  for (const { node, version, major } of nodeLines()) {
    if (major < 20) continue;
    collector.clear();
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'shop' };
    const app = runApp({ node, file, env });
    t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
    t.equal(sketch(collector.spans()), 'shop CLIENT GET\n  shop SERVER GET /users/:id', `Node ${version}`);
  }
});
