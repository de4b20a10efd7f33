/** The example of Redis streams as two processes: what the receiver does for an entry is in its sender's trace. */
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { ROOT } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';
import { serverOrSkip } from '../helpers/servers.js';
import { sketch } from '../helpers/spans.js';

t.test('one trace from the request to the work on its entry', async (t) => {
  const server = await serverOrSkip(t, 'redis');
  if (server === undefined) return;
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const run = (name: string) =>
    runApp({
      file: join(ROOT, 'examples/redis-streams', `${name}.cjs`),
      env: { OTEL_SERVICE_NAME: name, OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, REDIS_URL: server.url },
    });
  const receiver = run('receiver');
  await receiver.waitForLine(/^receiver reads$/);
  const sender = run('sender');
  const [, port] = await sender.waitForLine(/^sender on (\d+)$/);
  await fetch(`http://127.0.0.1:${port}/`, { headers: { connection: 'close' } });
  await receiver.waitForLine(/^handled tea$/);
  for (const app of [sender, receiver]) app.kill();
  const ends = await Promise.all([sender.exited, receiver.exited]);
  t.strictSame(
    ends.map(({ code }) => code),
    [0, 0],
    sender.stderr() + receiver.stderr(),
  );
  const spans = collector.spans();
  const request = spans.find(({ kind }) => kind === 'SERVER');
  const trace = spans.filter(({ traceId }) => traceId === request?.traceId);
  t.equal(
    sketch(trace),
    ['sender SERVER GET', '  sender CLIENT XADD 127.0.0.1:<port>', '  receiver CLIENT HINCRBY 127.0.0.1:<port>'].join(
      '\n',
    ),
  );
  const names = spans.filter(({ traceId }) => traceId !== request?.traceId).map(({ name }) => name.split(' ')[0]);
  t.ok(names.includes('XREADGROUP') && names.includes('XACK'), names.join());
});
