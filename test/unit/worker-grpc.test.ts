/**
 * Corners of gRPC that no collector shows on request, from real HTTP/2 servers on free ports.
 */
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { gzipSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { encodeTraceResponse } from '../../src/viewer/otlp-schema.js';
import { createTestPipeline } from '../helpers/pipeline.js';

type Answer = (stream: ServerHttp2Stream, session: ServerHttp2Session, call: number) => void;

interface Server {
  readonly url: string;
  readonly sessions: ServerHttp2Session[];
  /** Request headers of every call. */
  readonly headers: IncomingHttpHeaders[];
}

/** A server that answers each call, once its content is here, by `answer`; calls count from 1. */
async function serve(test: Test, answer: Answer): Promise<Server> {
  const server: Http2Server = createServer();
  const sessions: ServerHttp2Session[] = [];
  const headers: IncomingHttpHeaders[] = [];
  let calls = 0;
  server.on('session', (session) => {
    sessions.push(session);
    session.on('error', () => {});
  });
  server.on('stream', (stream, received) => {
    headers.push(received);
    const call = ++calls;
    stream.on('error', () => {});
    stream.on('end', () => answer(stream, stream.session as ServerHttp2Session, call)).resume();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  test.teardown(() => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, sessions, headers };
}

function frame(message: Buffer, isCompressed = false): Buffer {
  const header = Buffer.alloc(5);
  header.writeUInt8(isCompressed ? 1 : 0);
  header.writeUInt32BE(message.length, 1);
  return Buffer.concat([header, message]);
}

const GRPC = { ':status': 200, 'content-type': 'application/grpc' };

function answerOk(stream: ServerHttp2Stream, body = frame(encodeTraceResponse()), headers = {}): void {
  stream.respond({ ...GRPC, ...headers }, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.end(body);
}

async function sendTo(test: Test, server: Server, batches = 1) {
  const made = createTestPipeline(test, { otlp: { protocol: 'grpc', endpoint: server.url } });
  for (let i = 0; i < batches; i++) {
    made.produce(1);
    await made.pipeline.forceFlush(3000);
  }
  return made;
}

t.test('status in the only header block, message percent-encoded', async (t) => {
  const server = await serve(t, (stream) =>
    stream.respond({ ...GRPC, 'grpc-status': '3', 'grpc-message': 'bad%20span%3A %zz' }, { endStream: true }),
  );
  const { account, lines } = await sendTo(t, server);
  t.strictSame(account().dropped, { collector_rejected: 1 });
  t.match(lines[0], /INVALID_ARGUMENT \(bad%20span%3A %zz\)/, 'text that is not valid is shown as it came');
});

t.test('a compressed answer', async (t) => {
  const body = gzipSync(encodeTraceResponse({ rejected: 1, message: 'no room' }));
  const server = await serve(t, (stream) => answerOk(stream, frame(body, true), { 'grpc-encoding': 'gzip' }));
  const { account, lines } = await sendTo(t, server);
  t.strictSame(account().dropped, { partial_success: 1 });
  t.match(lines[0], /no room/);
});

t.test('calls share one connection', async (t) => {
  const server = await serve(t, (stream) => answerOk(stream));
  const { account } = await sendTo(t, server, 5);
  t.equal(account().exported, 5);
  t.equal(server.sessions.length, 1);
});

t.test('GOAWAY: the call under way ends, the next one takes a new connection', async (t) => {
  const server = await serve(t, (stream, session, call) => {
    if (call === 1) session.goaway();
    answerOk(stream);
  });
  const { account } = await sendTo(t, server, 3);
  t.strictSame(account(), { created: 3, exported: 3, queued: 0, dropped: {} });
  t.equal(server.sessions.length, 2);
});

t.test('a kept connection that is closed while a call starts is replaced at once', async (t) => {
  const server = await serve(t, (stream, session, call) => {
    if (call === 2) session.destroy();
    else answerOk(stream);
  });
  const { account, lines } = await sendTo(t, server, 2);
  t.strictSame(account(), { created: 2, exported: 2, queued: 0, dropped: {} });
  t.strictSame(lines, [], 'nothing to tell');
});

t.test('more than 4 MiB', async (t) => {
  const server = await serve(t, (stream) => answerOk(stream, frame(Buffer.alloc(6 * 1024 * 1024))));
  const { account } = await sendTo(t, server);
  t.strictSame(account().dropped, { response_too_large: 1 });
});

t.test('success with content that is no message is a success', async (t) => {
  const bodies = [Buffer.from('x'), frame(Buffer.from([0xff, 0xff])), frame(Buffer.from('x'), true), Buffer.alloc(0)];
  const server = await serve(t, (stream, _session, call) => answerOk(stream, bodies[call - 1]));
  const { account } = await sendTo(t, server, bodies.length);
  t.equal(account().exported, bodies.length);
});

t.test('what is not gRPC is judged by its HTTP status', async (t) => {
  for (const [status, outcome] of [
    [404, 'dropped'],
    [401, 'dropped'],
    [503, 'queued'],
    [200, 'dropped'],
  ] as const) {
    const server = await serve(t, (stream) => {
      stream.respond({ ':status': status, 'content-type': 'text/html' });
      stream.end('<html>');
    });
    const { account, lines } = await sendTo(t, server);
    const isKept = outcome === 'queued';
    const dropped = isKept ? {} : { collector_rejected: 1 };
    t.strictSame(account(), { created: 1, exported: 0, queued: isKept ? 1 : 0, dropped });
    t.match(lines[0], new RegExp(`HTTP ${status}, text/html`));
  }
});

t.test('an answer without a status at its end is no answer', async (t) => {
  const server = await serve(t, (stream, _session, call) => {
    if (call > 1) answerOk(stream);
    else {
      stream.respond(GRPC);
      stream.end(frame(encodeTraceResponse()));
    }
  });
  const { account } = await sendTo(t, server);
  t.equal(account().exported, 1);
  t.equal(server.headers.length, 2, 'and tried again');
});

t.test('the request names its deadline and everything gRPC asks for', async (t) => {
  const server = await serve(t, (stream) => answerOk(stream));
  await sendTo(t, server);
  t.match(server.headers[0], {
    ':method': 'POST',
    ':path': '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
    te: 'trailers',
    'content-type': 'application/grpc',
    'grpc-timeout': /^\d{4,5}m$/,
  });
});
