/** The handler of an AWS Lambda is the one file of an application that an official instrumentation patches. */
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
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
