/** What the agent says about libraries that it cannot trace, about other agents, and when there is nothing to trace. */
import { join } from 'node:path';
import { build } from 'esbuild';
import t from 'tap';
import { hasUsableLoadHooks } from '../../src/hooks/support.js';
import { type Diagnosis, type Stage, testDiagnoses } from '../helpers/diagnosis.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { AGENT_ENTRY, FIXTURES, ROOT } from '../helpers/paths.js';

const APP = join(FIXTURES, 'diagnosis/app.cjs');
const RUN_APP = `require(${JSON.stringify(APP)});`;

/** A package for a folder's node_modules. */
function packageFiles(name: string, version: string, source: string, extra: object = {}): Record<string, string> {
  return {
    [`node_modules/${name}/package.json`]: JSON.stringify({ name, version, ...extra }),
    [`node_modules/${name}/index.js`]: source,
  };
}

async function running(stage: Stage, files: Readonly<Record<string, string>>, entry = 'app.cjs') {
  const folder = stage.folder(files);
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: (await stage.collector()).httpUrl };
  return { file: join(folder, entry), cwd: folder, env };
}

/** Installed in the repository, found from a temporary folder. */
const require_ = (name: string): string => `require(${JSON.stringify(join(ROOT, 'node_modules', name))});`;

async function bundle(stage: Stage, options: { minify: boolean; format: 'cjs' | 'esm' }) {
  const folder = stage.folder();
  const file = join(folder, `bundle.${options.format === 'esm' ? 'mjs' : 'cjs'}`);
  const banner = `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(ROOT)});`;
  await build({
    stdin: { contents: `require('express')(); ${RUN_APP}`, resolveDir: ROOT },
    outfile: file,
    bundle: true,
    platform: 'node',
    logLevel: 'error',
    legalComments: 'none',
    ...(options.format === 'esm' ? { banner: { js: banner } } : {}),
    ...options,
  });
  return { file, env: { OTEL_EXPORTER_OTLP_ENDPOINT: (await stage.collector()).httpUrl } };
}

const VERSIONS: readonly Diagnosis[] = [
  {
    name: 'a version out of range',
    set: (stage) =>
      running(stage, {
        ...packageFiles('express', '9.0.0', 'module.exports = () => {};'),
        'app.cjs': `require('express'); ${RUN_APP}`,
      }),
    codes: ['TA2001'],
    says: [/express 9\.0\.0 is newer than the supported >=4\.8\.0 <6 and looks different/],
  },
  {
    name: 'a library that looks like no other',
    set: (stage) =>
      running(stage, {
        ...packageFiles('@grpc/grpc-js', '1.9.0', 'module.exports = {};'),
        'app.cjs': `require('@grpc/grpc-js'); ${RUN_APP}`,
      }),
    codes: ['TA2003'],
  },
  {
    name: 'an instrumentation that is switched off says nothing',
    async set(stage) {
      const run = await running(stage, {
        ...packageFiles('express', '9.0.0', 'module.exports = () => {};'),
        'app.cjs': `require('express'); ${RUN_APP}`,
      });
      return { ...run, env: { ...run.env, OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'express' } };
    },
    codes: [],
  },
];

const ORDER: readonly Diagnosis[] = [
  {
    name: 'a library that was loaded before the agent',
    async set(stage) {
      const load = `${require_('express')} require(${JSON.stringify(AGENT_ENTRY)}); ${RUN_APP}`;
      const run = await running(stage, { 'app.cjs': load });
      return { ...run, preload: 'none' };
    },
    codes: ['TA2007'],
    says: [/express.* loaded before the agent and cannot be traced; load the agent before everything else/],
  },
  {
    name: 'another agent, preloaded',
    async set(stage) {
      const files = packageFiles('appdynamics', '25.0.0', '');
      const run = await running(stage, { ...files, 'app.cjs': RUN_APP });
      return { ...run, execArgv: ['--require', 'appdynamics'] };
    },
    codes: ['TA2011'],
    says: [/appdynamics is loaded too/],
  },
  {
    name: 'an SDK that the application starts itself',
    set: (stage) =>
      running(stage, {
        'app.cjs': `const { NodeSDK } = ${require_('@opentelemetry/sdk-node')}
          new NodeSDK({ instrumentations: [] }).start(); ${RUN_APP}`,
      }),
    codes: ['TA2012'],
    says: [/an OpenTelemetry SDK of the application .* was started: the agent stands down/],
  },
  {
    name: 'an SDK that has registered before the agent',
    async set(stage) {
      const sdk = `const { NodeTracerProvider } = ${require_('@opentelemetry/sdk-trace-node')}
        new NodeTracerProvider().register();`;
      const run = await running(stage, { 'sdk.cjs': sdk, 'app.cjs': RUN_APP });
      const preloads = `--require ${join(run.cwd, 'sdk.cjs')} --require ${AGENT_ENTRY}`;
      return { ...run, preload: 'none', env: { ...run.env, NODE_OPTIONS: preloads } };
    },
    codes: ['TA2012'],
    start: undefined,
    says: [/an OpenTelemetry SDK .* was started before the agent, which stands aside/],
  },
];

const BUNDLES: readonly Diagnosis[] = [
  {
    name: 'a bundle that names its libraries',
    set: (stage) => bundle(stage, { minify: false, format: 'cjs' }),
    codes: ['TA2008'],
    says: [/express.* bundled into .*bundle\.cjs and cannot be traced; build with the esbuild or webpack plugin/],
  },
  {
    name: 'a minified bundle',
    set: (stage) => bundle(stage, { minify: true, format: 'cjs' }),
    codes: ['TA2008'],
    says: [/express.* bundled into .*bundle\.cjs and cannot be traced/],
  },
  {
    name: 'a bundle as ES module',
    set: (stage) => bundle(stage, { minify: false, format: 'esm' }),
    codes: ['TA2008'],
  },
];

const NOTHING: readonly Diagnosis[] = [
  {
    name: 'nothing to trace for a minute',
    async set(stage) {
      const run = await running(stage, { 'app.cjs': `console.log('done'); process.on('disconnect', () => {});` });
      return run;
    },
    codes: ['TA2010'],
    withinMillis: 70_000,
  },
];

const modern = nodeBinaries().find(({ version }) => hasUsableLoadHooks(version));
const ES_MODULES: readonly Diagnosis[] =
  modern === undefined
    ? []
    : [
        {
          name: 'a library that is an ES module',
          async set(stage) {
            const run = await running(
              stage,
              {
                ...packageFiles('express', '5.0.0', 'export default () => {};', {
                  type: 'module',
                  exports: './index.js',
                }),
                'app.mjs': `import 'express'; import ${JSON.stringify(APP)};`,
              },
              'app.mjs',
            );
            return { ...run, node: modern.node };
          },
          codes: ['TA2009'],
          says: [/express 5\.0\.0 was loaded as ES module/],
        },
      ];

testDiagnoses(t, [...NOTHING, ...VERSIONS, ...ORDER, ...BUNDLES, ...ES_MODULES]);
