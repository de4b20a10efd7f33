/**
 * A trace receiver for tests, the demo and later a viewer: OTLP over HTTP and gRPC and Zipkin, on free loopback ports,
 * with faults on request. Never loaded by the agent. This file only joins the parts.
 *
 *     sockets ─► loopback-listener ─► http-endpoint ─┐ decode ─► answering (responder: faults) ─► received ─► waits
 *     sockets ─► loopback-listener ─► grpc-endpoint ─┘
 */
import type { Server } from 'node:http';
import type { Desk } from './answering.js';
import { createGrpcEndpoint } from './grpc-endpoint.js';
import { createHttpEndpoint } from './http-endpoint.js';
import { listenOnLoopback } from './loopback-listener.js';
import { Received } from './received.js';
import type { Collector, CollectorOptions } from './receiver-types.js';

export type { ConnectionMode } from './loopback-listener.js';
export type {
  Answer,
  Collector,
  CollectorOptions,
  Counts,
  IncomingTraces,
  ReceivedRequest,
  Responder,
  TlsOptions,
} from './receiver-types.js';
export type { SpanEvent, SpanLink, SpanRecord } from './span-record.js';

const DEFAULT_MAX_KEPT = 200_000;
const DEFAULT_TIMEOUT_MILLIS = 10_000;

/** Starts a receiver and resolves when both endpoints listen. Close it, or the process stays alive. */
export async function startCollector(options: CollectorOptions = {}): Promise<Collector> {
  const received = new Received(options.maxKept ?? DEFAULT_MAX_KEPT);
  const tracesPaths = options.tracesPaths ?? ['/v1/traces'];
  let responder = options.respond;
  const deskFor = (reset: Desk['reset']): Desk => ({ received, responder: () => responder, reset });

  const httpDesk = deskFor((port) => http.reset(port));
  let httpServer: Server = createHttpEndpoint(httpDesk, tracesPaths, options.tls);
  const http = await listenOnLoopback((socket) => httpServer.emit('connection', socket));
  const grpcServer = createGrpcEndpoint(
    deskFor((port) => grpc.reset(port)),
    options.tls,
  );
  const grpc = await listenOnLoopback((socket) => grpcServer.serve(socket));

  const httpUrl = `${options.tls ? 'https' : 'http'}://127.0.0.1:${http.port}`;
  return {
    httpUrl,
    grpcUrl: options.tls ? `https://localhost:${grpc.port}` : `http://127.0.0.1:${grpc.port}`,
    zipkinUrl: `${httpUrl}/api/v2/spans`,
    spans: () => received.spans(),
    requests: () => received.requests(),
    duplicates: () => received.duplicates(),
    counts: () => received.counts(),
    onSpans: (listener) => received.onSpans(listener),
    clear: () => received.clear(),
    async waitForSpans(condition, timeoutMillis = DEFAULT_TIMEOUT_MILLIS) {
      const isMet = () =>
        typeof condition === 'number' ? received.counts().acceptedSpans >= condition : condition(received.spans());
      await received.wait(describe('spans', condition), isMet, timeoutMillis);
      return received.spans();
    },
    async waitForRequests(condition, timeoutMillis = DEFAULT_TIMEOUT_MILLIS) {
      const isMet = () =>
        typeof condition === 'number' ? received.counts().requests >= condition : condition(received.requests());
      await received.wait(describe('requests', condition), isMet, timeoutMillis);
      return received.requests();
    },
    respond(next) {
      responder = next;
    },
    async connections(mode) {
      await Promise.all([http.setMode(mode), grpc.setMode(mode)]);
    },
    acceptedConnections: () => http.acceptedConnections() + grpc.acceptedConnections(),
    setTls(tls) {
      httpServer = createHttpEndpoint(httpDesk, tracesPaths, tls);
      grpcServer.setTls(tls);
    },
    async close() {
      received.close();
      await Promise.all([http.close(), grpc.close()]);
      grpcServer.close();
    },
  };
}

function describe(what: string, condition: number | ((items: never[]) => boolean)): string {
  return typeof condition === 'number' ? `${condition} ${what}` : `${what} that satisfy the condition`;
}
