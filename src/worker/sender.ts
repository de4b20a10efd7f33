/**
 * One destination: format, transport and compression put together from the settings. Worker.
 */
import { isMainThread } from 'node:worker_threads';
import type { ExportSettings } from '../pipeline/protocol.js';
import { buildRequest } from './chunk-reader.js';
import { createConnections } from './connections.js';
import { GrpcSessions } from './grpc-session.js';
import { GrpcTransport } from './grpc-transport.js';
import { HttpTransport, type HttpTransportOptions } from './http-transport.js';
import { buildJsonRequest } from './otlp-json.js';
import { readErrorMessage, readJsonSuccess, readProtobufSuccess } from './otlp-response.js';
import type { Outcome, Transport } from './outcome.js';
import { openTunnel, proxyFor } from './proxy.js';
import { TlsFiles } from './tls-files.js';
import { buildZipkinRequest } from './zipkin-json.js';

export interface Sender {
  /** Sends one chunk's spans. The chunk is not looked at after the promise settles. */
  send(resource: Uint8Array, chunk: Buffer, timeoutMillis: number): Promise<Outcome>;
  close(): void;
}

const TRACES_CALL = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const METRICS_CALL = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';

type Build = (resource: Uint8Array, chunk: Buffer) => Buffer;
type Format = Pick<HttpTransportOptions, 'readSuccess'> & { readonly build: Build; readonly contentType: string };

const FORMATS: Readonly<Record<'http/protobuf' | 'http/json' | 'zipkin', Format>> = {
  'http/protobuf': {
    build: buildRequest,
    contentType: 'application/x-protobuf',
    readSuccess: readProtobufSuccess,
  },
  'http/json': { build: buildJsonRequest, contentType: 'application/json', readSuccess: readJsonSuccess },
  zipkin: {
    build: buildZipkinRequest,
    contentType: 'application/json',
    readSuccess: () => ({ rejectedSpans: 0, message: undefined }),
  },
};

/** In a worker at once: that needs no thread of the pool which the application's own work may have filled. */
function compress(body: Buffer): Promise<Buffer> {
  const { gzip, gzipSync } = require('node:zlib') as typeof import('node:zlib');
  if (!isMainThread) return Promise.resolve(gzipSync(body));
  return new Promise((resolve, reject) => {
    gzip(body, (error, result) => (error === null ? resolve(result) : reject(error)));
  });
}

function createGrpcTransport(settings: ExportSettings, path: string): Transport {
  const tlsFiles = new TlsFiles(settings);
  const tunnel = (url: URL) => {
    const proxy = proxyFor(url);
    return proxy && openTunnel(proxy, url, url.protocol === 'https:' ? tlsFiles.read().options : {});
  };
  return new GrpcTransport({
    sessions: new GrpcSessions(new URL(settings.url), tlsFiles, tunnel),
    path,
    headers: settings.headers,
    userAgent: settings.userAgent,
    compress: settings.compression === 'gzip' ? compress : undefined,
  });
}

function createHttpTransport(settings: ExportSettings, { contentType, readSuccess }: Format): Transport {
  return new HttpTransport({
    url: settings.url,
    headers: { ...settings.headers, 'Content-Type': contentType, 'User-Agent': settings.userAgent },
    compress: settings.compression === 'gzip' ? compress : undefined,
    connections: createConnections(settings.url, new TlsFiles(settings)),
    readSuccess,
    readError: readErrorMessage,
  });
}

/** What moves the agent's own metrics, with the settings of the spans but for the URL. Opens no connection. */
export function createMetricsTransport(settings: ExportSettings): Transport {
  if (settings.kind === 'grpc') return createGrpcTransport(settings, METRICS_CALL);
  return createHttpTransport(settings, FORMATS[settings.kind]);
}

/** Creates the sender of the configured protocol. Opens no connection. */
export function createSender(settings: ExportSettings): Sender {
  const format = settings.kind === 'grpc' ? undefined : FORMATS[settings.kind];
  const transport =
    format === undefined ? createGrpcTransport(settings, TRACES_CALL) : createHttpTransport(settings, format);
  const build = format?.build ?? buildRequest;
  return {
    send: (resource, chunk, timeoutMillis) => transport.send(build(resource, chunk), timeoutMillis),
    close: () => transport.close(),
  };
}
