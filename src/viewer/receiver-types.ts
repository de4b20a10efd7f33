/**
 * What a caller of the receiver sees of requests and says about answers. Types only.
 */
import type { ConnectionMode } from './loopback-listener.js';
import type { PartialSuccess } from './otlp-schema.js';
import type { SpanRecord } from './span-record.js';

export type ReceivedProtocol = 'http/protobuf' | 'http/json' | 'grpc' | 'zipkin' | 'unknown';

/**
 * accepted: stored and confirmed · partial: some spans refused in a success · refused: an error was answered ·
 * invalid: not decodable or not allowed by the protocol · hung: never answered · reset: connection cut ·
 * aborted: the client went away first.
 */
export type RequestOutcome = 'accepted' | 'partial' | 'refused' | 'invalid' | 'hung' | 'reset' | 'aborted';

/** A request as it arrived, before anything was decided about it. */
export interface IncomingTraces {
  protocol: ReceivedProtocol;
  method: string;
  path: string;
  /** Header (or gRPC metadata) names in lower case; repeated values are joined by ", ", binary ones are base64. */
  headers: Record<string, string>;
  /** Body bytes as received (gRPC: the message after its own decompression, without the 5-byte frame). */
  byteSize: number;
  /** Body bytes after gzip. */
  decodedByteSize: number;
  /** Everything the request carried, also when it is refused afterwards. */
  spans: SpanRecord[];
  /** The client's TCP port: equal for requests on one connection. */
  remotePort: number | undefined;
  /** Common name of the client certificate under mutual TLS. */
  clientCertificateName: string | undefined;
  /** Arrival of the last byte, in milliseconds of `performance.now()`. */
  receivedAtMillis: number;
}

/** A request with its fate. */
export interface ReceivedRequest extends IncomingTraces {
  spanCount: number;
  acceptedSpanCount: number;
  outcome: RequestOutcome;
  /** HTTP status or gRPC code that was answered; undefined when there was no answer. */
  answeredCode: number | undefined;
  /** Why the request was invalid. */
  problem: string | undefined;
}

/**
 * How to answer one request. Empty means success. Fields combine: `{ delayMillis: 200, status: 503 }`.
 * HTTP ignores `grpc`; gRPC ignores `status`, `headers` and `body`.
 */
export interface Answer {
  /** Waits before doing the rest. */
  delayMillis?: number;
  /** Never answers. */
  hang?: boolean;
  /** Sends RST instead of an answer; `mid-response` sends part of an HTTP answer first (gRPC: like true). */
  reset?: boolean | 'mid-response';
  /** HTTP status; 2xx means success. */
  status?: number;
  headers?: Record<string, string>;
  /** HTTP body instead of the one the protocol prescribes. */
  body?: string | Buffer;
  /** A success in which the last `rejected` spans are refused. */
  partialSuccess?: PartialSuccess;
  /** gRPC error; `retryDelayMillis` adds a google.rpc.RetryInfo to the status details. */
  grpc?: { code: number; message?: string; retryDelayMillis?: number };
  /** Keeps or loses the spans against what the answer says, as when an acknowledgement is lost. */
  store?: boolean;
}

/** Decides the answer to a request; undefined means success. */
export type Responder = (request: IncomingTraces) => Answer | undefined | Promise<Answer | undefined>;

export interface TlsOptions {
  /** PEM texts. */
  key: string;
  cert: string;
  /** Authority for client certificates. */
  ca?: string;
  requireClientCert?: boolean;
}

export interface CollectorOptions {
  tls?: TlsOptions;
  respond?: Responder;
  /** Paths that take OTLP over HTTP. Default `/v1/traces`. */
  tracesPaths?: string[];
  /** Newest spans and requests kept in memory; counts stay exact beyond it. Default 200,000. */
  maxKept?: number;
}

export interface Counts {
  requests: number;
  /** Spans in all requests, accepted or not. */
  receivedSpans: number;
  acceptedSpans: number;
  /** Accepted spans whose trace and span id had been accepted before (among the kept ones). */
  duplicateSpans: number;
}

export interface Collector {
  /** `http(s)://127.0.0.1:port`: base URL for OTLP/HTTP; Zipkin is `zipkinUrl`. */
  readonly httpUrl: string;
  /** `http://127.0.0.1:port`, or `https://localhost:port` since gRPC cannot verify an IP address without a warning. */
  readonly grpcUrl: string;
  /** Full URL of the Zipkin v2 endpoint. */
  readonly zipkinUrl: string;
  /** Accepted spans in order of arrival. */
  spans(): SpanRecord[];
  /** All requests in order of their answer, accepted or not. */
  requests(): ReceivedRequest[];
  /** Accepted spans that had been accepted before. */
  duplicates(): SpanRecord[];
  counts(): Counts;
  /**
   * Resolves with all accepted spans once there are `count` of them or `predicate` holds.
   * Rejects after `timeoutMillis` (default 10,000) with a summary of what did arrive.
   */
  waitForSpans(condition: number | ((spans: SpanRecord[]) => boolean), timeoutMillis?: number): Promise<SpanRecord[]>;
  /** The same for requests of every outcome. */
  waitForRequests(
    condition: number | ((requests: ReceivedRequest[]) => boolean),
    timeoutMillis?: number,
  ): Promise<ReceivedRequest[]>;
  /** Calls `listener` with the newly accepted spans of each request; returns the remover. */
  onSpans(listener: (spans: SpanRecord[]) => void): () => void;
  /** Replaces the responder; undefined accepts everything. */
  respond(responder: Responder | undefined): void;
  /** Cuts open connections and changes how both endpoints treat the following ones. */
  connections(mode: ConnectionMode): Promise<void>;
  /** TCP connections accepted so far on both endpoints. */
  acceptedConnections(): number;
  /** Uses another certificate for new connections, as after a rotation. */
  setTls(tls: TlsOptions): void;
  /** Forgets spans, requests and counts. */
  clear(): void;
  /** Cuts everything; pending waits reject. */
  close(): Promise<void>;
}
