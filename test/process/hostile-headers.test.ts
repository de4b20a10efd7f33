/**
 * Inbound headers that nobody honest sends: the application answers byte for byte as without the agent, and every
 * request still has its SERVER span, in the caller's trace when the parent is valid and in a new one when it is not.
 */
import { connect } from 'node:net';
import t from 'tap';
import { startCollector } from '../../src/viewer/otlp-receiver.js';
import { nodeBinaries } from '../helpers/node-versions.js';
import { type RunOptions, runApp } from '../helpers/run-app.js';

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN_ID = 'b7ad6b7169203331';
const VALID = `traceparent: 00-${TRACE_ID}-${SPAN_ID}-01`;
const UNSAMPLED = `traceparent: 00-${TRACE_ID}-${SPAN_ID}-00`;

/** What becomes of the request's span. */
type Fate = 'joins' | 'starts anew' | 'is not sampled';

interface Case {
  readonly name: string;
  readonly fate: Fate;
  /** Header lines; characters are bytes (latin1). */
  readonly headers: readonly string[];
}

const anew = (name: string, ...headers: string[]): Case => ({ name, fate: 'starts anew', headers });
const joins = (name: string, ...headers: string[]): Case => ({ name, fate: 'joins', headers: [VALID, ...headers] });

const CASES: readonly Case[] = [
  anew('nothing'),
  joins('a valid parent'),
  { name: 'a valid parent that is not sampled', fate: 'is not sampled', headers: [UNSAMPLED] },
  joins('spaces around it', 'tracestate:   '),

  // Spec: W3C Trace Context, traceparent.
  anew('an empty traceparent', 'traceparent:'),
  anew('a word', 'traceparent: garbage'),
  anew('the version ff', `traceparent: ff-${TRACE_ID}-${SPAN_ID}-01`),
  anew('a trace id of zeros', `traceparent: 00-${'0'.repeat(32)}-${SPAN_ID}-01`),
  anew('a parent id of zeros', `traceparent: 00-${TRACE_ID}-${'0'.repeat(16)}-01`),
  anew('capital letters', `traceparent: 00-${TRACE_ID.toUpperCase()}-${SPAN_ID}-01`),
  anew('letters that are no digits', `traceparent: 00-${'g'.repeat(32)}-${SPAN_ID}-01`),
  anew('a short trace id', `traceparent: 00-${TRACE_ID.slice(1)}-${SPAN_ID}-01`),
  anew('a long parent id', `traceparent: 00-${TRACE_ID}-${SPAN_ID}0-01`),
  anew('flags that are no digits', `traceparent: 00-${TRACE_ID}-${SPAN_ID}-0x`),
  anew('no flags', `traceparent: 00-${TRACE_ID}-${SPAN_ID}`),
  anew('something after version 00', `traceparent: 00-${TRACE_ID}-${SPAN_ID}-01-more`),
  { ...joins('something after a later version'), headers: [`traceparent: 01-${TRACE_ID}-${SPAN_ID}-01-more`] },
  anew('10 kB of it', `traceparent: ${VALID.repeat(160)}`),
  anew('bytes', 'traceparent: 00-\xff\xfe\x80-\xc3\x28-01'),
  anew('two parents', VALID, `traceparent: 00-${TRACE_ID.replace('0', '1')}-${SPAN_ID}-01`),

  // Spec: a tracestate that cannot be read never invalidates the traceparent.
  joins('10 kB of tracestate in one member', `tracestate: a=${'x'.repeat(10_000)}`),
  joins(
    '10 kB of tracestate in many members',
    `tracestate: ${many(400, (index) => `member${index}=${'v'.repeat(15)}`)}`,
  ),
  joins('tracestate without a value', 'tracestate: =,a=,=b,,;,\t'),
  joins('bytes in tracestate', 'tracestate: \x80=\xff,a=\xf0\x9f'),
  joins('the same member twice', 'tracestate: a=1,a=2', 'tracestate: a=3'),
  anew('tracestate alone', 'tracestate: a=1'),

  // Spec: W3C Baggage; 8192 bytes, 180 members.
  joins('10 kB of baggage', `baggage: a=${'x'.repeat(10_000)}`),
  joins('1000 members of baggage', `baggage: ${many(1000, (index) => `k${index}=v`)}`),
  joins('bytes in baggage', 'baggage: \xff\xfe=\x80\x81,ok=1'),
  joins('broken escapes in baggage', 'baggage: a=%,b=%zz,c=%c3%28,d=%00,%25=%25'),
  joins('baggage of separators', 'baggage: ,,,===;;;=,'),
  joins('names that objects have', 'baggage: __proto__=1,constructor=2,toString=3,hasOwnProperty=4'),
  joins('baggage in three headers', 'baggage: a=1', 'baggage: b=2', 'baggage: a=3'),
  anew('baggage alone', 'baggage: a=1'),

  // What is not configured must not be looked at.
  anew('formats of others', 'b3: 0', 'uber-trace-id: x', 'x-amzn-trace-id: ;', 'x-b3-traceid: \xff'),
  // Attributes come from these.
  anew('a host that is none', 'host: [::::1:99999999', 'x-forwarded-for: \xff,,;', 'forwarded: for=;;"'),
  anew('a user agent of bytes', `user-agent: ${'\x80\xff'.repeat(2000)}`),
];

function many(count: number, member: (index: number) => string): string {
  return Array.from({ length: count }, (_, index) => member(index)).join(',');
}

/** Sends one request as bytes, since a client library would refuse most of them; resolves with the answer as bytes. */
function send(port: number, { headers }: Case, index: number): Promise<string> {
  const host = headers.some((line) => line.startsWith('host:')) ? [] : ['host: example.test'];
  const lines = [`GET /case/${index} HTTP/1.1`, ...host, ...headers, 'connection: close', '', ''];
  return new Promise((resolve, reject) => {
    let answer = '';
    connect(port, '127.0.0.1')
      .setEncoding('latin1')
      .on('data', (text: string) => {
        answer += text;
      })
      .once('error', reject)
      .once('close', () => resolve(answer.replace(/^date: .*\r\n/im, '')))
      .write(lines.join('\r\n'), 'latin1');
  });
}

async function answers(options: Omit<RunOptions, 'file'>): Promise<{ texts: string[]; stderr: string }> {
  const app = runApp({ ...options, file: 'apps/echo-headers.cjs', args: [String(CASES.length)] });
  const [, port] = await app.waitForLine(/^listening on (\d+)$/);
  const texts = [];
  for (const [index, item] of CASES.entries()) texts.push(await send(Number(port), item, index));
  const { code, signal } = await app.exited;
  t.strictSame({ code, signal }, { code: 0, signal: null });
  return { texts, stderr: app.stderr() };
}

for (const { node, version } of nodeBinaries()) {
  t.test(`Node ${version}: hostile headers change no answer and cost no span`, async (t) => {
    const collector = await startCollector();
    t.teardown(() => collector.close());
    const bare = await answers({ node, preload: 'none' });
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.httpUrl, OTEL_SERVICE_NAME: 'app', OTEL_LOG_LEVEL: 'warn' };
    const traced = await answers({ node, env });
    t.equal(traced.stderr, bare.stderr);
    const spans = new Map(collector.spans().map((span) => [span.attributes['url.path'], span]));
    for (const [index, { name, fate }] of CASES.entries()) {
      t.equal(traced.texts[index], bare.texts[index], `${name}: the same answer`);
      t.match(bare.texts[index], /^HTTP\/1\.1 200 OK\r\n/, `${name}: an answer of the application`);
      const span = spans.get(`/case/${index}`);
      if (fate === 'is not sampled') t.equal(span, undefined, `${name}: no span`);
      else if (fate === 'joins') t.match(span, { traceId: TRACE_ID, parentSpanId: SPAN_ID }, `${name}: a child`);
      else t.match(span, { traceId: /^(?!0af76519)[0-9a-f]{32}$/, parentSpanId: '' }, `${name}: a new root`);
    }
    t.equal(collector.spans().length, CASES.filter(({ fate }) => fate !== 'is not sampled').length);
    const traceStates = collector.spans().map(({ traceState }) => traceState);
    t.strictSame(
      traceStates.filter((text) => text.length > 512),
      [],
      'no span carries more tracestate than the specification asks to pass on',
    );
  });
}
