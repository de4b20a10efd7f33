/**
 * OTEL_NODE_WORKER_THREAD_CONTEXT: what a thread does when it starts, and what it does about a message, belong to the
 * trace in which it was started and in which the message was posted. Messages arrive as they were posted.
 */
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const WAYS = ['on', 'once', 'onmessage', 'addEventListener'] as const;

async function run(t: Test, way: string, options: Partial<RunOptions>): Promise<SpanRecord[]> {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app', ...options.env };
  const app = runApp({ ...options, file: 'threads/hand-over.cjs', args: [way], env });
  t.equal((await app.exited).code, 0, app.stderr());
  const answer = 'answer id,url,buffer 3 0';
  t.equal(
    app.stdout(),
    `task [ '${answer}', '${answer}' ]
task ${answer}
job [ 'answer', 'answer' ]
job answer
bare [ 'answer', 'answer' ]
bare answer
outside ${answer} answer
`,
  );
  t.notMatch(app.stderr(), /trace-agent (warn|error)/);
  return collector.spans();
}

const urlOf = ({ attributes }: SpanRecord): string => String(attributes['url.full'] ?? attributes['url.path']);

/** Kind and path of the parent of the call that is made for `id`. */
function parentOf(spans: readonly SpanRecord[], id: string): string | undefined {
  const call = spans.find((span) => span.kind === 'CLIENT' && urlOf(span).endsWith(`by=${id}`));
  if (call === undefined || call.parentSpanId === '') return call && 'none';
  const parent = spans.find(({ spanId, traceId }) => spanId === call.parentSpanId && traceId === call.traceId);
  return parent && `${parent.kind} ${urlOf(parent)}`;
}

const ON = { OTEL_NODE_WORKER_THREAD_CONTEXT: 'true' };

for (const [index, { node, version }] of nodeBinaries().entries()) {
  const way = WAYS[index % WAYS.length] as string;
  const preload = index % 2 === 0 ? 'require' : 'import';
  t.test(`Node ${version}: ${way}, --${preload}`, async (t) => {
    const spans = await run(t, way, { node, preload, env: ON });
    for (const number of [1, 2, 3]) {
      t.equal(parentOf(spans, `task${number}`), `SERVER /task/${number}`);
      t.equal(parentOf(spans, `job${number}`), `SERVER /job/${number}`);
      t.equal(parentOf(spans, `bare${number}`), undefined, 'a thread without the agent');
    }
    t.equal(parentOf(spans, 'task0'), 'none', 'the thread was started in a request');
    t.equal(parentOf(spans, 'job0'), 'none');
  });
}

t.test('without the variable nothing crosses', async (t) => {
  const spans = await run(t, 'on', {});
  for (const id of ['task1', 'task2', 'task3', 'job1', 'job2', 'job3']) t.equal(parentOf(spans, id), 'none', id);
});
