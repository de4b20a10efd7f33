/** The handler of an AWS Lambda is the one file of an application that an official instrumentation patches. */
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { testContainment } from '../helpers/containment.js';
import { FIXTURES } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';

t.test('an invocation is a SERVER span named after the function', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
    LAMBDA_TASK_ROOT: join(FIXTURES, 'lambda'),
    _HANDLER: 'handler.greet',
    AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x',
  };
  const app = runApp({ file: 'lambda/runtime.cjs', env });
  t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
  t.equal(app.stdout(), 'hello lambda\n');
  const [span] = await collector.waitForSpans(1);
  t.match(span, { name: 'greeter', kind: 'SERVER', attributes: { 'faas.invocation_id': 'request-1' } });
});

const LAMBDA = {
  LAMBDA_TASK_ROOT: join(FIXTURES, 'lambda'),
  _HANDLER: 'handler.greet',
  AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x',
};

t.test('spans are delivered before the answer is given: the process is frozen then, or gone', async (t) => {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const waits = { OTEL_BSP_SCHEDULE_DELAY: '60000', OTEL_NODE_SHUTDOWN_TIMEOUT: '20000' };
  const env = { ...LAMBDA, ...waits, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl };
  for (const how of ['greet', 'refuse', 'stream', 'callBack', 'callBackError']) {
    const isRefused = how === 'refuse' || how === 'callBackError';
    collector.clear();
    const app = runApp({ file: 'lambda/frozen.cjs', env: { ...env, _HANDLER: `handler.${how}` } });
    t.match(await app.exited, { signal: 'SIGKILL' }, { stderr: app.stderr() });
    t.equal(app.stdout(), `${isRefused ? 'Error: not to lambda' : 'hello lambda'}\n`);
    const names = collector.spans().map(({ name, kind, status }) => `${kind} ${name} ${status.code}`);
    t.strictSame(names, [`SERVER greeter ${isRefused ? 'ERROR' : 'UNSET'}`], how);
  }
});

/** Container images say `Image`, runtimes of one's own say nothing. */
for (const where of ['AWS_Lambda_nodejs20.x', 'AWS_Lambda_Image']) {
  for (const how of ['greet', 'refuse', 'stream', 'callBack', 'callBackError', 'fail', 'both', 'undeclared']) {
    t.test(`${how}, ${where}: the answer is that of a bare run, and when everything throws`, (t) => {
      const env = { ...LAMBDA, _HANDLER: `handler.${how}`, AWS_EXECUTION_ENV: where, TEST_GOES_ON: 'true' };
      const program = { file: 'lambda/frozen.cjs', env };
      return testContainment(t, { instrumentation: 'aws-lambda', meets: 'official', isAlone: true, program });
    });
  }
}

t.test('a collector that does not answer delays no answer for longer than the end of a process', async (t) => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => sockets.add(socket));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    silent.close();
  });
  const { port } = silent.address() as AddressInfo;
  const env = { ...LAMBDA, OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`, OTEL_NODE_SHUTDOWN_TIMEOUT: '300' };
  const app = runApp({ file: 'lambda/frozen.cjs', env: { ...env, TEST_TIMED: 'true' } });
  t.match(await app.exited, { signal: 'SIGKILL' }, { stderr: app.stderr() });
  const [answer, millis] = app.stdout().trim().split('\n');
  t.equal(answer, 'hello lambda');
  t.ok(Number(millis) >= 200 && Number(millis) < 5000, `after ${millis} ms`);
  t.ok(sockets.size > 0, 'it was asked');
});
