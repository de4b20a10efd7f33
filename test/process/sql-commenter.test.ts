/**
 * SQL commenter: what a real PostgreSQL and a real MariaDB receive of a query ends with the trace context of the span
 * that is exported for it, where that was asked for.
 *
 *   parent (INTERNAL) -> SELECT (CLIENT) ··· SELECT ... /*traceparent='00-<trace>-<span>-01'* /
 */
import t, { type Test } from 'tap';
import { type Collector, startCollector } from '../../src/viewer/otlp-receiver.js';
import { describeOutput, runApp } from '../helpers/run-app.js';
import { type ServerName, serverOrSkip } from '../helpers/servers.js';

interface Case {
  sent: string;
  /** What the server says of each time that it was sent. */
  received: string[];
  /** Of the case's own span. */
  traceId: string;
  spanId: string;
}

const WITHOUT_COMMENT: Readonly<Record<string, string>> = {
  comment: 'it has one already',
  'line comment': 'it has one already',
  'named, twice': 'a statement that is prepared once is known by its text',
  'execute, twice': 'a statement that is prepared once is known by its text',
  statement: 'a statement that is prepared once is known by its text',
  'pool, execute': 'a statement that is prepared once is known by its text',
};

const SERVERS: Readonly<Record<string, { server: ServerName; count: number }>> = {
  pg: { server: 'postgres', count: 15 },
  mysql2: { server: 'mariadb', count: 15 },
};

const VARIABLE = 'OTEL_INSTRUMENTATION_COMMON_DB_EXPERIMENTAL_SQLCOMMENTER_ENABLED';

async function run(collector: Collector, library: string, url: string, env: Record<string, string>) {
  collector.clear();
  const app = runApp({
    file: 'sql/commenter.cjs',
    args: [library, url],
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_LOG_LEVEL: 'warn', ...env },
  });
  const { code } = await app.exited;
  const output = { stdout: app.stdout(), stderr: app.stderr() };
  if (code !== 0 || output.stderr !== '') throw new Error(describeOutput(output));
  const shown = SHOWN[library] as (text: string) => string;
  const cases = Object.entries(JSON.parse(output.stdout) as Record<string, Case>);
  return new Map(cases.map(([name, { sent, ...found }]) => [name, { ...found, sent: shown(sent) }]));
}

/** What each server shows of a text that it received. */
const SHOWN: Readonly<Record<string, (text: string) => string>> = {
  pg: (text) => text,
  mysql2: (text) => text.replace(/[\s;]+$/, ''),
};

const COMMENT =
  /^ \/\*traceparent='00-(?<trace>[0-9a-f]{32})-(?<span>[0-9a-f]{16})-01'(?:,tracestate='(?<state>[^']*)')?\*\//;

/** The comment between the statement and what ends it; undefined when anything else is not as it was sent. */
function commentIn(text: string, sent: string): Record<string, string | undefined> | undefined {
  const statement = sent.replace(/[\s;]+$/, '');
  const found = COMMENT.exec(text.slice(statement.length));
  const rest = text.slice(statement.length + (found?.[0].length ?? 0));
  return text.startsWith(statement) && rest === sent.slice(statement.length) ? found?.groups : undefined;
}

function checkComments(t: Test, collector: Collector, name: string, { sent, received, traceId, spanId }: Case): void {
  const seen = new Set<string | undefined>();
  for (const text of received) {
    const found = commentIn(text, sent);
    t.match(found, { trace: traceId }, `${name}: ${text}`);
    const span = collector.spans().find((span) => span.spanId === found?.span);
    const of = { kind: 'CLIENT', name: /^SELECT/, traceId, parentSpanId: spanId };
    t.match(span, of, `${name}: the comment names the span that was exported`);
    t.equal(found?.state, name === 'remote parent' ? 'vendor%3Dit%27s%2A%2Fhere' : undefined, `${name}: trace state`);
    t.notMatch(span?.attributes['db.query.text'], /traceparent/, `${name}: recorded as the application wrote it`);
    seen.add(found?.span);
  }
  t.equal(seen.size, name.endsWith('twice') ? 2 : 1, `${name}: each time the span of that time`);
}

function checkUnchanged(t: Test, name: string, { sent, received }: Case, reason: string): void {
  t.strictSame(new Set(received), new Set([sent]), `${name}: ${reason}`);
}

for (const [library, { server, count }] of Object.entries(SERVERS)) {
  t.test(library, async (t) => {
    const running = await serverOrSkip(t, server);
    if (running === undefined) return;
    const collector = await startCollector();
    t.teardown(() => collector.close());

    const commented = await run(collector, library, running.url, { [VARIABLE]: 'true' });
    t.equal(commented.size, count);
    for (const [name, found] of commented) {
      const reason = WITHOUT_COMMENT[name];
      if (reason === undefined) checkComments(t, collector, name, found);
      else checkUnchanged(t, name, found, reason);
    }

    const byDefault = await run(collector, library, running.url, {});
    t.ok(collector.spans().length > 2 * count, 'the queries were traced');
    for (const [name, found] of byDefault) checkUnchanged(t, name, found, 'off by default');

    const unsampled = await run(collector, library, running.url, {
      [VARIABLE]: 'true',
      OTEL_TRACES_SAMPLER: 'always_off',
    });
    t.equal(collector.spans().length, 0);
    for (const [name, found] of unsampled) checkUnchanged(t, name, found, 'no span, no comment');
  });
}
