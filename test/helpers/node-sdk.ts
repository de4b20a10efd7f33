/**
 * What the official NodeSDK, and what our configuration, make of the same environment, in one form. NodeSDK is started
 * for real in this process; its private fields are read because it publishes nothing of this.
 */
import { context, propagation, trace } from '@opentelemetry/api';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { AgentConfig, SamplerConfig } from '../../src/config/types.js';

/** Times in milliseconds; `undefined` for what the exporters in use do not have. */
export interface Outcome {
  /** Class names, in order; empty when spans go nowhere. */
  readonly exporters: readonly string[];
  readonly propagators: readonly string[];
  readonly sampler: string | undefined;
  readonly limits: object | undefined;
  readonly batch: object | undefined;
  readonly otlp: OtlpOutcome | undefined;
  readonly zipkinEndpoint: string | undefined;
  /** Without the attributes that name the SDK; `service.name` is `unknown` when nothing gives it. */
  readonly resource: Readonly<Record<string, unknown>> | undefined;
}

export interface OtlpOutcome {
  readonly protocol: string;
  readonly endpoint: string;
  readonly isInsecure: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly compression: string;
  readonly timeoutMillis: number;
}

// biome-ignore lint/suspicious/noExplicitAny: private parts of the SDK have no types
type Private = any;

const BASE: NodeJS.ProcessEnv = {
  OTEL_METRICS_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  OTEL_NODE_RESOURCE_DETECTORS: 'env',
};

/** Starts NodeSDK with exactly these `OTEL_*` variables, reads what it built, and shuts it down. */
export async function runNodeSdk(variables: Readonly<Record<string, string>>): Promise<Outcome> {
  const saved = { ...process.env };
  replaceOtelVariables({ ...BASE, ...variables });
  const sdk: Private = new NodeSDK();
  try {
    sdk.start();
    return await readNodeSdk(sdk);
  } finally {
    replaceOtelVariables(saved);
    await sdk.shutdown();
    for (const api of [trace, context, propagation]) api.disable();
  }
}

function replaceOtelVariables(from: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (name.startsWith('OTEL_')) delete process.env[name];
  for (const [name, value] of Object.entries(from)) if (name.startsWith('OTEL_')) process.env[name] = value;
}

async function readNodeSdk(sdk: Private): Promise<Outcome> {
  const provider: Private = sdk._tracerProvider;
  const processors: Private[] = provider?._activeSpanProcessor._spanProcessors ?? [];
  const exporters = processors.map((processor) => processor._exporter);
  const batching = processors.find((processor) => processor._maxQueueSize !== undefined);
  const otlp = exporters.find((exporter) => exporter._delegate !== undefined);
  return {
    exporters: exporters.map((exporter) => exporter.constructor.name),
    propagators: readPropagators(),
    sampler: provider?._tracerOptions.sampler.toString(),
    limits: provider?._tracerOptions.spanLimits,
    batch: batching && {
      scheduledDelayMillis: batching._scheduledDelayMillis,
      exportTimeoutMillis: batching._exportTimeoutMillis,
      maxQueueSize: batching._maxQueueSize,
      maxExportBatchSize: batching._maxExportBatchSize,
    },
    otlp: otlp && (await readOtlp(otlp._delegate)),
    zipkinEndpoint: exporters.find((exporter) => exporter._urlStr !== undefined)?._urlStr,
    resource: provider && readResource(provider._resource.attributes),
  };
}

function readPropagators(): string[] {
  const propagator: Private = (propagation as Private)._getGlobalPropagator();
  const parts: Private[] = propagator._propagators ?? [propagator];
  return parts.map(nameOfPropagator).filter((name) => name !== 'none');
}

function nameOfPropagator(propagator: Private): string {
  switch (propagator.constructor.name) {
    case 'W3CTraceContextPropagator':
      return 'tracecontext';
    case 'W3CBaggagePropagator':
      return 'baggage';
    case 'B3Propagator':
      return propagator.fields().includes('b3') ? 'b3' : 'b3multi';
    case 'JaegerPropagator':
      return 'jaeger';
    default:
      return 'none';
  }
}

async function readOtlp(delegate: Private): Promise<OtlpOutcome> {
  const transport = delegate._transport._transport ?? delegate._transport;
  const { url, address, compression, credentials, headers, metadata } = transport._parameters;
  const timeoutMillis: number = delegate._timeout;
  if (address !== undefined) {
    const isInsecure = !credentials()._isSecure();
    const endpoint = address.startsWith('unix:') ? address : `${isInsecure ? 'http' : 'https'}://${address}`;
    return { protocol: 'grpc', endpoint, isInsecure, headers: metadata().getMap(), compression, timeoutMillis };
  }
  const { 'Content-Type': contentType, ...others } = await headers();
  const protocol = contentType === 'application/json' ? 'http/json' : 'http/protobuf';
  return { protocol, endpoint: url, isInsecure: url.startsWith('http:'), headers: others, compression, timeoutMillis };
}

function readResource(attributes: Record<string, unknown>): Record<string, unknown> {
  const own = Object.entries(attributes).filter(([name]) => !name.startsWith('telemetry.sdk.'));
  const resource = Object.fromEntries(own);
  if (String(resource['service.name']).startsWith('unknown_service')) resource['service.name'] = 'unknown';
  return resource;
}

const EXPORTERS = { otlp: 'OTLPTraceExporter', zipkin: 'ZipkinExporter', console: 'ConsoleSpanExporter' } as const;

/** Our configuration in the same form. */
export function describeConfig(config: AgentConfig): Outcome {
  const { tracesExporters, otlp, zipkin, batch, limits, propagators, sampler } = config;
  const isOn = tracesExporters.length > 0;
  const { isQueueSizeExplicit: _, ...batchSettings } = batch;
  return {
    exporters: tracesExporters.map((name) => EXPORTERS[name]),
    propagators,
    sampler: isOn ? describeSampler(sampler) : undefined,
    limits: isOn ? limits.span : undefined,
    batch: tracesExporters.some((name) => name !== 'console') ? batchSettings : undefined,
    otlp: tracesExporters.includes('otlp') ? describeOtlp(otlp) : undefined,
    zipkinEndpoint: tracesExporters.includes('zipkin') ? zipkin.endpoint : undefined,
    resource: isOn ? describeResource(config) : undefined,
  };
}

function describeSampler({ name, ratio }: SamplerConfig): string {
  const root = {
    always_on: 'AlwaysOnSampler',
    always_off: 'AlwaysOffSampler',
    traceidratio: `TraceIdRatioBased{${ratio}}`,
  };
  const kind = name.replace('parentbased_', '') as keyof typeof root;
  if (kind === name) return root[kind];
  return (
    `ParentBased{root=${root[kind]}, remoteParentSampled=AlwaysOnSampler, remoteParentNotSampled=AlwaysOffSampler, ` +
    'localParentSampled=AlwaysOnSampler, localParentNotSampled=AlwaysOffSampler}'
  );
}

function describeOtlp(otlp: AgentConfig['otlp']): OtlpOutcome {
  const { protocol, endpoint, isInsecure, headers, compression, timeoutMillis } = otlp;
  return { protocol, endpoint, isInsecure, headers, compression, timeoutMillis };
}

function describeResource({ resourceAttributes, serviceName }: AgentConfig): Record<string, unknown> {
  const name = serviceName ?? resourceAttributes['service.name'] ?? 'unknown';
  return { ...resourceAttributes, 'service.name': name };
}
