/**
 * Takes OTLP metrics over HTTP and gRPC, beside traces that it accepts and forgets, and decodes them by the published
 * schema. On free loopback ports.
 */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server, ServerCredentials, type ServiceDefinition, type UntypedHandleCall } from '@grpc/grpc-js';

import compiledSchema = require('otlp-published-schema/build/src/generated/root');

export interface MetricPoint {
  readonly metric: string;
  readonly attributes: Readonly<Record<string, string | number>>;
  /** Of a histogram: its count. */
  readonly value: number;
}

export interface MetricsRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly resource: Readonly<Record<string, string | number>>;
  readonly points: readonly MetricPoint[];
}

export interface MetricsReceiver {
  readonly httpUrl: string;
  readonly grpcUrl: string;
  readonly requests: MetricsRequest[];
  /** Resolves with the first request that fits. */
  waitFor(condition: (request: MetricsRequest) => boolean): Promise<MetricsRequest>;
  close(): Promise<void>;
}

interface Value {
  readonly stringValue?: string;
  readonly intValue?: string | number;
}
interface KeyValue {
  readonly key: string;
  readonly value: Value;
}
interface Point {
  readonly attributes?: readonly KeyValue[];
  readonly asInt?: string | number;
  readonly count?: string | number;
}
interface Metric {
  readonly name: string;
  readonly sum?: { readonly dataPoints?: readonly Point[] };
  readonly histogram?: { readonly dataPoints?: readonly Point[] };
}
interface Request {
  readonly resourceMetrics: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[];
  }[];
}
interface Message {
  decode(bytes: Uint8Array): object;
  toObject(message: object, options: object): Request;
}

const root = compiledSchema as unknown as {
  opentelemetry: {
    proto: { collector: { metrics: { v1: { ExportMetricsServiceRequest: Message } } } };
  };
};

function attributesOf(list: readonly KeyValue[] = []): Record<string, string | number> {
  return Object.fromEntries(list.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]));
}

function read(request: Request): Pick<MetricsRequest, 'resource' | 'points'> {
  const [first] = request.resourceMetrics;
  const metrics = first?.scopeMetrics.flatMap((scope) => scope.metrics) ?? [];
  const points = metrics.flatMap(({ name, sum, histogram }) =>
    (sum?.dataPoints ?? histogram?.dataPoints ?? []).map(({ attributes, asInt, count }) => ({
      metric: name,
      attributes: attributesOf(attributes),
      value: Number(asInt ?? count ?? 0),
    })),
  );
  return { resource: attributesOf(first?.resource.attributes), points };
}

function decode(bytes: Buffer, contentType: string): Pick<MetricsRequest, 'resource' | 'points'> {
  if (contentType === 'application/json') return read(JSON.parse(bytes.toString()) as Request);
  const message = root.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
  return read(message.toObject(message.decode(bytes), { longs: String }));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value };

function callOf(path: string): ServiceDefinition {
  const call = {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: bytes.serialize,
    requestDeserialize: bytes.deserialize,
    responseSerialize: bytes.serialize,
    responseDeserialize: bytes.deserialize,
  };
  return { export: call };
}

export async function startMetricsReceiver(): Promise<MetricsReceiver> {
  const requests: MetricsRequest[] = [];
  const waiting = new Set<() => void>();
  const note = (path: string, headers: object, body: Buffer, contentType: string): void => {
    requests.push({ path, headers: { ...headers }, ...decode(body, contentType) });
    for (const check of waiting) check();
  };

  const http = createServer(async (request, response) => {
    const body = await bodyOf(request);
    const contentType = request.headers['content-type'] ?? '';
    if (request.url?.endsWith('/v1/metrics')) note(request.url, request.headers, body, contentType);
    response.writeHead(200, { 'content-type': contentType }).end(contentType === 'application/json' ? '{}' : '');
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));

  const grpc = new Server();
  const METRICS = '/opentelemetry.proto.collector.metrics.v1.MetricsService/Export';
  const handlers: Record<string, UntypedHandleCall> = {
    export: ((call: { request: Buffer; metadata: { getMap(): object } }, callback: (e: null, b: Buffer) => void) => {
      note(METRICS, call.metadata.getMap(), call.request, 'application/grpc');
      callback(null, Buffer.alloc(0));
    }) as unknown as UntypedHandleCall,
  };
  grpc.addService(callOf(METRICS), handlers);
  grpc.addService(callOf('/opentelemetry.proto.collector.trace.v1.TraceService/Export'), {
    export: ((_call: unknown, callback: (error: null, answer: Buffer) => void) =>
      callback(null, Buffer.alloc(0))) as unknown as UntypedHandleCall,
  });
  const grpcPort = await new Promise<number>((resolve, reject) => {
    grpc.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });

  return {
    httpUrl: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    grpcUrl: `http://127.0.0.1:${grpcPort}`,
    requests,
    waitFor: (condition) =>
      new Promise((resolve) => {
        const check = (): void => {
          const found = requests.find(condition);
          if (found === undefined) return;
          waiting.delete(check);
          resolve(found);
        };
        waiting.add(check);
        check();
      }),
    close: async () => {
      grpc.forceShutdown();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
