/**
 * gRPC clients and servers under our instrumentation: every kind of call and of client, every way to end, on every Node
 * that is asked for, beside the same program without instrumentation.
 *
 *   parent (INTERNAL, application)
 *   └─ shop.v1.Catalog/Get (CLIENT)  ── traceparent ─►  shop.v1.Catalog/Get (SERVER)
 */
import t, { type Test } from 'tap';
import { caseOf, ERROR, type LeanCase, type LeanReport, type LeanSpan, runScenario, UNSET } from '../helpers/lean.js';
import { nodeEnds } from '../helpers/node-versions.js';

interface Note {
  readonly what: string;
  readonly spanId?: string;
}

interface GrpcCase extends LeanCase {
  /** What ran in the client, each with the span it ran in. */
  readonly notes: readonly (readonly [string, string | undefined])[];
  readonly server: { readonly facts: unknown[]; readonly notes: readonly Note[] };
}

interface Expected {
  readonly client: string;
  /** Undefined: the server never hears of the call. `any`: it may or may not, or it is a race how it ends there. */
  readonly server?: string;
  readonly method?: string;
}

const ok = (method = 'Get'): Expected => ({ client: 'OK', server: 'OK', method });
const both = (code: string, method = 'Get'): Expected => ({ client: code, server: code, method });

const SERVER_ERRORS = ['UNKNOWN', 'DEADLINE_EXCEEDED', 'UNIMPLEMENTED', 'INTERNAL', 'UNAVAILABLE', 'DATA_LOSS'];
const OTHER_ERRORS = [
  ...['CANCELLED', 'INVALID_ARGUMENT', 'NOT_FOUND', 'ALREADY_EXISTS', 'PERMISSION_DENIED', 'RESOURCE_EXHAUSTED'],
  ...['FAILED_PRECONDITION', 'ABORTED', 'OUT_OF_RANGE', 'UNAUTHENTICATED', '99'],
];

const CASES: Record<string, Expected> = {
  first: ok(),
  unary: ok(),
  'unary without metadata': ok(),
  'unary with options': ok(),
  'unary with both': ok(),
  'plain client': ok(),
  'plain client with both': ok(),
  'generic client': ok(),
  'loaded package': ok(),
  promise: ok(),
  'shared channel': ok(),
  'server stream': ok('List'),
  'server stream of nothing': ok('List'),
  'server stream, iterated': ok('List'),
  'client stream': ok('Add'),
  'client stream on a cold client': ok('Add'),
  bidirectional: ok('Chat'),
  'bidirectional on a cold client': ok('Chat'),
  ...Object.fromEntries([...SERVER_ERRORS, ...OTHER_ERRORS].map((code) => [`status ${code}`, both(code)])),
  'handler throws': both('UNKNOWN'),
  'streaming handler throws': both('UNKNOWN', 'List'),
  'handler fails with an Error': both('UNKNOWN'),
  'asynchronous handler': ok(),
  'late answer': ok(),
  'handler rejects': { client: 'DEADLINE_EXCEEDED', server: 'any' },
  deadline: { client: 'DEADLINE_EXCEEDED', server: 'any' },
  'deadline in the past': { client: 'DEADLINE_EXCEEDED', server: 'any' },
  cancelled: both('CANCELLED'),
  'cancelled at once': { client: 'CANCELLED', server: 'any' },
  'server stream, cut': both('UNAVAILABLE', 'List'),
  'server stream, destroy': { client: 'DEADLINE_EXCEEDED', server: 'any', method: 'List' },
  'server stream, unwritable': both('INTERNAL', 'List'),
  'server stream, cancelled': both('CANCELLED', 'List'),
  // grpc-js says that its messages are over before it says that the call is.
  'bidirectional, cancelled': { client: 'CANCELLED', server: 'any', method: 'Chat' },
  'bidirectional, cut': both('INVALID_ARGUMENT', 'Chat'),
  'client stream, answered early': both('FAILED_PRECONDITION', 'Add'),
  'method without implementation': both('UNIMPLEMENTED', 'Later'),
  'request cannot be written': { client: 'INTERNAL', server: 'any' },
  'request cannot be read': both('INTERNAL'),
  'answer is too large': both('RESOURCE_EXHAUSTED'),
  'no connection': { client: 'UNAVAILABLE' },
  'no connection, streaming': { client: 'UNAVAILABLE', method: 'Chat' },
  'no connection, waiting': { client: 'DEADLINE_EXCEEDED' },
  'server is killed': { client: 'CANCELLED', server: 'CANCELLED' },
};

const isServerError = (code: string): boolean => SERVER_ERRORS.includes(code);

function testSpan(t: Test, name: string, span: LeanSpan | undefined, code: string, isError: boolean): void {
  t.equal(span?.attributes['rpc.response.status_code'], code, name);
  t.equal(span?.status.code, isError ? ERROR : UNSET, name);
  t.equal(span?.attributes['error.type'], isError ? code : undefined, name);
}

function testCases(t: Test, report: LeanReport): void {
  for (const [name, { client: code, server: serverCode, method = 'Get' }] of Object.entries(CASES)) {
    const { spans, parent } = caseOf(report, name);
    const [client, ...others] = spans.filter(({ kind }) => kind === 'CLIENT');
    const servers = spans.filter(({ kind }) => kind === 'SERVER');
    t.strictSame(others, [], `${name}: one CLIENT span`);
    t.equal(client?.parentSpanId, parent.spanId, name);
    testSpan(t, name, client, code, code !== 'OK');
    if (serverCode !== 'any') t.equal(servers.length, serverCode === undefined ? 0 : 1, `${name}: SERVER spans`);
    for (const server of servers) {
      t.equal(server.parentSpanId, client?.spanId, name);
      if (serverCode !== 'any') testSpan(t, name, server, serverCode ?? '', isServerError(serverCode ?? ''));
    }
    for (const span of spans) {
      t.equal(span.name, `shop.v1.Catalog/${method}`, name);
      t.equal(span.attributes['rpc.method'], `shop.v1.Catalog/${method}`, name);
    }
  }
  for (const name of ['wrong arguments', 'closed client']) {
    t.strictSame(caseOf(report, name).spans, [], `${name}: what throws is no call`);
    t.type(caseOf(report, name).result, 'string');
  }
}

function testAttributes(t: Test, report: LeanReport): void {
  const { port } = report;
  const [server, client] = caseOf(report, 'unary').spans;
  const start = { 'rpc.system.name': 'grpc', 'rpc.method': 'shop.v1.Catalog/Get' };
  const where = { 'server.address': '127.0.0.1', 'server.port': port, 'rpc.response.status_code': 'OK' };
  const peer = { 'network.peer.address': '127.0.0.1', 'network.peer.port': port };
  t.strictSame(client?.attributes, { ...start, ...where, ...peer });
  const { 'network.peer.port': clientPort, ...others } = server?.attributes ?? {};
  t.type(clientPort, 'number');
  t.not(clientPort, port);
  t.strictSame(others, { ...start, ...where, 'network.peer.address': '127.0.0.1' });

  const [unknown, asked] = caseOf(report, 'unknown method').spans;
  t.equal(unknown?.name, 'grpc', 'what anybody may ask for is no name');
  t.equal(unknown?.attributes['rpc.method'], '_OTHER');
  t.equal(unknown?.attributes['rpc.method_original'], 'shop.v1.Catalog/Missing');
  t.equal(asked?.name, 'shop.v1.Catalog/Missing');
  for (const span of [unknown, asked]) t.equal(span?.attributes['error.type'], 'UNIMPLEMENTED');

  const [lonely] = caseOf(report, 'no connection').spans;
  t.equal(lonely?.attributes['network.peer.address'], undefined, 'nobody was reached');
  t.match(lonely?.status.message, 'No connection established');

  const failed = caseOf(report, 'handler fails with an Error').spans;
  t.strictSame(
    failed.map(({ status }) => status.message),
    ['broken ä', 'broken ä'],
  );
  for (const name of ['handler throws', 'streaming handler throws']) {
    const thrown = caseOf(report, name).spans.find(({ kind }) => kind === 'SERVER');
    t.strictSame(thrown?.events, [{ name: 'exception', type: 'RangeError' }], 'grpc-js tells nobody else');
  }
}

/** All that a call gives or calls back, in which span? */
const NOTES: Record<string, { client: string[]; server: string[] }> = {
  unary: { client: ['metadata', 'callback', 'status'], server: ['handler'] },
  'asynchronous handler': { client: ['callback'], server: ['handler', 'after await'] },
  'server stream': { client: ['metadata', 'data', 'status', 'end', 'close'], server: ['handler', 'written', 'finish'] },
  'client stream': { client: ['metadata', 'callback', 'written', 'finish'], server: ['handler', 'data', 'end'] },
  'client stream on a cold client': { client: ['callback', 'written', 'finish'], server: ['data', 'end'] },
  bidirectional: {
    client: ['metadata', 'data', 'written', 'finish', 'end', 'close'],
    server: ['data', 'end', 'finish'],
  },
  'bidirectional on a cold client': { client: ['data', 'written', 'finish', 'end'], server: ['data', 'end', 'finish'] },
  'server stream, iterated': { client: ['iteration'], server: ['handler'] },
  'server stream, cut': { client: ['data', 'error', 'status'], server: ['handler', 'close'] },
  'server stream, cancelled': { client: ['error', 'status'], server: ['handler', 'cancelled'] },
  deadline: { client: ['callback'], server: ['handler', 'cancelled'] },
  'no connection': { client: ['callback'], server: [] },
};

function testContext(t: Test, report: LeanReport): void {
  for (const [name, expected] of Object.entries(NOTES)) {
    const { notes, server, parent, spans } = caseOf(report, name) as GrpcCase;
    const serverSpan = spans.find(({ kind }) => kind === 'SERVER');
    for (const what of expected.client)
      t.ok(
        notes.some(([noted]) => noted === what),
        `${name}: ${what} happened`,
      );
    for (const what of expected.server)
      t.ok(
        server.notes.some((note) => note.what === what),
        `${name}: ${what} happened`,
      );
    for (const [what, spanId] of notes) t.equal(spanId, parent.spanId, `${name}: ${what} runs in the caller's span`);
    for (const { what, spanId } of server.notes) {
      t.equal(spanId, serverSpan?.spanId, `${name}: ${what} runs in the span of the server`);
    }
  }
  const { notes, result, spans } = caseOf(report, 'cold clients, each with its caller') as GrpcCase;
  t.equal(result, 40);
  t.notOk(notes.some(([what]) => what === 'another caller'));
  t.equal(new Set(spans.filter(({ kind }) => kind === 'CLIENT').map((span) => span.parentSpanId)).size, 40);
}

/** Without ports, durations and times in error texts. */
const steady = (value: unknown): string =>
  JSON.stringify(value).replace(/127\.0\.0\.1:\d+|exceeded[^"]*|\(\d{4}-[^)]*\)/g, '');

for (const { node, version, major } of nodeEnds()) {
  t.test(`gRPC on Node ${version}`, async (t) => {
    const report = await runScenario(node, '../grpc/calls.cjs', 'own');
    t.equal(report.open, 0, 'no span stays open');
    t.strictSame(report.messages, [], 'nothing of ours failed');
    testCases(t, report);
    testAttributes(t, report);
    testContext(t, report);
    // Node 18 drops the connection of a server that shuts down, with the answer that the server has sent.
    const [last, asked] = caseOf(report, 'server shuts down').spans;
    testSpan(t, 'server shuts down', last, 'OK', false);
    testSpan(t, 'server shuts down', asked, major < 20 ? 'UNAVAILABLE' : 'OK', major < 20);

    const bare = await runScenario(node, '../grpc/calls.cjs', 'bare');
    t.strictSame(Object.keys(report.cases), Object.keys(bare.cases));
    for (const name of Object.keys(bare.cases)) {
      const [ours, theirs] = [caseOf(report, name), caseOf(bare, name)] as [GrpcCase, GrpcCase];
      t.equal(steady(ours.result), steady(theirs.result), `${name}: the same answer`);
      if (CASES[name]?.server === 'any') continue;
      t.strictSame(ours.server.facts, theirs.server.facts, `${name}: the handler is called alike`);
    }
  });
}

t.test('calls go on when the instrumentation cannot work', async (t) => {
  const bare = await runScenario(process.execPath, '../grpc/calls.cjs', 'bare');
  const broken = await runScenario(process.execPath, '../grpc/calls.cjs', 'broken');
  for (const name of Object.keys(bare.cases)) {
    t.equal(steady(caseOf(broken, name).result), steady(caseOf(bare, name).result), name);
    t.notOk(caseOf(broken, name).spans.some(({ kind }) => kind !== 'INTERNAL'));
  }
  t.equal(broken.messages.length, 2);
  t.match(broken.messages[0], /^warn: instrumentation grpc failed/);
  t.match(broken.messages[1], /^error: instrumentation grpc is off/);
});
