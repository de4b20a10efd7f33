/**
 * OTLP over gRPC: the real @grpc/grpc-js server with TraceService/Export, served on sockets that somebody else accepted.
 */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import {
  type ConnectionInjector,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type StatusObject,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { answerRequest, commonName, type Desk, type Reply } from './answering.js';
import { spansFromProtobuf } from './otlp-decode.js';
import { encodeRpcStatus, encodeTraceResponse, TRACE_EXPORT_METHOD } from './otlp-schema.js';
import type { Answer, IncomingTraces, TlsOptions } from './receiver-types.js';

/** As the Collector's gRPC default would be too small for tests of large batches. */
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;

type Call = ServerUnaryCall<Buffer, Buffer>;

export interface GrpcEndpoint {
  serve(socket: Socket): void;
  /** Uses other credentials for sockets served from now on. */
  setTls(tls: TlsOptions | undefined): void;
  /** Ends every call and session. */
  close(): void;
}

/** Messages stay bytes on both sides: the byte size is recorded, and decoding failures are answered, not thrown. */
const SERVICE: ServiceDefinition = {
  Export: {
    path: TRACE_EXPORT_METHOD,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: Buffer) => message,
    requestDeserialize: (bytes: Buffer) => bytes,
    responseSerialize: (message: Buffer) => message,
    responseDeserialize: (bytes: Buffer) => bytes,
  },
};

/** Creates the gRPC server. It does not listen. */
export function createGrpcEndpoint(desk: Desk, tls: TlsOptions | undefined): GrpcEndpoint {
  const server = new Server({ 'grpc.max_receive_message_length': MAX_MESSAGE_BYTES });
  server.addService(SERVICE, {
    Export: (call: Call, callback: sendUnaryData<Buffer>) => {
      handleExport(desk, call, callback).catch((error: Error) => {
        callback({ code: status.INTERNAL, details: `the responder of the test threw: ${error.message}` });
      });
    },
  });
  const injectors: ConnectionInjector[] = [];
  const setTls = (next: TlsOptions | undefined) => {
    injectors.push(server.createConnectionInjector(credentials(next)));
  };
  setTls(tls);
  return {
    serve: (socket) => injectors.at(-1)?.injectConnection(socket),
    setTls,
    close() {
      for (const injector of injectors) injector.destroy();
      server.forceShutdown();
    },
  };
}

function credentials(tls: TlsOptions | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const pair = { private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) };
  const authority = tls.ca === undefined ? null : Buffer.from(tls.ca);
  return ServerCredentials.createSsl(authority, [pair], tls.requireClientCert === true);
}

async function handleExport(desk: Desk, call: Call, callback: sendUnaryData<Buffer>): Promise<void> {
  const incoming = describe(call);
  try {
    incoming.spans = spansFromProtobuf(call.request);
  } catch (error) {
    const problem = (error as Error).message;
    desk.received.record(incoming, { outcome: 'invalid', answeredCode: status.INVALID_ARGUMENT, problem, stored: [] });
    callback({ code: status.INVALID_ARGUMENT, details: problem });
    return;
  }
  await answerRequest(desk, incoming, replyOn(call, callback));
}

function describe(call: Call): IncomingTraces {
  const headers: Record<string, string> = {};
  for (const name of Object.keys(call.metadata.getMap())) {
    headers[name] = call.metadata
      .get(name)
      .map((value) => (typeof value === 'string' ? value : value.toString('base64')))
      .join(', ');
  }
  return {
    protocol: 'grpc',
    method: 'POST',
    path: call.getPath(),
    headers,
    byteSize: call.request.length,
    decodedByteSize: call.request.length,
    spans: [],
    remotePort: Number(call.getPeer().split(':').at(-1)),
    clientCertificateName: commonName(call.getAuthContext().sslPeerCertificate),
    receivedAtMillis: performance.now(),
  };
}

function replyOn(call: Call, callback: sendUnaryData<Buffer>): Reply {
  return {
    isClosed: () => call.cancelled,
    codeOf: (answer) => answer.grpc?.code ?? status.OK,
    isSuccess: (code) => code === status.OK,
    send(answer) {
      if (this.isSuccess(this.codeOf(answer))) callback(null, encodeTraceResponse(answer.partialSuccess));
      else callback(errorOf(answer));
    },
    sendPart: (_answer, afterwards) => afterwards(),
  };
}

function errorOf({ grpc }: Answer): Partial<StatusObject> {
  const code = grpc?.code ?? status.UNKNOWN;
  const details = grpc?.message ?? `answered ${status[code]} on request of the test`;
  const metadata = new Metadata();
  if (grpc?.retryDelayMillis !== undefined) {
    metadata.set('grpc-status-details-bin', encodeRpcStatus(code, details, grpc.retryDelayMillis));
  }
  return { code, details, metadata };
}
