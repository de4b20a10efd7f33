/**
 * The files that the agent image holds (examples/kubernetes/image), laid out as the Dockerfile does, copied as the init
 * container does, and loaded by every name that a manifest, the Operator or the Injector uses.
 */
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { ROOT } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';

const IMAGE = join(ROOT, 'examples', 'kubernetes', 'image');
const MAXIMUM_MEBIBYTES = 20;

/** What `npm install` of the packed package leaves in the image. */
function layOut(folder: string): void {
  const packageFolder = join(folder, 'node_modules', '@org', 'trace-agent');
  mkdirSync(packageFolder, { recursive: true });
  cpSync(join(ROOT, 'dist'), join(packageFolder, 'dist'), { recursive: true });
  copyFileSync(join(ROOT, 'package.json'), join(packageFolder, 'package.json'));
  copyFileSync(join(IMAGE, 'package.json'), join(folder, 'package.json'));
  for (const name of ['autoinstrumentation.js', 'register.js']) {
    copyFileSync(join(IMAGE, 'autoinstrumentation.js'), join(folder, name));
  }
}

function bytesOf(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => statSync(join(folder, name)))
    .reduce((sum, stats) => sum + (stats.isFile() ? stats.size : 0), 0);
}

t.test('the Dockerfile copies the files that this test lays out', async (t) => {
  const dockerfile = readFileSync(join(IMAGE, 'Dockerfile'), 'utf8');
  for (const name of ['package.json ./', 'autoinstrumentation.js ./', 'autoinstrumentation.js ./register.js']) {
    t.match(dockerfile, `COPY examples/kubernetes/image/${name}\n`);
  }
});

t.test('the volume traces an application by every name of its entry', async (t) => {
  const folder = t.testdir({ 'app.js': "require('node:http').get(process.env.TARGET, (r) => r.resume());\n" });
  layOut(join(folder, 'image'));
  const volume = join(folder, 'otel-auto-instrumentation-nodejs');
  cpSync(join(folder, 'image'), volume, { recursive: true });
  t.ok(bytesOf(volume) < MAXIMUM_MEBIBYTES * 2 ** 20, 'the volume is small');

  const collector = await startCollector();
  t.teardown(() => collector.close());
  const target = await startCollector();
  t.teardown(() => target.close());

  const entries = [
    'autoinstrumentation.js',
    'register.js',
    join('node_modules', '@org', 'trace-agent', 'dist', 'register.js'),
  ];
  for (const entry of entries) {
    const app = runApp({
      file: join(folder, 'app.js'),
      preload: 'NODE_OPTIONS',
      agent: join(volume, entry),
      env: {
        TARGET: target.httpUrl,
        OTEL_SERVICE_NAME: entry,
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      },
    });
    t.match(await app.exited, { code: 0, signal: null }, app.stderr());
    const spans = await collector.waitForSpans((all) => all.some((span) => span.resource['service.name'] === entry));
    t.match(spans.at(-1), { kind: 'CLIENT', attributes: { 'http.request.method': 'GET' } });
  }
});
