/**
 * OTLP over HTTP (protobuf and JSON) and Zipkin v2, served on sockets that somebody else accepted.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { performance } from 'node:perf_hooks';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { answerRequest, commonName, type Desk, type Reply } from './answering.js';
import { spansFromJson, spansFromProtobuf } from './otlp-decode.js';
import { encodeRpcStatus, encodeTraceResponse } from './otlp-schema.js';
import type { Answer, IncomingTraces, ReceivedProtocol, TlsOptions } from './receiver-types.js';
import { InvalidRequest, type SpanRecord } from './span-record.js';
import { spansFromZipkin } from './zipkin-decode.js';

const MAX_BODY_BYTES = 64 * 1024 * 1024;
const ZIPKIN_PATH = '/api/v2/spans';
const RPC_INVALID_ARGUMENT = 3;
const RPC_UNKNOWN = 2;

/** A request that HTTP itself refuses, before any responder is asked. */
class HttpProblem extends InvalidRequest {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** Creates an HTTP(S) server that does not listen: feed it sockets with `emit('connection', socket)`. */
export function createHttpEndpoint(desk: Desk, tracesPaths: readonly string[], tls: TlsOptions | undefined): Server {
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    serve(desk, tracesPaths, request, response).catch((error: Error) => {
      // Only a responder that throws comes here: fail the client loudly instead of leaving it waiting.
      response.destroy(error);
    });
  };
  const server = tls
    ? createTlsServer(
        {
          key: tls.key,
          cert: tls.cert,
          ...(tls.ca === undefined ? {} : { ca: tls.ca }),
          requestCert: tls.requireClientCert === true,
          rejectUnauthorized: tls.requireClientCert === true,
        },
        listener,
      )
    : createServer(listener);
  server.keepAliveTimeout = 60_000;
  return server;
}

async function serve(
  desk: Desk,
  tracesPaths: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const incoming = describe(request);
  try {
    const body = await readBody(request);
    incoming.receivedAtMillis = performance.now();
    incoming.byteSize = body.length;
    incoming.protocol = protocolOf(request, incoming.path, tracesPaths);
    const plain = await decompress(body, request.headers['content-encoding']);
    incoming.decodedByteSize = plain.length;
    incoming.spans = decode(incoming.protocol, plain);
  } catch (error) {
    return refuse(desk, incoming, response, error);
  }
  await answerRequest(desk, incoming, replyOn(response, incoming.protocol));
}

function describe(request: IncomingMessage): IncomingTraces {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) headers[name] = String(value);
  const socket = request.socket as Partial<TLSSocket> & IncomingMessage['socket'];
  return {
    protocol: 'unknown',
    method: request.method ?? '',
    path: request.url ?? '',
    headers,
    byteSize: 0,
    decodedByteSize: 0,
    spans: [],
    remotePort: socket.remotePort,
    clientCertificateName: commonName(socket.getPeerCertificate?.()),
    receivedAtMillis: performance.now(),
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > MAX_BODY_BYTES) throw new HttpProblem(413, `the body is larger than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

function protocolOf(request: IncomingMessage, path: string, tracesPaths: readonly string[]): ReceivedProtocol {
  const isZipkin = path === ZIPKIN_PATH;
  if (!isZipkin && !tracesPaths.includes(path)) throw new HttpProblem(404, `nothing is served at ${path}`);
  if (request.method !== 'POST') throw new HttpProblem(405, `${request.method} instead of POST`);
  const mediaType = request.headers['content-type']?.split(';')[0]?.trim().toLowerCase();
  if (mediaType === 'application/json') return isZipkin ? 'zipkin' : 'http/json';
  if (mediaType === 'application/x-protobuf' && !isZipkin) return 'http/protobuf';
  throw new HttpProblem(415, `content-type ${mediaType ?? 'is missing'}`);
}

async function decompress(body: Buffer, encoding: string | undefined): Promise<Buffer> {
  if (encoding === undefined || encoding === 'identity') return body;
  if (encoding !== 'gzip') throw new HttpProblem(415, `content-encoding ${encoding}`);
  try {
    return await promisify(gunzip)(body, { maxOutputLength: MAX_BODY_BYTES });
  } catch (error) {
    throw new InvalidRequest(`not gzip: ${(error as Error).message}`);
  }
}

function decode(protocol: ReceivedProtocol, body: Buffer): SpanRecord[] {
  if (protocol === 'http/protobuf') return spansFromProtobuf(body);
  return protocol === 'zipkin' ? spansFromZipkin(body.toString('utf8')) : spansFromJson(body.toString('utf8'));
}

function refuse(desk: Desk, incoming: IncomingTraces, response: ServerResponse, error: unknown): void {
  const problem = (error as Error).message;
  if (!(error instanceof InvalidRequest)) {
    desk.received.record(incoming, { outcome: 'aborted', problem, stored: [] });
    response.destroy();
    return;
  }
  const status = error instanceof HttpProblem ? error.status : 400;
  desk.received.record(incoming, { outcome: 'invalid', answeredCode: status, problem, stored: [] });
  writeError(response, incoming.protocol, status, problem, RPC_INVALID_ARGUMENT);
}

function replyOn(response: ServerResponse, protocol: ReceivedProtocol): Reply {
  return {
    isClosed: () => response.destroyed || response.socket === null || response.socket.destroyed,
    codeOf: (answer) => answer.status ?? (protocol === 'zipkin' ? 202 : 200),
    isSuccess: (code) => code >= 200 && code < 300,
    send(answer) {
      const status = this.codeOf(answer);
      setHeaders(response, answer);
      if (answer.body !== undefined) response.writeHead(status).end(answer.body);
      else if (this.isSuccess(status)) writeSuccess(response, protocol, status, answer);
      else writeError(response, protocol, status, `answered ${status} on request of the test`, RPC_UNKNOWN);
    },
    sendPart(answer, afterwards) {
      setHeaders(response, answer);
      response.writeHead(this.codeOf(answer), { 'content-length': '1000' });
      response.write('the rest of this never comes', afterwards);
    },
  };
}

function setHeaders(response: ServerResponse, answer: Answer): void {
  for (const [name, value] of Object.entries(answer.headers ?? {})) response.setHeader(name, value);
}

function writeSuccess(response: ServerResponse, protocol: ReceivedProtocol, status: number, answer: Answer): void {
  if (protocol === 'zipkin') {
    response.writeHead(status).end();
  } else if (protocol === 'http/json') {
    const { partialSuccess } = answer;
    const partial = { rejectedSpans: String(partialSuccess?.rejected), errorMessage: partialSuccess?.message ?? '' };
    writeJson(response, status, partialSuccess ? { partialSuccess: partial } : {});
  } else {
    response.writeHead(status, { 'content-type': 'application/x-protobuf' });
    response.end(encodeTraceResponse(answer.partialSuccess));
  }
}

/** OTLP: the body of an error is a google.rpc.Status in the encoding of the request. */
function writeError(
  response: ServerResponse,
  protocol: ReceivedProtocol,
  status: number,
  message: string,
  rpcCode: number,
): void {
  if (protocol === 'http/protobuf') {
    response.writeHead(status, { 'content-type': 'application/x-protobuf' });
    response.end(encodeRpcStatus(rpcCode, message));
  } else {
    writeJson(response, status, { code: rpcCode, message });
  }
}

function writeJson(response: ServerResponse, status: number, value: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}
