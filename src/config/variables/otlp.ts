/**
 * Rows of the variable table: the OTLP exporter, in general and for the traces signal. Data only.
 */
import type { VariableRows } from '../variable.js';

export const OTLP = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    type: 'url',
    default: undefined,
    defaultNote: '`http://localhost:4318`, with grpc `http://localhost:4317`',
    source: 'specification',
    description:
      'Base URL of the receiver. Over HTTP `/v1/traces` is added to its path; over grpc only scheme, host and port ' +
      'count. `https` means TLS.',
  },
  OTEL_EXPORTER_OTLP_PROTOCOL: {
    type: 'enum',
    default: 'http/protobuf',
    allowed: ['grpc', 'http/protobuf', 'http/json'],
    source: 'specification',
    description: 'How spans are sent.',
  },
  OTEL_EXPORTER_OTLP_HEADERS: {
    type: 'key=value list',
    default: undefined,
    isSecret: true,
    source: 'specification',
    description:
      'Headers (metadata over grpc) of every request, `name=value,name=value`, values percent-encoded. Values never ' +
      'appear in any message.',
  },
  OTEL_EXPORTER_OTLP_COMPRESSION: {
    type: 'enum',
    default: 'none',
    allowed: ['gzip', 'none'],
    source: 'specification',
    description: 'Compression of requests.',
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: {
    type: 'timeout',
    default: 10000,
    source: 'specification',
    description: 'Longest time of one export, retries included.',
  },
  OTEL_EXPORTER_OTLP_INSECURE: {
    type: 'boolean',
    default: false,
    source: 'specification',
    description: 'grpc only: no TLS when the endpoint has no scheme. A scheme in the endpoint wins.',
  },
  OTEL_EXPORTER_OTLP_CERTIFICATE: {
    type: 'path',
    default: undefined,
    defaultNote: "Node's own certificate authorities",
    source: 'specification',
    description: 'PEM file of the certificate authorities to trust.',
  },
  OTEL_EXPORTER_OTLP_CLIENT_KEY: {
    type: 'path',
    default: undefined,
    source: 'specification',
    description: 'PEM file of the client key for mTLS; needs CLIENT_CERTIFICATE too.',
  },
  OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE: {
    type: 'path',
    default: undefined,
    source: 'specification',
    description: 'PEM file of the client certificate chain for mTLS; needs CLIENT_KEY too.',
  },
} as const satisfies VariableRows;

type GeneralName = keyof typeof OTLP;

/** `OTEL_EXPORTER_OTLP_X` as `OTEL_EXPORTER_OTLP_<signal>_X`. */
export type SignalName<S extends string, N extends string> = N extends `OTEL_EXPORTER_OTLP_${infer X}`
  ? `OTEL_EXPORTER_OTLP_${S}_${X}`
  : never;

type SignalRows<S extends string> = { readonly [N in GeneralName as SignalName<S, N>]: (typeof OTLP)[N] };

/** The general rows renamed for one signal; each falls back to its general row. */
export function signalRows<S extends string>(signal: S): SignalRows<S> {
  const rows = Object.entries(OTLP).map(([name, row]) => {
    const signalName = name.replace('OTLP_', `OTLP_${signal}_`);
    const description = `The same for ${signal.toLowerCase()} only.`;
    return [signalName, { ...row, description, defaultNote: `\`${name}\`` }];
  });
  return Object.fromEntries(rows) as SignalRows<S>;
}

const ROWS = signalRows('TRACES');

export const OTLP_TRACES = {
  ...ROWS,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: {
    ...ROWS.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT,
    description:
      'URL for traces. Over HTTP it is used as it is: nothing is added, so it has to end in `/v1/traces` for most ' +
      'receivers.',
  },
  OTEL_EXPORTER_OTLP_TRACES_HEADERS: {
    ...ROWS.OTEL_EXPORTER_OTLP_TRACES_HEADERS,
    description: 'Headers for traces, added to the general ones; the one given here wins.',
  },
  OTEL_EXPORTER_OTLP_TRACES_INSECURE: {
    ...ROWS.OTEL_EXPORTER_OTLP_TRACES_INSECURE,
    aliases: ['OTEL_EXPORTER_OTLP_SPAN_INSECURE'],
  },
} as const satisfies VariableRows;
