/**
 * A task of piscina belongs to the trace of who has run it, whichever thread it runs in, when that was started and
 * whatever it did before:
 *
 *   GET (CLIENT)            the test program asks itself
 *     GET (SERVER)          runs a task
 *       GET (CLIENT)        in the thread
 *         GET (SERVER)
 */
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import type { SpanRecord } from '../../src/viewer/span-record.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { FIXTURES, ROOT } from '../helpers/paths.js';
import { runApp } from '../helpers/run-app.js';
import { locked } from '../libraries/library-case.js';
import { POOLS } from '../libraries/local.js';

/** Read after `Atomics.wait`, and from events with several tasks at a time; pool.cjs has more. */
const VARIANTS = ['queue', 'concurrent'];
const FILES = ['pool.cjs', 'pool-task.cjs', 'pool-task.mjs'];

/** Lays the program beside that release; returns the program. */
function layOut(t: Test, folder: string): string {
  const app = t.testdir();
  mkdirSync(join(app, 'node_modules'));
  cpSync(join(ROOT, 'node_modules', folder), join(app, 'node_modules', 'piscina'), { recursive: true });
  for (const file of FILES) cpSync(join(FIXTURES, 'threads', file), join(app, file));
  return join(app, 'pool.cjs');
}

const expectedLines = (variant: string): string[] => {
  const kinds = 'id:String,url:String,buffer:ArrayBuffer,map:Map,date:Date';
  const saw = (id: number) => `${variant} ${variant}${id} answer ${kinds} 3`;
  return [...[1, 2, 3, 4].map((id) => `${saw(id)} RangeError on purpose 0`), saw(0)];
};

function urlOf({ attributes }: SpanRecord): string {
  return String(attributes['url.full'] ?? attributes['url.path']);
}

function check(t: Test, spans: readonly SpanRecord[]): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  for (const variant of VARIANTS) {
    for (const id of [1, 2, 3, 4]) {
      const [call] = spans.filter((span) => span.kind === 'CLIENT' && urlOf(span).endsWith(`by=${variant}${id}`));
      const parent = byId.get(call?.parentSpanId ?? '');
      t.equal(parent && `${parent.kind} ${urlOf(parent)}`, `SERVER /${variant}/${id}`, `${variant} ${id}`);
      t.equal(parent?.traceId, call?.traceId);
    }
    const [outside] = spans.filter((span) => span.kind === 'CLIENT' && urlOf(span).endsWith(`by=${variant}0`));
    t.equal(outside?.parentSpanId, '', `${variant}: a task that nobody's request has run`);
  }
  // Of each variant four requests of four spans and a call outside of them.
  t.equal(spans.length, VARIANTS.length * (4 * 4 + 2));
}

async function testPool(t: Test, folder: string, node: string, handler: string, preload: 'require' | 'import') {
  const collector = await startCollector();
  t.teardown(() => collector.close());
  const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app' };
  const file = layOut(t, folder);
  const app = runApp({ node, file, args: [handler, VARIANTS.join()], env, preload });
  t.equal((await app.exited).code, 0, app.stderr());
  t.same(
    app
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/\b([1-3]) (?=answer)/, '$1 '))
      .sort(),
    VARIANTS.flatMap(expectedLines).sort(),
  );
  t.notMatch(app.stderr(), /trace-agent (warn|error)/);
  check(t, collector.spans());
}

/** Half of the lines each: contexts are kept in other ways on 18 to 22, 24 and 26. */
const CELLS = [
  { folder: 'piscina', release: '4.9', handler: 'pool-task.cjs', preload: 'require', majors: [18, 26] },
  { folder: 'piscina5', release: '5.3', handler: 'pool-task.mjs', preload: 'import', majors: [20, 22, 24] },
] as const;

t.strictSame(
  POOLS.flatMap(({ tried }) => tried),
  locked(CELLS.map(({ folder }) => folder)),
  'the releases that the README names',
);

for (const { folder, release, handler, preload, majors } of CELLS) {
  for (const major of majors) {
    const [binary] = nodeBinaries().filter((candidate) => candidate.major === major);
    if (binary === undefined) continue;
    const { node, version } = binary;
    t.test(`piscina ${release} on Node ${version}`, (t) => testPool(t, folder, node, handler, preload));
  }
}
