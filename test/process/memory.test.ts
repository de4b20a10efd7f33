/**
 * Memory and traces of applications that hold on to what a request gave them: no finished span stays alive, a round
 * leaves next to nothing, and no trace grows for the life of the process.
 */
import { join } from 'node:path';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeEnds } from '../helpers/node-versions.js';
import { AGENT_ENTRY, FIXTURES } from '../helpers/paths.js';
import { describeOutput, type RunOptions, runApp } from '../helpers/run-app.js';

interface Row {
  readonly what: string;
  readonly rounds: number;
  /** Bytes that a round may leave behind over what it leaves in a bare run. */
  readonly bytes: number;
}

/**
 * What lets go of a request leaves nothing: the bounds are the noise of some hundred kilobytes in so few rounds, and less
 * than one span or message each. What keeps a request's async context keeps the ids of its trace.
 */
const ROWS: readonly Row[] = [
  { what: 'streams', rounds: 800, bytes: 1000 },
  { what: 'aborted', rounds: 800, bytes: 1000 },
  { what: 'events', rounds: 800, bytes: 1000 },
  { what: 'sockets', rounds: 800, bytes: 1000 },
  { what: 'resources', rounds: 800, bytes: 1600 },
  { what: 'timers', rounds: 800, bytes: 1600 },
  { what: 'consumers', rounds: 800, bytes: 2500 },
  { what: 'pools', rounds: 200, bytes: 4000 },
];

/** Spans that the queue, or the last requests, may still hold. */
const MAX_LIVE_SPANS = 40;

async function measure(node: string, { what, rounds }: Row, preload: NonNullable<RunOptions['preload']>, url: string) {
  const app = runApp({
    node,
    preload,
    file: 'memory/app.cjs',
    args: [what, `${rounds}`],
    execArgv: ['--expose-gc', '--require', join(FIXTURES, 'memory', 'count-spans.cjs')],
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_SERVICE_NAME: 'app',
      OTEL_LOG_LEVEL: 'none',
      AGENT: preload === 'none' ? undefined : AGENT_ENTRY,
    },
  });
  const timer = setTimeout(() => app.kill('SIGKILL'), 60_000);
  const { code } = await app.exited;
  clearTimeout(timer);
  if (code !== 0) throw new Error(describeOutput({ stdout: app.stdout(), stderr: app.stderr() }));
  return JSON.parse(app.stdout()) as { bytesPerRound: number; liveSpans: number };
}

for (const row of ROWS) {
  t.test(`${row.what}: what a round leaves behind`, async (t) => {
    const collector = await startCollector({ maxKept: 100 });
    t.teardown(() => collector.close());
    const bare = await measure(process.execPath, row, 'none', collector.httpUrl);
    const traced = await measure(process.execPath, row, 'require', collector.httpUrl);
    t.comment(
      `${row.what}: bare ${bare.bytesPerRound} bytes, traced ${traced.bytesPerRound}, ${traced.liveSpans} spans`,
    );
    t.ok(collector.counts().acceptedSpans >= row.rounds, 'every round was traced');
    t.ok(traced.liveSpans <= MAX_LIVE_SPANS, `${traced.liveSpans} of ${4 * row.rounds} spans are alive`);
    const more = traced.bytesPerRound - Math.max(0, bare.bytesPerRound);
    t.ok(more <= row.bytes, `${more} bytes a round over a bare run, at most ${row.bytes}`);
  });
}

const DETACH_AFTER_MILLIS = 300;

for (const { node, version } of nodeEnds()) {
  t.test(`what a request leaves behind starts traces of its own, on Node ${version}`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl,
      OTEL_SERVICE_NAME: 'app',
      OTEL_NODE_DETACH_AFTER: `${DETACH_AFTER_MILLIS}`,
    };
    const app = runApp({ node, file: 'memory/left-behind.cjs', args: ['40'], env });
    const { code } = await app.exited;
    t.equal(code, 0, app.stderr());
    const lines = app
      .stderr()
      .split('\n')
      .filter((line) => line.includes('TA4010'));
    t.equal(lines.length, 1, 'said once');
    const spans = collector.spans();
    const start = spans.find((span) => span.kind === 'SERVER' && span.attributes['url.path'] === '/start');
    const ended = start?.endTimeUnixNano ?? 0n;
    for (const name of ['interval', 'loop', 'socket']) {
      const calls = spans.filter(
        (span) => span.kind === 'CLIENT' && String(span.attributes['url.full']).endsWith(`/${name}`),
      );
      const inTrace = calls.filter((span) => span.traceId === start?.traceId);
      const own = calls.filter((span) => span.traceId !== start?.traceId);
      t.ok(inTrace.length > 0, `${name}: at first in the trace of the request`);
      t.ok(own.length > 0, `${name}: later not`);
      for (const span of inTrace) {
        const after = Number(span.startTimeUnixNano - ended) / 1e6;
        t.ok(after <= DETACH_AFTER_MILLIS + 5, `${name}: in the trace ${after} ms after the request`);
      }
      t.equal(new Set(own.map((span) => span.traceId)).size, own.length, `${name}: a trace for each call`);
      for (const span of own) {
        t.equal(span.parentSpanId, '', `${name}: a root`);
        t.equal(span.links[0]?.traceId, start?.traceId, `${name}: linked to where it came from`);
      }
    }
  });
}
