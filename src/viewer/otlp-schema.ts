/**
 * The published OTLP protobuf schema, compiled by its owners: the package behind `otlp-published-schema` is the last
 * release of @opentelemetry/otlp-transformer that ships what protobufjs generates from opentelemetry-proto. Nothing here
 * or in our encoder decides what a field number means.
 */
import compiledSchema = require('otlp-published-schema/build/src/generated/root');

import protobuf from 'protobufjs';

/** A 64-bit integer as protobufjs hands it out: two 32-bit halves. */
export interface Long {
  low: number;
  high: number;
}

/** Generated messages: scalar fields are null when absent, bytes are Buffers. */
export interface AnyValueMessage {
  value?: string;
  stringValue: string | null;
  boolValue: boolean | null;
  intValue: Long | number | null;
  doubleValue: number | null;
  arrayValue: { values: AnyValueMessage[] } | null;
  kvlistValue: { values: KeyValueMessage[] } | null;
  bytesValue: Uint8Array | null;
}

export interface KeyValueMessage {
  key: string | null;
  value: AnyValueMessage | null;
}

export interface EventMessage {
  timeUnixNano: Long | number | null;
  name: string | null;
  attributes: KeyValueMessage[];
  droppedAttributesCount: number | null;
}

export interface LinkMessage {
  traceId: Uint8Array | null;
  spanId: Uint8Array | null;
  traceState: string | null;
  flags: number | null;
  attributes: KeyValueMessage[];
  droppedAttributesCount: number | null;
}

export interface SpanMessage {
  traceId: Uint8Array | null;
  spanId: Uint8Array | null;
  parentSpanId: Uint8Array | null;
  traceState: string | null;
  flags: number | null;
  name: string | null;
  kind: number | null;
  startTimeUnixNano: Long | number | null;
  endTimeUnixNano: Long | number | null;
  attributes: KeyValueMessage[];
  droppedAttributesCount: number | null;
  events: EventMessage[];
  droppedEventsCount: number | null;
  links: LinkMessage[];
  droppedLinksCount: number | null;
  status: { code: number | null; message: string | null } | null;
}

export interface TraceRequestMessage {
  resourceSpans: {
    resource: { attributes: KeyValueMessage[] } | null;
    scopeSpans: { scope: { name: string | null; version: string | null } | null; spans: SpanMessage[] }[];
  }[];
}

export interface PartialSuccess {
  /** Number of spans the receiver refused. */
  rejected: number;
  message?: string;
}

interface GeneratedType<T> {
  decode(bytes: Uint8Array): T;
  fromObject(plain: object): T;
  encode(message: object): { finish(): Uint8Array };
}

const traceService = (
  compiledSchema as unknown as {
    opentelemetry: {
      proto: {
        collector: {
          trace: {
            v1: {
              ExportTraceServiceRequest: GeneratedType<TraceRequestMessage>;
              ExportTraceServiceResponse: GeneratedType<object>;
            };
          };
        };
      };
    };
  }
).opentelemetry.proto.collector.trace.v1;

// google.rpc.Status and RetryInfo are what OTLP error answers carry; no small npm package ships those two files.
const rpc = protobuf.Root.fromJSON({
  nested: {
    Any: { fields: { typeUrl: { type: 'string', id: 1 }, value: { type: 'bytes', id: 2 } } },
    Duration: { fields: { seconds: { type: 'int64', id: 1 }, nanos: { type: 'int32', id: 2 } } },
    RetryInfo: { fields: { retryDelay: { type: 'Duration', id: 1 } } },
    Status: {
      fields: {
        code: { type: 'int32', id: 1 },
        message: { type: 'string', id: 2 },
        details: { rule: 'repeated', type: 'Any', id: 3 },
      },
    },
  },
});

/** The full gRPC method name of the OTLP trace export. */
export const TRACE_EXPORT_METHOD = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

/** Decodes an ExportTraceServiceRequest. Throws whatever protobufjs throws on malformed bytes. */
export function decodeTraceRequest(bytes: Uint8Array): TraceRequestMessage {
  return traceService.ExportTraceServiceRequest.decode(bytes);
}

/** Builds an ExportTraceServiceRequest from an object whose byte fields are already bytes (JSON without its text ids). */
export function traceRequestFromObject(plain: object): TraceRequestMessage {
  return traceService.ExportTraceServiceRequest.fromObject(plain);
}

/** Encodes an ExportTraceServiceResponse; without `partial` it is the empty message: full success. */
export function encodeTraceResponse(partial?: PartialSuccess): Buffer {
  const message = partial
    ? { partialSuccess: { rejectedSpans: partial.rejected, errorMessage: partial.message ?? '' } }
    : {};
  const type = traceService.ExportTraceServiceResponse;
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

/** Encodes a google.rpc.Status, with a google.rpc.RetryInfo detail when `retryDelayMillis` is given. */
export function encodeRpcStatus(code: number, message: string, retryDelayMillis?: number): Buffer {
  const details = retryDelayMillis === undefined ? [] : [retryInfo(retryDelayMillis)];
  const type = rpc.lookupType('Status');
  return Buffer.from(type.encode(type.fromObject({ code, message, details })).finish());
}

function retryInfo(delayMillis: number): { typeUrl: string; value: Uint8Array } {
  const type = rpc.lookupType('RetryInfo');
  const retryDelay = { seconds: Math.floor(delayMillis / 1000), nanos: Math.round((delayMillis % 1000) * 1e6) };
  return {
    typeUrl: 'type.googleapis.com/google.rpc.RetryInfo',
    value: type.encode(type.fromObject({ retryDelay })).finish(),
  };
}
