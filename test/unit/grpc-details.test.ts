/**
 * What surrounds a gRPC call under our instrumentation: metadata, baggage, interceptors, sampling, suppression, load and
 * other transports, on every Node that is asked for.
 */
import t, { type Test } from 'tap';
import { caseOf, ERROR, type LeanCase, type LeanReport, type LeanSpan, runScenario, UNSET } from '../helpers/lean.js';
import { nodeBinaries } from '../helpers/node-versions.js';

interface Metadata {
  readonly keys: readonly string[];
  readonly all: Record<string, unknown[]>;
}

interface DetailCase extends LeanCase {
  readonly notes: readonly (readonly [unknown, string | undefined])[];
  readonly server: { readonly metadata: Metadata; readonly notes: readonly { what: string; traceId: string }[] };
}

const detail = (report: LeanReport, name: string): DetailCase => caseOf(report, name) as DetailCase;

/** The CLIENT and the SERVER span of a case with one call; throws when there are others. */
function pairOf(report: LeanReport, name: string): { client: LeanSpan; server: LeanSpan } {
  const { spans } = caseOf(report, name);
  const client = spans.find(({ kind }) => kind === 'CLIENT');
  const server = spans.find(({ kind }) => kind === 'SERVER');
  if (client === undefined || server === undefined || spans.length !== 2)
    throw new Error(`${name}: ${spans.length} spans`);
  return { client, server };
}

function testMetadata(t: Test, report: LeanReport): void {
  const { result, server } = detail(report, 'metadata');
  const { client } = pairOf(report, 'metadata');
  t.strictSame(result, {
    answer: { value: { text: 'metadata' }, arity: 2 },
    header: [['header'], '00ff'],
    trailer: ['one, two'],
    isUntouched: true,
  });
  t.strictSame(server.metadata.keys, ['traceparent', 'user-agent', 'x-many', 'x-raw-bin', 'x-team']);
  const { traceparent, 'x-many': many, 'x-raw-bin': raw, 'x-team': team } = server.metadata.all;
  t.strictSame(traceparent, [`00-${client.traceId}-${client.spanId}-01`], "the application's own is replaced");
  t.strictSame([many, team], [['one, two'], ['shop']], 'as gRPC joins repeated keys');
  t.strictSame(raw, [
    { type: 'Buffer', data: [0, 1, 255] },
    { type: 'Buffer', data: [...Buffer.from('second')] },
  ]);

  const again = caseOf(report, 'metadata used again');
  const clients = again.spans.filter(({ kind }) => kind === 'CLIENT');
  t.strictSame(
    again.result,
    clients.map(({ traceId, spanId }) => [`00-${traceId}-${spanId}-01`]),
  );
  t.equal(new Set(clients.map(({ spanId }) => spanId)).size, 3);
  t.strictSame(detail(report, 'baggage').server.metadata.all.baggage, ['tenant=acme']);
}

function testInterceptors(t: Test, report: LeanReport, isNode: string): void {
  const { parent, notes } = detail(report, 'interceptor');
  t.strictSame(
    notes,
    ['start ', 'status', 'callback'].map((what) => [what, parent.spanId]),
    `an interceptor sees the metadata of the application, and runs in the caller's span, ${isNode}`,
  );
  const again = caseOf(report, 'interceptor that asks again');
  const clients = again.spans.filter(({ kind }) => kind === 'CLIENT');
  const servers = again.spans.filter(({ kind }) => kind === 'SERVER');
  t.strictSame(
    clients.map(({ status, parentSpanId }) => [status.code, parentSpanId]),
    [ERROR, UNSET].map((status) => [status, again.parent.spanId]),
    'each call is one of its own',
  );
  t.strictSame(
    servers.map(({ parentSpanId }) => parentSpanId),
    clients.map(({ spanId }) => spanId),
  );
  t.strictSame(caseOf(report, 'interceptor that answers').spans, [], 'nobody was called');
  t.match(caseOf(report, 'interceptor that answers').result, { value: { text: 'cached' } });
  const late = detail(report, 'interceptor that starts later');
  t.equal(pairOf(report, 'interceptor that starts later').client.parentSpanId, late.parent.spanId);
  t.strictSame(late.notes, [['callback', late.parent.spanId]]);
  const { server } = pairOf(report, 'server interceptor');
  t.strictSame(detail(report, 'server interceptor').notes[0], ['server /shop.v1.Catalog/Get', server.spanId]);
}

function testSampling(t: Test, report: LeanReport): void {
  for (const name of ['suppressed, warm', 'suppressed, cold']) {
    const { spans, notes, server } = detail(report, name);
    t.strictSame(spans, [], name);
    t.strictSame(server.metadata.keys, ['user-agent'], `${name}: nothing is injected`);
    t.equal(notes[0]?.[0], true, `${name}: what follows is suppressed as well`);
  }
  for (const name of ['unsampled, warm', 'unsampled, cold']) {
    const { spans, notes, server, result } = detail(report, name);
    const { unary, stream, notes: seen } = result as Record<string, unknown> & { notes: DetailCase['server']['notes'] };
    t.strictSame(spans, [], name);
    t.strictSame([unary, stream], [{ text: 'async' }, ['tea 0', 'tea 1']]);
    t.match(server.metadata.all.traceparent, [new RegExp(`^00-${'a'.repeat(32)}-[0-9a-f]{16}-00$`)]);
    t.ok(notes.length >= 6);
    for (const [what, spanId] of notes) t.equal(spanId, 'b'.repeat(16), `${name}: ${what}`);
    t.ok(seen.length >= 6);
    for (const { what, traceId } of seen) t.equal(traceId, 'a'.repeat(32), `${name}: ${what}`);
  }
}

function testLoad(t: Test, report: LeanReport): void {
  const { notes, parent, result } = detail(report, 'drain');
  t.equal(result, 'OK');
  t.ok(notes.some(([what]) => what === 'drain'));
  for (const [what, spanId] of notes) t.equal(spanId, parent.spanId, `${what}`);

  const concurrent = caseOf(report, 'concurrent');
  const callers = concurrent.result as [string, string][];
  for (const [before, after] of callers) t.equal(after, before, 'the caller is still the same');
  const parents = concurrent.spans.filter(({ kind }) => kind === 'CLIENT').map(({ parentSpanId }) => parentSpanId);
  t.strictSame(parents.sort(), callers.map(([before]) => before).sort());

  const cancelled = caseOf(report, 'cancelled a thousand times');
  const clients = cancelled.spans.filter(({ kind }) => kind === 'CLIENT');
  t.equal(clients.length, 1000);
  t.ok(clients.every(({ attributes }) => attributes['rpc.response.status_code'] === 'CANCELLED'));
}

function testTransports(t: Test, report: LeanReport): void {
  t.equal(caseOf(report, 'no gRPC').result, 415);
  t.strictSame(caseOf(report, 'no gRPC').spans, []);
  pairOf(report, 'without channelz');
  const { client, server } = pairOf(report, 'unix socket');
  const { path } = caseOf(report, 'unix socket').result as { path: string };
  t.match(client.attributes, { 'server.address': path, 'network.peer.address': path });
  t.equal(client.attributes['server.port'], undefined);
  t.match(server.attributes, { 'server.address': 'localhost', 'network.peer.address': undefined });

  const { client: first } = pairOf(report, 'first');
  t.match(first.attributes, { 'server.address': 'localhost', 'server.port': report.port });

  const chain = caseOf(report, 'one call in another');
  const names = chain.spans.map(({ kind, name }) => `${kind} ${name.split('/')[1]}`);
  t.strictSame(names.sort(), ['CLIENT Get', 'CLIENT List', 'SERVER Get', 'SERVER List']);
  const outer = chain.spans.find(({ kind, name }) => kind === 'SERVER' && name.endsWith('Get'));
  const inner = chain.spans.find(({ kind, name }) => kind === 'CLIENT' && name.endsWith('List'));
  t.equal(inner?.parentSpanId, outer?.spanId, 'a call of a handler belongs to the call that it handles');
}

for (const { node, version } of nodeBinaries()) {
  t.test(`around a gRPC call on Node ${version}`, async (t) => {
    const report = await runScenario(node, '../grpc/details.cjs', 'own');
    t.equal(report.open, 0, 'no span stays open');
    t.strictSame(report.messages, [], 'nothing of ours failed');
    testMetadata(t, report);
    testInterceptors(t, report, version);
    testSampling(t, report);
    testLoad(t, report);
    testTransports(t, report);
  });
}
