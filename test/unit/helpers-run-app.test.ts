/**
 * runApp: the child sees exactly the environment asked for, and its end is reported as it was.
 */
import { join } from 'node:path';
import t from 'tap';
import { runApp } from '../helpers/run-app.js';

const folder = t.testdir({
  'report.js': 'console.log(JSON.stringify({ env: process.env, execArgv: process.execArgv, agent: globalThis.agent }))',
  'agent.js': 'globalThis.agent = "loaded"',
  'exit.js': 'console.error("leaving"); process.exit(7)',
  'wait.js': 'setInterval(() => {}, 1000); console.log("waiting for 42")',
  'stdin.js': 'process.stdin.pipe(process.stdout)',
  'parent.js': `
    const { spawn } = require('node:child_process');
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
    console.log('grandchild ' + child.pid);
    process.exit(0)`,
});
const file = (name: string) => join(folder, name);

t.test('the environment is clean apart from what is given', async (test) => {
  process.env.OTEL_SERVICE_NAME = 'of the caller';
  test.teardown(() => delete process.env.OTEL_SERVICE_NAME);
  const app = runApp({ preload: 'none', file: file('report.js'), env: { GIVEN: 'a=b c', LEFT_OUT: undefined } });
  test.match(await app.exited, { code: 0, signal: null });
  const { env, execArgv } = JSON.parse(app.stdout());
  const allowed = ['PATH', 'HOME', 'TMPDIR', 'LANG', 'TZ', 'GIVEN'];
  test.strictSame(
    Object.keys(env).filter((name) => !allowed.includes(name)),
    [],
  );
  test.equal(env.GIVEN, 'a=b c');
  test.strictSame(execArgv, []);
  test.equal(app.stderr(), '');
});

for (const preload of ['require', 'import', 'NODE_OPTIONS'] as const) {
  t.test(`the agent is preloaded by ${preload}`, async (test) => {
    const app = runApp({ preload, agent: file('agent.js'), file: file('report.js') });
    await app.exited;
    test.match(JSON.parse(app.stdout()), { agent: 'loaded' });
  });
}

t.test('exit codes, signals and lines', async (test) => {
  const failing = runApp({ preload: 'none', file: file('exit.js') });
  test.match(await failing.exited, { code: 7, signal: null });
  test.equal(failing.stderr(), 'leaving\n');
  await test.rejects(failing.waitForLine(/never/), { message: /ended with code 7[\s\S]*--- stderr\nleaving/ });

  const waiting = runApp({ preload: 'none', file: file('wait.js') });
  test.equal((await waiting.waitForLine(/waiting for (\d+)/))[1], '42');
  test.equal((await waiting.waitForLine(/waiting/))[0], 'waiting', 'past lines count');
  await test.rejects(waiting.waitForLine(/never/, 10), { message: /waited 10 ms/ });
  waiting.kill('SIGTERM');
  const exit = await waiting.exited;
  test.match(exit, { code: null, signal: 'SIGTERM' });
  test.ok(exit.millis > 0);

  const echo = runApp({ preload: 'none', file: file('stdin.js'), stdin: 'to and fro' });
  await echo.exited;
  test.equal(echo.stdout(), 'to and fro');
});

t.test('a grandchild that keeps the output open does not delay the exit for ever', async (test) => {
  const app = runApp({ preload: 'none', file: file('parent.js') });
  test.match(await app.exited, { code: 0 });
  test.match(app.stdout(), /grandchild \d+/);
});
