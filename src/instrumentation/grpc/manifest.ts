/** What the gRPC instrumentation covers. Data only. */
export const GRPC = {
  scope: '@org/trace-agent/grpc',
  module: '@grpc/grpc-js',
  /** From 1.8 on the server has one method that every call goes through. */
  versions: ['>=1.8.0 <2'],
  spans: [
    { kind: 'SERVER', name: '{rpc.method}', per: 'call, whatever streams in it' },
    { kind: 'CLIENT', name: '{rpc.method}', per: 'call on a channel: an interceptor that calls again makes another' },
  ],
} as const;
