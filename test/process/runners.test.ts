/**
 * TypeScript run without a build, and programs that start the application in another process: the same trace as the
 * compiled application, and no agent in the helpers.
 *
 *   GET (CLIENT) ─► GET /users/:id (SERVER)
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { installFixture } from '../helpers/fixture-install.js';
import { isAtLeast, type NodeBinary, nodeLines } from '../helpers/node-versions.js';
import { AGENT_ENTRY } from '../helpers/paths.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';

const { folder, skip } = installFixture('runners');
const inFolder = (path: string) => join(folder, path);
const installed = (path: string) => inFolder(`node_modules/${path}`);

const TRACE = `
runners CLIENT GET
  runners SERVER GET /users/:id`.trim();
const START_LINE = /^trace-agent info TA1001: \S+ traces service /gm;

interface Runner extends Partial<RunOptions> {
  readonly title: string;
  /** Undefined: every Node.js. */
  readonly runsOn?: (node: NodeBinary) => boolean;
}

const FORMS = ['commonjs/app.ts', 'esm/app.ts'];
const AGENT = ['--require', AGENT_ENTRY];

/** Node.js runs TypeScript by itself from 22.18 and 23.6 on, with a flag from 22.6. */
function stripTypes(node: NodeBinary): string[] {
  return isAtLeast(node, 22, 18) ? [] : ['--experimental-strip-types'];
}

function runners(node: NodeBinary): Runner[] {
  const both = FORMS.flatMap((file): Runner[] => [
    { title: `tsx ${file}`, preload: 'NODE_OPTIONS', file: installed('tsx/dist/cli.mjs'), args: [inFolder(file)] },
    { title: `--import tsx ${file}`, preload: 'require', execArgv: ['--import', 'tsx'], file: inFolder(file) },
    {
      title: `--import tsx first ${file}`,
      execArgv: ['--import', 'tsx', '--import', AGENT_ENTRY],
      file: inFolder(file),
    },
    {
      title: `swc-node ${file}`,
      preload: 'NODE_OPTIONS',
      execArgv: ['--import', '@swc-node/register/esm-register'],
      file: inFolder(file),
    },
    {
      title: `node ${stripTypes(node).join(' ')} ${file}`,
      preload: 'NODE_OPTIONS',
      execArgv: stripTypes(node),
      file: inFolder(file),
      runsOn: (node) => isAtLeast(node, 22, 6),
    },
  ]);
  return [
    ...both,
    {
      title: 'ts-node',
      preload: 'NODE_OPTIONS',
      file: installed('ts-node/dist/bin.js'),
      args: [inFolder('commonjs/app.ts')],
    },
    {
      title: 'ts-node/register first',
      execArgv: ['--require', 'ts-node/register', ...AGENT],
      file: inFolder('commonjs/app.ts'),
    },
    {
      title: '--loader ts-node/esm',
      preload: 'require',
      execArgv: ['--no-warnings', '--loader', 'ts-node/esm'],
      file: inFolder('esm/app.ts'),
    },
    {
      title: '@swc-node/register',
      preload: 'require',
      execArgv: ['--require', '@swc-node/register'],
      file: inFolder('commonjs/app.ts'),
    },
  ];
}

for (const binary of nodeLines()) {
  t.test(`Node ${binary.version}`, { skip }, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const env = {
      PATH: `${dirname(binary.node)}:${process.env.PATH}`,
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_SERVICE_NAME: 'runners',
      TS_NODE_TRANSPILE_ONLY: '1',
    };
    for (const { title, runsOn = () => true, ...options } of runners(binary)) {
      if (!runsOn(binary)) continue;
      await t.test(title, async (t) => {
        collector.clear();
        const app = runApp({ preload: 'none', cwd: folder, node: binary.node, file: '', ...options, env });
        t.match(await app.exited, { code: 0, signal: null }, { stderr: app.stderr() });
        t.equal(app.stdout(), 'user 7\n');
        t.equal(sketch(collector.spans()), TRACE);
        t.equal(app.stderr().match(START_LINE)?.length, 1, `one agent: ${app.stderr()}`);
        t.notMatch(app.stderr(), /trace-agent (warn|error)/);
      });
    }

    await t.test('nodemon is left alone, what it starts is traced', async (t) => {
      collector.clear();
      const file = installed('nodemon/bin/nodemon.js');
      t.ok(existsSync(file));
      const args = ['--quiet', '--exitcrash', '--exec', binary.node, '../modules/require.cjs'];
      const app = runApp({ node: binary.node, preload: 'NODE_OPTIONS', cwd: folder, file, args, env });
      await app.waitForLine(/^user 7$/);
      await collector.waitForSpans(2);
      app.kill('SIGINT');
      await app.exited;
      t.equal(sketch(collector.spans()), TRACE);
      t.equal(app.stderr().match(START_LINE)?.length, 1, app.stderr());
    });
  });
}
