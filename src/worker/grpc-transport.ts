/**
 * OTLP over gRPC: unary calls on one HTTP/2 connection, without a gRPC library. Worker. Spec: gRPC PROTOCOL-HTTP2.
 *
 *   request   HEADERS  :path .../TraceService/Export, grpc-timeout, te: trailers
 *             DATA     0|1 (compressed) + uint32 length + message
 *   answer    HEADERS ─► DATA ─► TRAILERS grpc-status        or one HEADERS block with grpc-status ("trailers only")
 *
 *   call ──► status ─► outcome
 *     │  └─► error on a kept connection before any answer: once more, at once, on a new connection
 *     └────► timer: one for everything from connecting to the trailers
 */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2';
import type { Failure } from '../pipeline/protocol.js';
import { outcomeOfError, scrub, timeoutOutcome } from './failure.js';
import type { GrpcSessions } from './grpc-session.js';
import { GRPC_OK, type GrpcStatus, outcomeOfStatus, readGrpcStatus, statusOfHttp } from './grpc-status.js';
import { readProtobufSuccess } from './otlp-response.js';
import { OTLP_MAX_REQUEST_BYTES, OTLP_MAX_RESPONSE_BYTES, type Outcome, type Transport } from './outcome.js';

export interface GrpcTransportOptions {
  readonly sessions: GrpcSessions;
  /** Of the call: `/package.Service/Method`. */
  readonly path: string;
  /** As configured; names are lower-cased here. Values are secret. */
  readonly headers: Readonly<Record<string, string>>;
  readonly userAgent: string;
  readonly compress: ((body: Buffer) => Promise<Buffer>) | undefined;
}

const FRAME_HEADER_BYTES = 5;
/** RST_STREAM codes that say "not processed" or "not now", as gRPC maps them to a status. */
const NGHTTP2_CANCEL = 8;
const MAX_GRPC_TIMEOUT_MILLIS = 99_999_999;

interface Answer {
  readonly status: GrpcStatus;
  /** The content with its frame header. */
  readonly content: Buffer;
  readonly encoding: string;
}

type CallEnd = Answer | 'timeout' | 'response_too_large' | { readonly error: unknown; readonly isUnanswered: boolean };

function frame(message: Buffer, isCompressed: boolean): Buffer {
  const framed = Buffer.allocUnsafeSlow(FRAME_HEADER_BYTES + message.length);
  framed[0] = isCompressed ? 1 : 0;
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, FRAME_HEADER_BYTES);
  return framed;
}

/** The message of a one-message answer. Throws when it is not one. */
function unframe({ content, encoding }: Answer): Buffer {
  if (content.length === 0) return content;
  const length = content.readUInt32BE(1);
  if (content.length !== FRAME_HEADER_BYTES + length) throw new RangeError('not one gRPC message');
  const message = content.subarray(FRAME_HEADER_BYTES);
  if (content[0] === 0) return message;
  if (encoding !== 'gzip') throw new RangeError(`unknown grpc-encoding ${encoding}`);
  const { gunzipSync } = require('node:zlib') as typeof import('node:zlib');
  return gunzipSync(message, { maxOutputLength: OTLP_MAX_RESPONSE_BYTES });
}

export class GrpcTransport implements Transport {
  readonly #options: GrpcTransportOptions;
  readonly #headers: OutgoingHttpHeaders;
  readonly #secrets: readonly string[];

  constructor(options: GrpcTransportOptions) {
    this.#options = options;
    const metadata = Object.entries(options.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    this.#headers = {
      ...Object.fromEntries(metadata),
      ':method': 'POST',
      ':path': options.path,
      te: 'trailers',
      'content-type': 'application/grpc',
      'grpc-accept-encoding': 'identity,gzip',
      'user-agent': options.userAgent,
      ...(options.compress === undefined ? {} : { 'grpc-encoding': 'gzip' }),
    };
    this.#secrets = Object.values(options.headers).flatMap((value) => [value, ...value.split(' ').slice(1)]);
  }

  async send(body: Buffer, timeoutMillis: number): Promise<Outcome> {
    const { compress } = this.#options;
    const message = compress === undefined ? body : await compress(body);
    if (body.length > OTLP_MAX_REQUEST_BYTES || message.length > OTLP_MAX_REQUEST_BYTES) return tooLarge(body);
    const framed = frame(message, compress !== undefined);
    const endsAt = performance.now() + timeoutMillis;
    const isKept = this.#options.sessions.isKept;
    let end = await this.#call(framed, timeoutMillis);
    if (isKept && typeof end === 'object' && 'error' in end && end.isUnanswered) {
      end = await this.#call(framed, endsAt - performance.now());
    }
    if (end === 'timeout') return timeoutOutcome(timeoutMillis);
    if (end === 'response_too_large') return responseTooLarge();
    return 'error' in end ? outcomeOfError(end.error) : this.#judge(end);
  }

  close(): void {
    this.#options.sessions.destroy();
  }

  async #call(framed: Buffer, timeoutMillis: number): Promise<CallEnd> {
    const { sessions } = this.#options;
    let timer: NodeJS.Timeout | undefined;
    let stream: ClientHttp2Stream | undefined;
    const timeout = new Promise<'timeout'>((resolve) => {
      if (timeoutMillis < 2 ** 31) timer = setTimeout(resolve, timeoutMillis, 'timeout').unref();
    });
    const exchange = async (): Promise<CallEnd> => {
      const session = await sessions.acquire();
      return new Promise((resolve) => {
        stream = this.#open(session, timeoutMillis);
        collect(stream, resolve);
        stream.end(framed);
      });
    };
    const end = await Promise.race([exchange().catch(unanswered), timeout]);
    clearTimeout(timer);
    // A connection on which a call ran out of time may be dead: the next call does not bet on it.
    if (end === 'timeout') sessions.retire();
    if (typeof end === 'string') stream?.close(NGHTTP2_CANCEL);
    return end;
  }

  #open(session: ClientHttp2Session, timeoutMillis: number): ClientHttp2Stream {
    const limit = Math.max(1, Math.ceil(timeoutMillis));
    const hasLimit = limit <= MAX_GRPC_TIMEOUT_MILLIS;
    return session.request({ ...this.#headers, ...(hasLimit ? { 'grpc-timeout': `${limit}m` } : {}) });
  }

  #judge(answer: Answer): Outcome {
    if (answer.status.code !== GRPC_OK) return outcomeOfStatus(answer.status, this.#secrets);
    try {
      const { rejectedSpans, message } = readProtobufSuccess(unframe(answer));
      return { kind: 'delivered', rejectedSpans, message: message && scrub(message, this.#secrets) };
    } catch {
      return { kind: 'delivered', rejectedSpans: 0, message: 'success, with a body that is not OTLP' };
    }
  }
}

function unanswered(error: unknown): CallEnd {
  return { error, isUnanswered: true };
}

function tooLarge(body: Buffer): Outcome {
  const failure: Failure = { failureClass: 'too_large', detail: `a request of ${body.length} bytes was not sent` };
  return { kind: 'failed', failure, dropReason: 'request_too_large' };
}

function responseTooLarge(): Outcome {
  const failure: Failure = { failureClass: 'garbage', detail: 'the answer exceeds 4 MiB' };
  return { kind: 'failed', failure, dropReason: 'response_too_large' };
}

/** Reads one answer; `finish` is called at least once, only the first call counts. */
function collect(stream: ClientHttp2Stream, finish: (end: CallEnd) => void): void {
  const parts: Buffer[] = [];
  let length = 0;
  let head: IncomingHttpHeaders | undefined;
  let trailers: IncomingHttpHeaders | undefined;
  stream.on('response', (headers) => {
    head = headers;
  });
  stream.on('trailers', (headers) => {
    trailers = headers;
  });
  stream.on('data', (part: Buffer) => {
    length += part.length;
    if (length <= OTLP_MAX_RESPONSE_BYTES + FRAME_HEADER_BYTES) parts.push(part);
    else finish('response_too_large');
  });
  stream.on('error', (error) => finish({ error, isUnanswered: head === undefined }));
  stream.on('close', () => {
    const status = statusOf(head, trailers);
    if (status === undefined) finish({ error: closedEarly(stream), isUnanswered: head === undefined });
    else finish({ status, content: Buffer.concat(parts), encoding: String(head?.['grpc-encoding'] ?? '') });
  });
}

function statusOf(head: IncomingHttpHeaders | undefined, trailers: IncomingHttpHeaders | undefined) {
  if (head === undefined) return undefined;
  const status = readGrpcStatus(trailers ?? {}) ?? readGrpcStatus(head);
  if (status !== undefined) return status;
  const httpStatus = Number(head[':status'] ?? 0);
  const contentType = String(head['content-type'] ?? '');
  const isGrpc = httpStatus === 200 && contentType.startsWith('application/grpc');
  return isGrpc ? undefined : statusOfHttp(httpStatus, contentType);
}

function closedEarly(stream: ClientHttp2Stream): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`the call ended without a status (code ${stream.rstCode ?? 0})`);
  error.code = 'ECONNRESET';
  return error;
}
