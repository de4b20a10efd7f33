/** `trace-agent run`: the application with the agent in it; its arguments, output, exit code and signals are its own. */
import { spawn } from 'node:child_process';
import { dirname, join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { PROGRAM, runProgram } from '../helpers/command-line.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { FIXTURES } from '../helpers/paths.js';

const HELLO = join(FIXTURES, 'preload/hello.cjs');

for (const { node, version } of nodeBinaries()) {
  for (const [name, args] of [
    ['a script', [HELLO]],
    ['a script with flags', ['--max-old-space-size=128', HELLO]],
    ['a command', [node, HELLO]],
    ['an ES module', [join(FIXTURES, 'preload/hello.mjs')]],
  ] as const) {
    t.test(`Node ${version}: ${name} is traced`, async (t) => {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'run' };
      const result = await runProgram({ node, args: ['run', ...args], env });
      t.match(result, { code: 0, stdout: 'hello\n' }, result.stderr);
      t.equal(result.stderr.match(/TA1001/g)?.length, 1, 'one agent, in the application');
      t.equal(collector.spans().length, 2);
    });
  }
}

const SHOW = `console.log(JSON.stringify({ args: process.argv.slice(2), options: process.env.NODE_OPTIONS,
  first: globalThis.first, heap: process.execArgv }));
  process.exitCode = 7;`;

t.test('arguments, exit code and existing NODE_OPTIONS are kept', async (t) => {
  const folder = t.testdir({ 'app.cjs': SHOW, 'first.cjs': 'globalThis.first = true;' });
  const NODE_OPTIONS = `--require ${folder}/first.cjs --stack-trace-limit=20`;
  const env = { NODE_OPTIONS, OTEL_TRACES_EXPORTER: 'none', OTEL_LOG_LEVEL: 'none' };
  const result = await runProgram({ args: ['run', `${folder}/app.cjs`, '--json', 'a b', '--', '-x'], env });
  t.equal(result.code, 7, result.stderr);
  t.match(JSON.parse(result.stdout), {
    args: ['--json', 'a b', '--', '-x'],
    options: new RegExp(`^--require \\S+register\\.js ${NODE_OPTIONS}$`),
    first: true,
  });
  const again = { ...env, NODE_OPTIONS: `--require ${join(dirname(PROGRAM), 'register.js')} --stack-trace-limit=20` };
  const second = await runProgram({ args: ['run', `${folder}/app.cjs`], env: again });
  t.equal(JSON.parse(second.stdout).options, again.NODE_OPTIONS, 'an agent that is there is not added');
});

t.test('signals reach the application, and how it ended is how this ends', async (t) => {
  const folder = t.testdir({
    'drains.cjs': `process.on('SIGTERM', () => { console.log('draining'); process.exit(5); });
      console.log('ready'); setInterval(() => {}, 1000);`,
    'plain.cjs': `console.log('ready'); setInterval(() => {}, 1000);`,
  });
  for (const [file, expected] of [
    ['drains.cjs', { code: 5, signal: null, stdout: 'ready\ndraining\n' }],
    ['plain.cjs', { code: null, signal: 'SIGTERM', stdout: 'ready\n' }],
  ] as const) {
    const child = spawn('/usr/bin/env', ['-i', process.execPath, PROGRAM, 'run', join(folder, file)], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      if (stdout === '') child.kill('SIGTERM');
      stdout += text;
    });
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
      child.on('close', (...end) => resolve(end));
    });
    t.strictSame({ code, signal, stdout }, expected, file);
  }
});

t.test('what cannot be started', async (t) => {
  const result = await runProgram({ args: ['run', 'no-such-command'] });
  t.match(result, { code: 127, stdout: '', stderr: /^trace-agent: .*ENOENT/ });
});
