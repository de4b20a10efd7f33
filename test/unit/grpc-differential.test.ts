/**
 * The same gRPC workload under the official instrumentation and under ours: kind, parent and status of every span, apart
 * from the differences written down here, each with its reason.
 */
import t from 'tap';
import { caseOf, ERROR, type LeanReport, type LeanSpan, runScenario } from '../helpers/lean.js';

const SERVER_STATUS = 'the convention: a server has not failed when it tells the client of a fault of the client';
const NO_END = 'the official SERVER span never ends: nothing it listens to comes';
const NO_START = 'the official instrumentation learns of a call only when the handler runs';
const LATE = 'a race: the server may or may not have heard of the call';

/** Cases in which SERVER spans differ. CLIENT spans differ nowhere. */
const SERVER_DIFFERENCES: Record<string, string> = {
  'status CANCELLED': SERVER_STATUS,
  'status INVALID_ARGUMENT': SERVER_STATUS,
  'status NOT_FOUND': SERVER_STATUS,
  'status ALREADY_EXISTS': SERVER_STATUS,
  'status PERMISSION_DENIED': SERVER_STATUS,
  'status RESOURCE_EXHAUSTED': SERVER_STATUS,
  'status FAILED_PRECONDITION': SERVER_STATUS,
  'status ABORTED': SERVER_STATUS,
  'status OUT_OF_RANGE': SERVER_STATUS,
  'status UNAUTHENTICATED': SERVER_STATUS,
  'status 99': SERVER_STATUS,
  'bidirectional, cut': SERVER_STATUS,
  'client stream, answered early': SERVER_STATUS,
  'handler fails with an Error': 'grpc-js sends UNKNOWN for an Error without a code, the official span stays unset',
  'handler throws': NO_END,
  'streaming handler throws': NO_END,
  'handler rejects': NO_END,
  deadline: NO_END,
  cancelled: NO_END,
  'server stream, unwritable': NO_END,
  'server stream, cancelled': NO_END,
  'server is killed': NO_END,
  'unknown method': NO_START,
  'request cannot be read': NO_START,
};

/** Not compared on the server's side. */
const RACES: Record<string, string> = {
  'deadline in the past': LATE,
  'cancelled at once': LATE,
  'request cannot be written': LATE,
  'server stream, destroy': LATE,
  'bidirectional, cancelled': LATE,
};

/** Kind, parent and status of the spans of one kind: `CLIENT of parent ERROR`. */
function describe(report: LeanReport, name: string, kind: LeanSpan['kind']): string[] {
  const { spans, parent } = caseOf(report, name);
  const parentOf = ({ parentSpanId }: LeanSpan): string => {
    if (parentSpanId === parent.spanId) return 'parent';
    return spans.find(({ spanId }) => spanId === parentSpanId)?.kind ?? 'nobody';
  };
  return spans
    .filter((span) => span.kind === kind)
    .map((span) => `${kind} of ${parentOf(span)}${span.status.code === ERROR ? ' ERROR' : ''}`);
}

t.test('the official instrumentation and ours make the same traces', async (t) => {
  const official = await runScenario(process.execPath, '../grpc/calls.cjs', 'official');
  const own = await runScenario(process.execPath, '../grpc/calls.cjs', 'own');
  const names = Object.keys(own.cases);
  t.ok(names.length > 60);
  for (const name of [...Object.keys(SERVER_DIFFERENCES), ...Object.keys(RACES)]) t.ok(names.includes(name), name);
  for (const name of names) {
    // What throws before there is a call: the official span of a closed client stays open.
    t.strictSame(describe(own, name, 'CLIENT'), describe(official, name, 'CLIENT'), `${name}: CLIENT`);
    if (RACES[name] !== undefined) continue;
    const [ours, theirs] = [describe(own, name, 'SERVER'), describe(official, name, 'SERVER')];
    const reason = SERVER_DIFFERENCES[name];
    if (reason === undefined) t.strictSame(ours, theirs, `${name}: SERVER`);
    else t.notSame(ours, theirs, `${name}: SERVER: ${reason}`);
  }
  t.equal(own.open, 0);
  t.ok(official.open > 0, 'spans that the official instrumentation never ends');
});
