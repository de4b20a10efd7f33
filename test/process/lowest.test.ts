/**
 * The lowest supported releases of web frameworks that share no program with the newest ones: routes, and what a handler
 * has thrown. Those of other libraries run with their newest releases; test/libraries/lowest.ts says where.
 */
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { installFixture } from '../helpers/fixture-install.js';
import { runApp } from '../helpers/run-app.js';
import { sketch } from '../helpers/spans.js';
import { LOWEST_FIXTURE } from '../libraries/library-case.js';
import { FRAMEWORKS } from '../libraries/lowest.js';

const { folder, skip } = installFixture(LOWEST_FIXTURE);

const unindented = (traces: string): string => traces.replace(/^ {4}/gm, '').trim();

for (const [name, traces] of Object.entries(FRAMEWORKS)) {
  t.test(name, { skip }, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app', NODE_ENV: 'production' };
    const run = async (preload: 'require' | 'none') => {
      const app = runApp({ preload, file: join(folder, `${name}.cjs`), env });
      const { code } = await app.exited;
      t.notMatch(app.stderr(), /trace-agent (warn|error)/);
      return { code, stdout: app.stdout() };
    };
    const bare = await run('none');
    t.match(bare, { code: 0, stdout: /^200 / });
    t.strictSame(await run('require'), bare, 'answers are those of a bare run');
    t.equal(sketch(collector.spans()), unindented(traces));
    const broken = collector.spans().filter(({ kind, name }) => kind === 'SERVER' && name.includes('broken'));
    const thrown = broken.flatMap(({ events }) => events.map(({ attributes }) => attributes['exception.type']));
    // An application of hono has its own handler of errors, which keeps it.
    t.strictSame(thrown, name === 'hono' || broken.length === 0 ? [] : ['RangeError'], 'what was thrown');
  });
}
