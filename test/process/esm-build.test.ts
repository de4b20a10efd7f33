/**
 * A package whose ES module build is code of its own (openai): traced through both builds, its module not replaced.
 *
 *   chat stub-model (CLIENT)
 */
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { runApp } from '../helpers/run-app.js';

/** One for each question that the program asks, in whatever way it reads the answer. */
const SPANS = 18;

for (const { node, version, major } of nodeBinaries()) {
  for (const file of ['openai/openai.cjs', 'openai/openai.mjs']) {
    t.test(`Node ${version}: ${file}`, { skip: major < 20 && 'openai needs Node 20' }, async (t) => {
      const collector = await startCollector();
      t.teardown(() => collector.close());
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'asker' };
      const app = runApp({ node, file, env });
      t.match(await app.exited, { code: 0 }, { stderr: app.stderr() });
      t.match(app.stdout(), /^Completions awaited "hello"\n/);
      const chat = collector.spans().filter((span) => span.scope.name.endsWith('instrumentation-openai'));
      t.match(chat[0], { name: 'chat stub-model', kind: 'CLIENT', attributes: { 'gen_ai.response.id': 'answer-1' } });
      t.equal(chat.length, SPANS);
    });
  }
}
