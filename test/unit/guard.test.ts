import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'acorn';
import t from 'tap';
import { isLauncher, isSupportedNode, judge } from '../../src/guard.js';

const INPUT = {
  nodeVersion: '20.20.2',
  entry: '/app/server.js',
  parameters: [],
  execArgv: [],
  isInteractive: false,
  isAlreadyStarted: false,
};

t.test('the supported range is ^18.19.0 || >=20.6.0', async (t) => {
  for (const version of ['18.19.0', '18.20.8', '20.6.0', '20.20.2', '21.0.0', '22.15.0', '26.10.0', '99.0.0']) {
    t.ok(isSupportedNode(version), version);
  }
  for (const version of ['0.10.48', '6.17.1', '16.20.2', '18.18.2', '19.9.0', '20.5.1']) {
    t.notOk(isSupportedNode(version), version);
  }
});

t.test('an unsupported Node gets one line that names its version and the range', async (t) => {
  const verdict = judge({ ...INPUT, nodeVersion: '16.20.2' });
  t.equal(verdict.action, 'stand-aside');
  t.match(verdict.notice, /16\.20\.2.*\^18\.19\.0 \|\| >=20\.6\.0/);
});

t.test('a Node newer than tested runs and says so; the newest tested one is silent', async (t) => {
  t.match(judge({ ...INPUT, nodeVersion: '99.1.2' }), { action: 'run', notice: /99\.1\.2/ });
  t.strictSame(judge({ ...INPUT, nodeVersion: '26.0.0' }), { action: 'run' });
});

t.test('a REPL is left alone', async (t) => {
  t.strictSame(judge({ ...INPUT, entry: undefined, isInteractive: true }), { action: 'stand-aside' });
});

t.test('a second copy stands aside silently', async (t) => {
  t.strictSame(judge({ ...INPUT, isAlreadyStarted: true }), { action: 'stand-aside' });
});

t.test('package managers, process managers and build tools are recognised by the file they run', async (t) => {
  const managers = [
    '/usr/local/bin/npm',
    '/usr/local/lib/node_modules/npm/bin/npm-cli.js',
    '/usr/local/lib/node_modules/npm/bin/npx-cli.js',
    '/usr/local/bin/yarn',
    '/app/.yarn/releases/yarn-4.9.1.cjs',
    '/usr/lib/node_modules/corepack/dist/pnpm.js',
    '/usr/lib/node_modules/pnpm/bin/pnpm.cjs',
    '/app/node_modules/.bin/tsx',
    '/app/node_modules/tsx/dist/cli.mjs',
    '/app/node_modules/.pnpm/tsx@4.23.15/node_modules/tsx/dist/cli.mjs',
    '/app/node_modules/.bin/nodemon',
    '/app/node_modules/nodemon/bin/nodemon.js',
    '/usr/local/bin/pm2',
    '/usr/local/bin/pm2-runtime',
    '/usr/local/lib/node_modules/pm2/bin/pm2',
    '/usr/local/lib/node_modules/pm2/lib/Daemon.js',
    '/app/node_modules/concurrently/dist/bin/concurrently.js',
    '/app/node_modules/cross-env/src/bin/cross-env.js',
    '/app/node_modules/cross-env/dist/bin/cross-env.js',
    '/app/node_modules/dotenv-cli/cli.js',
    '/app/node_modules/typescript/bin/tsc',
    '/app/node_modules/esbuild/bin/esbuild',
    '/app/node_modules/webpack/bin/webpack.js',
    '/app/node_modules/@vercel/ncc/dist/ncc/cli.js',
    '/app/node_modules/ts-node/dist/bin-esm.js',
    'C:\\Program Files\\nodejs\\node_modules\\npm\\bin\\npm-cli.js',
  ];
  for (const file of managers) t.ok(isLauncher(file, []), file);
  // These run the application in their own process, or are its own files.
  const applications = [
    '/app/node_modules/.bin/ts-node',
    '/app/node_modules/ts-node/dist/bin.js',
    '/app/node_modules/pm2/lib/ProcessContainer.js',
    '/app/node_modules/pm2/lib/ProcessContainerFork.js',
    '/app/pm2.js',
    '/app/webpack.server.js',
    '/app/tsx/server.js',
    '/app/node_modules/webpack-dev-server/bin/webpack-dev-server.js',
  ];
  for (const file of [
    '/app/server.js',
    '/app/npm-audit-service.js',
    '/app/yarn/index.js',
    undefined,
    ...applications,
  ]) {
    t.notOk(isLauncher(file, []), String(file));
  }
});

t.test('next: its server is the application, all else is not', async (t) => {
  for (const entry of ['/app/node_modules/.bin/next', '/app/node_modules/next/dist/bin/next']) {
    t.notOk(isLauncher(entry, ['start', '-p', '3000']), entry);
    for (const parameters of [['build'], [], ['dev'], ['--turbopack'], ['typegen']]) {
      t.ok(isLauncher(entry, parameters), `${entry} ${parameters.join(' ')}`);
    }
  }
  t.ok(isLauncher('/app/node_modules/next/dist/compiled/jest-worker/processChild.js', []), 'renders pages ahead');
  t.notOk(isLauncher('/app/node_modules/next/dist/server/lib/start-server.js', []), 'the development server');
  t.notOk(isLauncher('/app/bin/next', []), "an application's own");
});

t.test('the preload entry parses on Node 6 (ES2015)', async (t) => {
  const source = readFileSync(join(__dirname, '../../../dist/register.js'), 'utf8');
  t.doesNotThrow(() => parse(source, { ecmaVersion: 2015, sourceType: 'script', allowHashBang: true }));
  t.throws(() => parse('a ?? b', { ecmaVersion: 2015 }), 'the parser rejects newer syntax');
});
