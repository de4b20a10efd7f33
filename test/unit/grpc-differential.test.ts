/**
 * The same gRPC workload under the official instrumentation and under ours: parent, name, status, events and attributes of
 * every span, apart from the differences written down here, each with both values and its reason.
 */
import { status as codes } from '@grpc/grpc-js';
import t from 'tap';
import { Comparison, compareCase, type Difference, type Facts, factsOf } from '../helpers/differences.js';
import { caseOf, type LeanCase, type LeanReport, type LeanSpan, runScenario } from '../helpers/lean.js';

const CONVENTION = 'as in semantic conventions 1.44; the official one knows older words';
const SERVER_STATUS = 'the convention: a server has not failed when it tells the client of a fault of the client';
const NO_END = 'the official SERVER span never ends: nothing it listens to comes';
const NO_START = 'the official instrumentation learns of a call only when the handler runs';
const DETAILS = 'what a status says is the description of a failure';
const ADDRESSES = 'recommended by the convention, and known';
const PLAIN_ERROR = 'grpc-js sends UNKNOWN for an Error without a code, the official span stays unset';

const nameOf = (code: unknown): string => codes[code as number] ?? String(code);
const codeOf = (name: unknown): number => (codes as unknown as Record<string, number>)[String(name)] ?? Number(name);

const ownName = ({ 'rpc.grpc.status_code': code }: Facts): string => nameOf(code);
const messageOf = ({ status }: Facts): string => (status as LeanSpan['status']).message ?? '';
/** What grpc-js says of an error: `14 UNAVAILABLE: details`. */
function fullMessage(own: Facts): string {
  const code = codeOf(own['rpc.response.status_code']);
  return `${code} ${codes[code]}: ${messageOf(own)}`;
}
const details = (official: Facts): string => String(official['grpc.error_message']).replace(/^\d+ \w+: /, '');

/** Wherever they occur. */
const WORDS: readonly Difference[] = [
  {
    what: 'name',
    official: ({ name }: Facts) => `grpc.${name}`,
    own: ({ name }: Facts) => String(name).replace('grpc.', ''),
    reason: CONVENTION,
  },
  {
    what: 'rpc.method',
    official: ({ 'rpc.method': method }: Facts) => String(method).split('/')[1],
    own: (official: Facts) => `${official['rpc.service']}/${official['rpc.method']}`,
    reason: CONVENTION,
  },
  { what: 'rpc.service', official: 'shop.v1.Catalog', own: undefined, reason: CONVENTION },
  { what: 'rpc.system', official: 'grpc', own: undefined, reason: CONVENTION },
  { what: 'rpc.system.name', official: undefined, own: 'grpc', reason: CONVENTION },
  {
    what: 'rpc.grpc.status_code',
    official: ({ 'rpc.response.status_code': name }: Facts) => codeOf(name),
    own: undefined,
    reason: CONVENTION,
  },
  { what: 'rpc.response.status_code', official: undefined, own: ownName, reason: CONVENTION },
  { kind: 'CLIENT', what: 'error.type', official: undefined, own: ownName, reason: CONVENTION },
  { kind: 'CLIENT', what: 'grpc.error_name', official: 'Error', own: undefined, reason: CONVENTION },
  { kind: 'CLIENT', what: 'grpc.error_message', official: fullMessage, own: undefined, reason: CONVENTION },
  {
    kind: 'CLIENT',
    what: 'status',
    official: { code: 2 },
    own: (official: Facts) => ({ code: 2, message: details(official) }),
    reason: `unary calls: ${DETAILS}`,
  },
  {
    kind: 'CLIENT',
    what: 'status',
    official: (own: Facts) => ({ code: 2, message: fullMessage(own) }),
    own: (official: Facts) => ({ code: 2, message: details(official) }),
    reason: `streams: ${DETAILS}, the code has an attribute of its own`,
  },
  { what: 'network.peer.address', official: undefined, own: '127.0.0.1', reason: ADDRESSES },
  { what: 'network.peer.port', official: undefined, own: 'port', reason: ADDRESSES },
  { kind: 'SERVER', what: 'server.address', official: undefined, own: '127.0.0.1', reason: ADDRESSES },
  { kind: 'SERVER', what: 'server.port', official: undefined, own: 'port', reason: ADDRESSES },
];

const FAULTS_OF_THE_CLIENT = [
  'status CANCELLED',
  'status INVALID_ARGUMENT',
  'status NOT_FOUND',
  'status ALREADY_EXISTS',
  'status PERMISSION_DENIED',
  'status RESOURCE_EXHAUSTED',
  'status FAILED_PRECONDITION',
  'status ABORTED',
  'status OUT_OF_RANGE',
  'status UNAUTHENTICATED',
  'status 99',
  'bidirectional, cut',
  'client stream, answered early',
];

/** What the server says. */
const FAULTS_OF_THE_SERVER: Readonly<Record<string, string>> = {
  'status UNKNOWN': 'code 2',
  'status DEADLINE_EXCEEDED': 'code 4',
  'status UNIMPLEMENTED': 'code 12',
  'status INTERNAL': 'code 13',
  'status UNAVAILABLE': 'code 14',
  'status DATA_LOSS': 'code 15',
  'server stream, cut': 'cut on purpose',
  'method without implementation': 'The server does not implement the method Later',
};

const TOO_LARGE = {
  cases: ['answer is too large'],
  kind: 'SERVER',
  reason: 'the status that was sent; the official one has that of the handler',
} as const;

const PLAIN = { cases: ['handler fails with an Error'], kind: 'SERVER', reason: PLAIN_ERROR } as const;

const OF_SERVERS: readonly Difference[] = [
  {
    cases: FAULTS_OF_THE_CLIENT,
    kind: 'SERVER',
    what: 'status',
    official: { code: 2 },
    own: { code: 0 },
    reason: SERVER_STATUS,
  },
  ...Object.entries(FAULTS_OF_THE_SERVER).map(
    ([name, message]): Difference => ({
      cases: [name],
      kind: 'SERVER',
      what: 'status',
      official: { code: 2 },
      own: { code: 2, message },
      reason: DETAILS,
    }),
  ),
  {
    cases: Object.keys(FAULTS_OF_THE_SERVER),
    kind: 'SERVER',
    what: 'error.type',
    official: undefined,
    own: ownName,
    reason: CONVENTION,
  },
  { ...TOO_LARGE, what: 'rpc.grpc.status_code', official: 0, own: undefined },
  { ...TOO_LARGE, what: 'rpc.response.status_code', official: undefined, own: 'RESOURCE_EXHAUSTED' },
  { ...PLAIN, what: 'status', official: { code: 0 }, own: { code: 2, message: 'broken ä' } },
  { ...PLAIN, what: 'error.type', official: undefined, own: 'UNKNOWN' },
  { ...PLAIN, what: 'rpc.response.status_code', official: undefined, own: 'UNKNOWN' },
  { ...PLAIN, what: 'grpc.error_name', official: 'Error', own: undefined },
  { ...PLAIN, what: 'grpc.error_message', official: 'broken ä', own: undefined },
];

/** Cases in which the official one delivers the CLIENT span alone, and the SERVER span that ours makes below it. */
const ALONE: Readonly<Record<string, readonly [method: string, hasFailed: boolean, reason: string]>> = {
  'handler throws': ['Get', true, NO_END],
  'streaming handler throws': ['List', true, NO_END],
  cancelled: ['Get', false, NO_END],
  'server stream, unwritable': ['List', true, NO_END],
  'server stream, cancelled': ['List', false, NO_END],
  'server is killed': ['Get', false, NO_END],
  'unknown method': ['Missing', true, NO_START],
  'request cannot be read': ['Get', true, NO_START],
};

function missingServer(name: string, [method, hasFailed, reason]: (typeof ALONE)[string]): Difference {
  const service = 'shop.v1.Catalog/';
  // A server has no name for what it does not implement.
  const server = reason === NO_START && method === 'Missing' ? 'grpc' : service + method;
  return {
    cases: [name],
    what: 'spans',
    official: `CLIENT grpc.${service}${method} ERROR`,
    own: `CLIENT ${service}${method} ERROR | SERVER ${server}${hasFailed ? ' ERROR' : ''} below CLIENT ${service}${method}`,
    reason,
  };
}

/** Of the server's side nothing is compared: it may or may not have heard of the call, or of its end. */
const RACES = [
  'handler rejects',
  'deadline',
  'deadline in the past',
  'cancelled at once',
  'request cannot be written',
  'server stream, destroy',
  'bidirectional, cancelled',
];

/** Ports, and how long a call took until its deadline. */
function steady(all: LeanCase): LeanCase {
  return JSON.parse(JSON.stringify(all), (key, value: unknown) => {
    if (key === 'server.port' || key === 'network.peer.port') return 'port';
    if (typeof value !== 'string') return value;
    return value.replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:port').replace(/(Deadline exceeded)[ ,].*$/, '$1');
  }) as LeanCase;
}

/** `parent/CLIENT/SERVER`, and what it says: spans end in any order. */
function placeOf({ spans, parent }: LeanCase, span: LeanSpan): string {
  const above = spans.find(({ spanId }) => spanId === span.parentSpanId);
  const place = above === undefined ? 'parent' : placeOf({ spans, parent } as LeanCase, above);
  const isBelow = above !== undefined || span.parentSpanId === parent.spanId;
  return `${isBelow ? place : 'nobody'}/${span.kind}`;
}

function sideOf(report: LeanReport, name: string): LeanCase {
  const all = steady(caseOf(report, name));
  const spans = RACES.includes(name) ? all.spans.filter(({ kind }) => kind === 'CLIENT') : all.spans;
  const keyOf = (span: LeanSpan): string => `${placeOf(all, span)} ${span.name.replace('grpc.', '')}`;
  return { ...all, spans: [...spans].sort((a, b) => keyOf(a).localeCompare(keyOf(b))) };
}

const clientsOf = (all: LeanCase): LeanCase => ({ ...all, spans: all.spans.filter(({ kind }) => kind === 'CLIENT') });
const facts = (all: LeanCase, span: LeanSpan): Facts => ({ ...factsOf(all, span), parent: placeOf(all, span) });

t.test('the official instrumentation and ours make the same traces', async (t) => {
  const official = await runScenario(process.execPath, '../grpc/calls.cjs', 'official');
  const own = await runScenario(process.execPath, '../grpc/calls.cjs', 'own');
  const comparison = new Comparison([
    ...WORDS,
    ...OF_SERVERS,
    ...Object.entries(ALONE).map(([name, server]) => missingServer(name, server)),
  ]);
  const names = Object.keys(own.cases);
  t.ok(names.length > 60);
  for (const name of RACES) t.ok(names.includes(name), name);
  for (const name of names) {
    const [left, right] = [sideOf(official, name), sideOf(own, name)];
    compareCase(t, comparison, name, [left, right], facts);
    if (name in ALONE) compareCase(t, comparison, name, [left, clientsOf(right)], facts);
  }
  comparison.end(t);
  t.equal(own.open, 0);
  t.ok(official.open > 0, 'spans that the official instrumentation never ends');
});
